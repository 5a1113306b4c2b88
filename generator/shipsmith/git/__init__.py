"""Git, as a program and as a format."""
