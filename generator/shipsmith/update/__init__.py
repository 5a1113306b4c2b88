"""Changes to an existing project."""
