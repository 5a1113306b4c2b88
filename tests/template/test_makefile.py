"""What people give to make, and the folder that a repository is in, are data: nothing runs them."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from shipsmith.template import location, presets

from ..support.once import once
from ..support.services import projects
from ..support.services.projects import Project
from ..support.systems.processes import free_port

ANSWERS = {"service_name": "orders", "database": "sqlite", "deploy": "none", "ci": "none"}
EVERYTHING = presets.load(location.root(), "full").answers | {"service_name": "orders", "database": "sqlite"}
# Prints its arguments, each on a line that ends in a zero byte. `-m venv` makes another one, and
# `-m shipsmith new` a repository with nothing to do.
INTERPRETER = """\
#!/bin/sh
printf '%s\\0\\n' "$@" >> "$CALLS"
[ "$1" != -P ] || shift
if [ "$2" = venv ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; fi
if [ "$2 $3" = "shipsmith new" ]; then mkdir -p "$4" && echo 'setup check:' > "$4/Makefile"; fi
"""
# what a user can pass to a target
VARIABLES = {"PYTHON", "name"}
TARGETS = [
    *("help", "setup", "run", "test", "check", "lint-image", "lock", "image", "up", "down"),
    *(
        "proto",
        "lint-proto",
        "breaking",
        "migration",
        "removals",
        "lint-manifests",
        "compatible-events",
        "compare",
        "load",
        "budget",
        "baseline",
        "profile",
        "rules",
    ),
]
OWN_TARGETS = ["help", "setup", "demo", "test", "test-fast", "check", "updates", "faults"]
RUNS = "ran.txt"

# Each would leave a file behind if something ran it.
NAMES = [
    f"it's; touch {RUNS}",
    f'"; touch {RUNS}; "',
    f"'; touch {RUNS}; '",
    f"$(touch {RUNS})",
    f"`touch {RUNS}`",
    f"$(shell touch {RUNS})",
    f"${{shell touch {RUNS}}}",
    f"$$(touch {RUNS})",
    f"a\ntouch {RUNS}",
    f"a & touch {RUNS} | b > {RUNS}",
    f'"""\n__import__("pathlib").Path("{RUNS}").touch()\n"""',
    f"${{__import__('pathlib').Path('{RUNS}').touch()}}",
    f"\\u0022\\u0022\\u0022; open('{RUNS}', 'w') #",
    "$HOME $(HOME) %s # *",
    "--rev-id=mine",
    "-x",
    "ends in a backslash\\",
    "größe 値",
]
FOLDERS = [
    "a b",
    "it's",
    'a "b"',
    f"$(touch {RUNS})",
    f"`touch {RUNS}`",
    f"a;touch {RUNS}",
    f"a && touch {RUNS}",
    "-a",
    "a,b",
    "(a)",
    "a%20b",
    "a#b",
    "größe",
    "a\\b",
    "*",
]


@pytest.fixture(scope="module")
def generated() -> Path:
    return once("generated", lambda folder: projects.new(folder / "orders", ANSWERS)) / "orders"


@pytest.fixture(scope="module")
def with_everything() -> Path:
    return once("everything", lambda folder: projects.new(folder / "orders", EVERYTHING)) / "orders"


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return tmp_path / "calls"


def interpreter(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(INTERPRETER)
    path.chmod(0o755)
    return path


def make(folder: Path, calls: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make with no tools but the system's: so without uv, if the environment names no other path."""
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=projects.clean_environment() | {"PATH": "/usr/bin:/bin", "CALLS": str(calls)} | environment,
        capture_output=True,
        text=True,
    )


def called_with(calls: Path) -> list[str]:
    return calls.read_text().split("\0\n")[:-1]


@pytest.fixture
def ready(tmp_path: Path, generated: Path) -> Path:
    """The repository as `make setup` leaves it, with a stand-in for its interpreter."""
    folder = Path(shutil.copytree(generated, tmp_path / "orders"))
    interpreter(folder / ".venv" / "bin" / "python")
    (folder / ".venv" / "ready").touch()
    return folder


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("given", ["an argument", "a variable of the environment"])
def test_the_name_of_a_migration_arrives_as_it_was_given(
    ready: Path, calls: Path, given: str, name: str
) -> None:
    if given == "an argument":
        result = make(ready, calls, "migration", f"name={name}")
    else:
        result = make(ready, calls, "migration", name=name)
    assert result.returncode == 0, result.stderr
    assert called_with(calls)[-1] == f"--message={name}"
    assert not list(ready.rglob(RUNS))


def test_a_migration_needs_a_name(ready: Path, calls: Path) -> None:
    result = make(ready, calls, "migration")
    assert result.returncode == 2
    assert "make migration name='add colour'" in result.stdout
    assert not calls.exists()


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_interpreter_is_used_wherever_it_is(
    tmp_path: Path, generated: Path, calls: Path, folder: str
) -> None:
    project = Path(shutil.copytree(generated, tmp_path / "orders"))
    python = interpreter(tmp_path / folder / "python3")
    result = make(project, calls, "setup", f"PYTHON={python}")
    assert result.returncode == 0, result.stderr
    assert called_with(calls)[:4] == ["-P", "-m", "venv", ".venv"]
    assert not list(tmp_path.rglob(RUNS))


def test_a_module_of_the_repository_does_not_replace_one_of_pythons_own(
    tmp_path: Path, generated: Path, calls: Path
) -> None:
    project = Path(shutil.copytree(generated, tmp_path / "orders"))
    (project / "types.py").write_text(f"open({RUNS!r}, 'w')")
    uv = interpreter(tmp_path / "bin" / "uv")
    path = f"{uv.parent}:/usr/bin:/bin"
    assert make(project, calls, "setup", f"PYTHON={sys.executable}", PATH=path).returncode == 0
    assert not (project / RUNS).exists()


@pytest.mark.parametrize("folder", FOLDERS)
def test_uv_is_used_wherever_it_is(tmp_path: Path, generated: Path, calls: Path, folder: str) -> None:
    project = Path(shutil.copytree(generated, tmp_path / "orders"))
    python = interpreter(tmp_path / "python3")
    uv = interpreter(tmp_path / folder / "uv")
    result = make(project, calls, "setup", f"PYTHON={python}", PATH=f"{uv.parent}:/usr/bin:/bin")
    assert result.returncode == 0, result.stderr
    assert called_with(calls)[4:6] == ["pip", "sync"]
    assert not list(tmp_path.rglob(RUNS))


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("target", ["setup", "run", "test", "check", "migration"])
def test_every_target_works_in_every_folder(
    tmp_path: Path, generated: Path, calls: Path, folder: str, target: str
) -> None:
    project = Path(shutil.copytree(generated, tmp_path / folder / "orders"))
    python = interpreter(tmp_path / "python3")
    result = make(project, calls, target, "name=a", f"PYTHON={python}")
    assert result.returncode == 0, result.stderr
    assert not list(tmp_path.rglob(RUNS))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_target_of_a_service_with_everything_works_in_every_folder(
    tmp_path: Path, with_everything: Path, calls: Path, folder: str
) -> None:
    """What it starts besides Python has stand-ins: kubectl and docker."""
    project = Path(shutil.copytree(with_everything, tmp_path / folder / "orders"))
    python = interpreter(tmp_path / "bin" / "python3")
    for name in ("docker", "kubectl"):
        interpreter(tmp_path / "bin" / name)
    path = f"{python.parent}:/usr/bin:/bin"
    for target in TARGETS:
        result = make(project, calls, target, "name=a", f"PYTHON={python}", PATH=path)
        assert result.returncode == 0, (target, result.stderr)
    built = called_with(calls)
    at = built.index("build")
    assert built[at : at + 4] == ["build", "--tag", "ghcr.io/platform/orders:dev", "."]
    assert not list(tmp_path.rglob(RUNS))


def test_every_target_and_every_variable_is_tried_here(with_everything: Path, generated: Path) -> None:
    for folder in (with_everything, generated):
        text = (folder / "Makefile").read_text()
        phony = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
        assert set(" ".join(phony).split()) <= set(TARGETS)
        found = re.findall(r"\$\(value (\w+)\)|^(\w+) \?=", text, re.MULTILINE)
        assert {name for pair in found for name in pair if name} == VARIABLES
    own = (location.root() / "Makefile").read_text()
    found = re.findall(r"\$\(value (\w+)\)|^(\w+) \?=", own, re.MULTILINE)
    assert {name for pair in found for name in pair if name} == {"PYTHON", "WORKERS"}


@pytest.mark.parametrize("value", NAMES)
def test_a_variable_that_a_target_does_not_take_runs_nothing(ready: Path, calls: Path, value: str) -> None:
    """STRICT is for the tests, the others for other targets."""
    environment = {"STRICT": value, "name": value, "PYTHON": value}
    for target in ("test", "check", "run", "help"):
        assert make(ready, calls, target, **environment).returncode == 0
    assert not list(ready.rglob(RUNS))


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], Path]:
    """What shipsmith's own Makefile needs, in a folder of any name."""

    def copied(folder: str) -> Path:
        root = tmp_path / folder / "shipsmith"
        root.mkdir(parents=True)
        for name in ("Makefile", "pyproject.toml", "requirements-dev.lock"):
            shutil.copy(location.root() / name, root / name)
        return root

    return copied


@pytest.mark.parametrize("folder", FOLDERS)
def test_targets_of_shipsmith_itself_work_in_every_folder(
    tmp_path: Path, own: Callable[[str], Path], calls: Path, folder: str
) -> None:
    root, python = own(folder), interpreter(tmp_path / f"{folder} too" / "python3")
    for target in OWN_TARGETS:
        result = make(root, calls, target, f"PYTHON={python}")
        assert result.returncode == 0, (target, result.stderr)
    assert not list(tmp_path.rglob(RUNS))


@pytest.mark.parametrize("value", NAMES)
def test_the_number_of_workers_arrives_as_it_was_given(
    tmp_path: Path, own: Callable[[str], Path], calls: Path, value: str
) -> None:
    root, python = own("orders"), interpreter(tmp_path / "python3")
    result = make(root, calls, "test", f"PYTHON={python}", f"WORKERS={value}")
    assert result.returncode == 0, result.stderr
    said = called_with(calls)
    assert said[said.index("-n") + 1] == value
    assert not list(tmp_path.rglob(RUNS))


@pytest.fixture(scope="module")
def oddly_placed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A real one, in a folder with all that paths can hold, and with files of such names in it."""
    folder = tmp_path_factory.mktemp("odd") / f'it\'s a "b" $(touch {RUNS}) `c`;d #%20(é)'
    project = projects.new(folder / "orders", ANSWERS)
    for name in ("-x.py", f"$(touch {RUNS}).py", "a 'b' \"c\".py", "a\nb.py"):
        (project.folder / name).write_text("")
    project.make("setup")
    return project


def test_a_repository_in_a_folder_of_any_name_passes_its_checks_and_tests(
    oddly_placed: Project, mypy_cache: Path
) -> None:
    # the strangers' connections know nothing of a folder, and take most of the time
    oddly_placed.make("check", environment={"MYPY_CACHE_DIR": str(mypy_cache)})
    assert " passed" in oddly_placed.make("test", environment={"PYTEST_ADDOPTS": "-k 'not strangers'"})
    assert not list(oddly_placed.folder.parent.parent.rglob(RUNS))


def test_a_service_in_a_folder_of_any_name_is_run(oddly_placed: Project) -> None:
    ports = [free_port() for _ in range(3)]
    sections = zip(("HTTP", "GRPC", "METRICS"), ports, strict=True)
    environment = {f"ORDERS_{section}__PORT": str(port) for section, port in sections}
    process = subprocess.Popen(
        ["make", "run"],
        cwd=oddly_placed.folder,
        env=projects.clean_environment() | environment,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError):
                urlopen(f"http://127.0.0.1:{ports[0]}/readyz").close()
                break
            time.sleep(0.1)
        assert process.poll() is None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.wait()
    assert (oddly_placed.folder / "data.db").exists()


def test_the_name_of_a_migration_is_text_in_it(oddly_placed: Project) -> None:
    versions = oddly_placed.folder / "src" / "orders" / "migrations" / "versions"
    before = set(versions.glob("*.py"))
    for name in NAMES:
        if "__import__" in name or "u0022" in name or "backslash" in name:
            projects.run(*oddly_placed.python("-P", "-m", "orders", "migrate"), directory=oddly_placed.folder)
            oddly_placed.make("migration", f"name={name}")
    made = sorted(set(versions.glob("*.py")) - before)
    assert len(made) == 4
    for path in made:
        first, *others = ast.parse(path.read_text()).body
        assert isinstance(first, ast.Expr)
        assert isinstance(first.value, ast.Constant)
        assert not any("touch" in ast.unparse(each) for each in others)
    assert not (oddly_placed.folder / RUNS).exists()
