"""The template: where it is, its versions and its questions."""
