"""The small template, made once, and a project of its first version for each test."""

from pathlib import Path

import pytest

from ..support.once import once
from ..support.updates.small import Small, make_template


@pytest.fixture(scope="session")
def small() -> Small:
    folder = once("small", lambda folder: make_template(folder / "template"))
    return Small(folder / "template", folder / "cache")


@pytest.fixture
def project(tmp_path: Path, small: Small) -> Path:
    return small.project(tmp_path / "orders")
