"""What is MySQL's own."""

DIALECT = "mysql"

COLLATION = "utf8mb4_0900_bin"
"""Tells every two texts apart, also by case, accents, and spaces at their ends."""


def time_limit(seconds: float) -> str:
    """The setting of a session that ends reads which take longer; the driver gives up writes."""
    return f"max_execution_time = {max(1, round(seconds * 1000))}"
