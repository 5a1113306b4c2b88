"""What became of the commands; the sum over all results is their rate."""

from prometheus_client import Counter

MESSAGES = Counter("consumer_messages_total", "Commands taken from the work queue", ["result"])
