"""The template: its location, versions and questions."""
