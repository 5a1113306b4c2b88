"""The small template, made once, and a project of its first version for each test."""

from pathlib import Path

import pytest

from ..support.updates.small import Small, make_template


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    folder = tmp_path_factory.mktemp("small")
    make_template(folder / "template")
    return Small(folder / "template", folder / "cache")


@pytest.fixture
def project(tmp_path: Path, small: Small) -> Path:
    return small.project(tmp_path / "orders")
