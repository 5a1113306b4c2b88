"""Git: its commands and its formats."""
