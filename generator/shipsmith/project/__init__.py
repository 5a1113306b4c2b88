"""Projects: how they are found, what they record, and how they are created."""
