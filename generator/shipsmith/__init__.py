"""Generates complete microservice repositories, and keeps them up to date."""
