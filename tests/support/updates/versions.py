"""Releases of the template for updates: realistic changes of this checkout's template."""

import shutil
import subprocess
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import yaml
from shipsmith.template import location

from .edits import append, move, png, replace, write

GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
NEW_OPTION = Path(__file__).parent / "stalls"

PYTHON = Path("template/{{ in_python }}")
PACKAGE = PYTHON / "src/{{ package }}"
RESOURCE = PACKAGE / "{% yield resource from model %}{{ resource.plural }}{% endyield %}"
HTTP = Path("template/{{ with_http }}/{{ in_python }}")
GRPC = Path("template/{{ with_grpc }}/{{ in_python }}")
KUBERNETES = Path("template/{{ with_deploy }}/{{ with_deploy_kubernetes }}")
DECISION = "0001-one-process-ports-and-adapters.md.jinja"


@dataclass(frozen=True)
class Release:
    version: str
    summary: str
    change: Callable[[Path], None]
    """Edits a checkout of the previous release."""


def build(folder: Path) -> Path:
    """Create the git repository of all releases at `folder`: a runnable shipsmith with its history."""
    _copy_checkout(folder)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    for release in RELEASES:
        release.change(folder)
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "--message", f"{release.version}: {release.summary}")
        _git(folder, "tag", release.version)
    return folder


def _first(root: Path) -> None:
    write(root / "template/docs/logo.png", png(20, 60, 120))


def _fixes(root: Path) -> None:
    page = "    async def page(self, query: {{ Query }}) -> Page[{{ Name }}]:\n"
    guard = """\
        \"\"\"The next ones, at most `limit`. Raises ValueError for a page of none.\"\"\"
        if query.limit < 1:
            raise ValueError(f"a page holds at least one, got {query.limit}")
"""
    replace(root / RESOURCE / "service.py.jinja", page, page + guard)
    replace(root / PACKAGE / "errors.py", "the entity first.", "the entity first: read it again.")
    replace(
        root / PACKAGE / "logs.py",
        "        structlog.processors.add_log_level,\n",
        "        structlog.processors.add_log_level,\n        structlog.processors.StackInfoRenderer(),\n",
    )
    replace(root / PACKAGE / "settings.py.jinja", "Field(25, ge=0,", "Field(25, ge=0, le=600,")
    replace(root / "template/.env.example.jinja", "after SIGTERM\n", "after SIGTERM; at most 600\n")
    replace(root / PYTHON / "Makefile.jinja", "up --build --wait\n", "up --build --wait --wait-timeout 120\n")
    replace(
        root / "template/README.md.jinja",
        "as it will run elsewhere.\n",
        "as it will run elsewhere; `make down` stops it.\n",
    )
    test = """

def test_where_it_was_logged_is_told_on_request(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    configure(LogSettings())
    structlog.get_logger().info("here", stack_info=True)
    assert "test_logs" in json.loads(capfdbinary.readouterr().out)["stack"]
"""
    append(root / PYTHON / "tests/unit/test_logs.py.jinja", test)
    deployment = root / KUBERNETES / "deploy/base/deployment.yaml.jinja"
    replace(deployment, "terminationGracePeriodSeconds: 45\n", "terminationGracePeriodSeconds: 60\n")


def _rename_and_format(root: Path) -> None:
    move(root / PACKAGE / "health.py", root / PACKAGE / "readiness.py")
    for importing in (PACKAGE / "application.py.jinja", PACKAGE / "bootstrap.py.jinja"):
        replace(root / importing, ".health:Health", ".readiness:Health")
    for importing in (
        HTTP / "src/{{ package }}/entrypoints/probes.py",
        GRPC / "src/{{ package }}/entrypoints/grpc.py.jinja",
    ):
        replace(root / importing, ".health import Health", ".readiness import Health")
    unit = root / PYTHON / "tests/unit"
    move(unit / "test_health.py.jinja", unit / "test_readiness.py.jinja")
    test = (unit / "test_readiness.py.jinja").read_text()
    changed = test.replace("import health\n", "import readiness\n").replace(
        "health.Health", "readiness.Health"
    )
    (unit / "test_readiness.py.jinja").write_text(changed.replace("setattr(health,", "setattr(readiness,"))

    problems = root / HTTP / "src/{{ package }}/entrypoints/problems.py"
    broken = ["request", "status", "str(error)", "type=name", "errors=invalid"]
    _one_argument_a_line(problems, "return problem(", broken)
    invalid = ["request", "HTTPStatus.UNPROCESSABLE_ENTITY", '"the request is invalid"', "errors=invalid"]
    _one_argument_a_line(problems, "return problem(", invalid)
    decision = root / "template/docs/decisions" / DECISION
    decision.write_text(_wrapped(decision.read_text("utf-8"), width=90), "utf-8")
    (root / "template/docs/logo.png").write_bytes(png(30, 110, 90))
    _declare(
        root,
        "v0.3.0",
        renames=[
            ("src/{{ package }}/health.py", "src/{{ package }}/readiness.py"),
            ("tests/unit/test_health.py", "tests/unit/test_readiness.py"),
        ],
        notes=["The module `health` is now called `readiness`."],
    )


def _new_option_and_dropped_file(root: Path) -> None:
    shutil.copytree(NEW_OPTION, root / "template", dirs_exist_ok=True)
    ci = "!include template/{{ with_ci }}/_option/question.yml\n---\n"
    stalls = "!include template/{{ with_stalls }}/_option/question.yml\n---\n"
    replace(root / "copier.yml", ci, ci + stalls)
    (root / PYTHON / ".pre-commit-config.yaml.jinja").unlink()
    replace(root / "copier.yml", "ingress, ci]", "ingress, ci, stalls]")
    replace(root / PYTHON / "pyproject.toml.jinja", "'pre-commit', ", "")
    _declare(root, "v0.4.0", notes=["pre-commit is no longer set up: `make check` runs the same checks."])


def _moved_folders_and_changed_defaults(root: Path) -> None:
    for folder in [path for path in (root / "template").rglob("decisions") if path.parent.name == "docs"]:
        move(folder, folder.with_name("adr"))
    replace(root / "template/README.md.jinja", "`docs/decisions/`", "`docs/adr/`")
    for folder in [path for path in (root / "template").rglob("unit") if path.parent.name == "tests"]:
        move(folder, folder.with_name("component"))
    replace(root / PACKAGE / "settings.py.jinja", "Field(25, ge=0,", "Field(20, ge=0,")
    replace(root / "template/.env.example.jinja", "DRAIN_SECONDS=25\n", "DRAIN_SECONDS=20\n")
    replace(root / KUBERNETES / "deploy/base/kustomization.yaml.jinja", "SECONDS=25\n", "SECONDS=20\n")
    replace(
        root / "template/{{ with_cache }}/_option/question.yml",
        "'none' if replicas(database) else 'memory'",
        "'none'",
    )
    _declare(
        root,
        "v0.5.0",
        renames=[("docs/decisions", "docs/adr"), ("tests/unit", "tests/component")],
        notes=["Requests in flight now have 20 seconds instead of 25 to finish."],
    )


RELEASES = (
    Release("v0.1.0", "the template of this checkout, with a binary file, docs/logo.png", _first),
    Release("v0.2.0", "fixes in files that every service contains", _fixes),
    Release(
        "v0.3.0",
        "a module renamed with its imports and its test, two files reformatted, the binary file changed",
        _rename_and_format,
    ),
    Release(
        "v0.4.0", "a new option with files and a parts page, a file deleted", _new_option_and_dropped_file
    ),
    Release(
        "v0.5.0",
        "two folders moved, the defaults of a setting and of a question changed",
        _moved_folders_and_changed_defaults,
    ),
)
VERSIONS = tuple(release.version for release in RELEASES)
# from each version to each later one
STEPS = tuple(combinations(VERSIONS, 2))


def _copy_checkout(folder: Path) -> None:
    listed = _git(location.root(), "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        if (location.root() / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(location.root() / name, folder / name)


def _declare(
    root: Path, version: str, *, renames: Iterable[tuple[str, str]] = (), notes: Iterable[str] = ()
) -> None:
    """Write the renames and notes of the release."""
    data = {
        "renames": [{"from": old, "to": new} for old, new in renames],
        "notes": [{"text": text} for text in notes],
    }
    written = yaml.safe_dump({key: value for key, value in data.items() if value}, sort_keys=False)
    write(root / f"template/_updates/{version}.yml", written)


def _one_argument_a_line(path: Path, call: str, arguments: list[str]) -> None:
    spread = "".join(f"        {argument},\n" for argument in arguments)
    replace(path, f"    {call}{', '.join(arguments)})\n", f"    {call}\n{spread}    )\n")


def _wrapped(markdown: str, width: int) -> str:
    """The text with list items wrapped to `width` columns."""
    filled = [
        line if not line.startswith("- ") else textwrap.fill(line, width, subsequent_indent="  ")
        for line in markdown.replace("\n  ", " ").splitlines()
    ]
    return "\n".join(filled) + "\n"


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        [*GIT, *arguments], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
