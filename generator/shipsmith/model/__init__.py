"""What a service keeps: its resources and their fields, and what is different between two such models."""
