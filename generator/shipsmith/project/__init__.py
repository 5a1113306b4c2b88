"""A project: where it is, what it records of itself, and how a new one is made."""
