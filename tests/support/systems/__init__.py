"""Real servers for tests: Redis, PostgreSQL, RabbitMQ and a Docker engine, from any available source."""
