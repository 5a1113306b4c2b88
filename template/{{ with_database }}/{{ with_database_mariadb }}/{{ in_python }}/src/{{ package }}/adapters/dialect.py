"""What is MariaDB's own."""

DIALECT = "mariadb"

COLLATION = "utf8mb4_nopad_bin"
"""Tells every two texts apart, also by case, accents, and spaces at their ends."""


def time_limit(seconds: float) -> str:
    """The setting of a session that ends statements which take longer."""
    return f"max_statement_time = {seconds:f}"
