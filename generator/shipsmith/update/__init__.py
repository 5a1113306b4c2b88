"""Changes of a project that exists."""
