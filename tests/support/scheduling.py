"""Which worker of pytest-xdist runs which tests, and in which order.

Not by its mark xdist_group: since pytest 9.2 it has no effect, for plugins cannot change the ids of tests.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # xdist has no types

TOGETHER = {
    "tests/template/test_image.py": "a Docker engine",
    "tests/template/test_resilience.py": "the service of full, and its servers",
    "tests/template/test_caches.py": "two instances of a service",
    "tests/template/test_deploy_checks.py": "the service of full, and its servers",
    "tests/template/test_matrix.py::test_the_locks_are_enough": "the service of full, and its servers",
    "tests/template/test_makefile.py::test_a_repository_in_a_folder": "a service in an odd folder",
    "tests/template/test_makefile.py::test_a_service_in_a_folder": "a service in an odd folder",
    "tests/template/test_makefile.py::test_the_name_of_a_migration": "a service in an odd folder",
    "tests/template/test_adding_a_rule.py": "a service with a rule",
    "tests/template/test_replicas.py": "a service that reads from a replica",
    "tests/template/test_pooler.py": "a service behind a pooler",
    "tests/template/test_descriptions.py": "a service with descriptions",
}
"""What tests share that takes long to make. One worker runs all of them, before the others."""

SLOWEST = (
    "tests/update/test_model_changes.py",
    "tests/template/test_matrix.py",
    "tests/update/test_matrix.py",
    "tests/update/test_faults.py",
    "tests/update/test_interruptions.py",
)
"""They start first, so that in the end no worker is alone with one of them."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # its base has no types
    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(test: str) -> str:
    """Tests with the same one are run by the same worker."""
    return next((shared for name, shared in TOGETHER.items() if test.startswith(name)), test)


def turn(item: pytest.Item) -> int:
    """The key by which tests are sorted."""
    return next((turn for turn, name in enumerate(SLOWEST) if item.nodeid.startswith(name)), len(SLOWEST))
