"""Real servers for tests: Redis, PostgreSQL, RabbitMQ and a Docker engine, from wherever they can be had."""
