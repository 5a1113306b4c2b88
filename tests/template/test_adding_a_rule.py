"""docs/adding-a-rule.md does what it says: one changed file and one test, and everything passes."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from shipsmith.template import location

from ..support.command_line import shipsmith
from ..support.services import environments, projects
from ..support.services.projects import Project

PAGE = (location.root() / "docs/adding-a-rule.md").read_text("utf-8")
MODEL = "src/shop/orders/model.py"
TEST = "tests/unit/orders/test_shipped.py"


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The service with which the page begins, and what the page adds to it."""
    folder = tmp_path_factory.mktemp("rule")
    (folder / "shop.yml").write_text(block("yaml"))
    (command,) = block("console").splitlines()
    made = shipsmith(*shlex.split(command)[1:], cwd=folder)
    assert made.returncode == 0, made.stderr
    project = Project(folder / "shop")
    environments.prepare(project)
    # editors take away spaces at the end of a line: an empty one in a diff begins with one
    diff = re.sub(r"^$", " ", block("diff").rstrip("\n"), flags=re.MULTILINE) + "\n"
    subprocess.run(["git", "apply", "-"], cwd=project.folder, input=diff, text=True, check=True)
    assert f"`{TEST}`" in PAGE
    (project.folder / TEST).write_text(block("python"))
    return project


def test_every_entrypoint_refuses_what_the_rule_forbids(service: Project) -> None:
    said = _python(service, "pytest", "-q", TEST)
    assert "3 passed" in said


def test_without_the_rule_its_test_fails(service: Project) -> None:
    rule = service.folder / MODEL
    with_rule = rule.read_text()
    projects.run("git", "checkout", "--quiet", "HEAD", "--", MODEL, directory=service.folder)
    with pytest.raises(AssertionError, match="3 failed"):
        _python(service, "pytest", "-q", TEST)
    rule.write_text(with_rule)


def test_nothing_else_has_to_change(service: Project, mypy_cache: Path) -> None:
    changed = projects.run("git", "status", "--porcelain", directory=service.folder)
    assert changed.splitlines() == [f" M {MODEL}", f"?? {TEST}"]
    assert " passed" in _python(service, "pytest", "-q", "tests/unit")
    _python(service, "ruff", "check")
    _python(service, "ruff", "format", "--check")
    _python(service, "mypy", "--cache-dir", str(mypy_cache))


def _python(service: Project, *module: str) -> str:
    return projects.run(*service.python("-m", *module), directory=service.folder)
