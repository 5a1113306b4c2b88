"""Reads from replicas: which may go there, and how far each replica is behind."""
