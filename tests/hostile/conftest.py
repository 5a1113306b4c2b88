"""A project of the small template, in a repository that somebody else prepared."""

from ..update.conftest import project, small

__all__ = ["project", "small"]
