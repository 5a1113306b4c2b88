import subprocess
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families


def test_metrics_can_be_scraped(service: subprocess.Popen[bytes], ports: dict[str, int]) -> None:
    with urlopen(f"http://127.0.0.1:{ports['METRICS']}/metrics", timeout=5) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        assert "process_resident_memory_bytes" in {family.name for family in families}
