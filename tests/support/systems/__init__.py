"""Real servers for tests: databases, caches, brokers and a Docker engine, from any available source."""
