"""The environment in which git runs."""

import os

# the user's hooks, filters, ignored files, templates and signing are for their own commits
WITHOUT_CONFIGURATION = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def clean_environment(keep: str = "\0") -> dict[str, str]:
    """This environment, less what tells git of another repository; variables that begin with `keep` stay."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(keep)
    }
