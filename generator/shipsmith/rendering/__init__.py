"""Renders answers to files."""
