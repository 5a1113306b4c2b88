"""Generated services under test: generates, sets up, starts and calls them."""
