"""How databases are created and dropped."""

from sqlalchemy import URL

CREATE = "CREATE DATABASE `{}`"
DROP = "DROP DATABASE IF EXISTS `{}`"


def administrator(url: URL) -> URL:
    """Of a user that may do that: root, with the same password."""
    return url.set(username="root")
