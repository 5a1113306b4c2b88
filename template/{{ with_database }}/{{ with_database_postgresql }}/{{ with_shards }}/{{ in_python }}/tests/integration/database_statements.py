"""How databases are created and dropped."""

from sqlalchemy import URL

CREATE = 'CREATE DATABASE "{}"'
DROP = 'DROP DATABASE IF EXISTS "{}" WITH (FORCE)'


def administrator(url: URL) -> URL:
    """Of a role that may do that."""
    return url
