"""Generated services under test: how they are made, set up, started and called."""
