"""Files that are made from other files of a project."""
