"""The checks of compose file, image and workflows that a generated repository brings find planted faults."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from shipsmith.template import location as source
from shipsmith.template import presets

from ..support.once import once
from ..support.services import environments, projects
from ..support.services.projects import Project, clean_environment

TESTS = ("tests/delivery", "tests/unit/test_ending.py")
CI, RELEASE = ".github/workflows/ci.yaml", ".github/workflows/release.yaml"

# Each fault: the file, a pattern in it, and what its first match becomes.
FAULTS: dict[str, tuple[str, str, str]] = {
    "the service is open to everybody": ("compose.yaml", r'"127\.0\.0\.1:\$\{HTTP_PORT', '"${HTTP_PORT'),
    "a server is open to everybody": ("compose/redis.yaml", r'"127\.0\.0\.1:', '"'),
    "a server takes all memory": ("compose/rabbitmq.yaml", r"    mem_limit: .*\n", ""),
    "a process gets more rights": ("compose.yaml", r"  security_opt: .*\n", ""),
    "a server has all rights": ("compose/redis.yaml", r"    restart:", "    privileged: true\n    restart:"),
    "a server runs as root": ("compose/redis.yaml", r"    restart:", "    user: root\n    restart:"),
    "a server has the machine's network": (
        "compose/redis.yaml",
        r"    restart:",
        "    network_mode: host\n    restart:",
    ),
    "the service writes into its image": ("compose.yaml", r"  read_only: true\n", ""),
    "the service keeps capabilities": ("compose.yaml", r"  cap_drop: .*\n", ""),
    "a server of any version": ("compose/redis.yaml", r"image: redis:.*", "image: redis:latest"),
    "a server without a version": ("compose/redis.yaml", r"image: redis:.*", "image: redis"),
    "a password in the repository": (
        "compose/rabbitmq.yaml",
        r'"\$\{RABBITMQ_PASSWORD:-dev-only\}"',
        "correct-horse",
    ),
    "a password in an address": ("compose.yaml", r"app:\$\{RABBITMQ_PASSWORD:-dev-only\}", "app:dev-only"),
    "the service does not wait for a server": (
        "compose.yaml",
        r"      redis:\n        condition: service_healthy\n",
        "",
    ),
    "nobody knows when a server is ready": ("compose/redis.yaml", r"    healthcheck:\n(      .*\n)+", ""),
    "what ends is started again": (
        "compose.yaml",
        r"    command: \[migrate\]\n",
        "    command: [migrate]\n    restart: always\n",
    ),
    "the service is killed too early": ("compose.yaml", r"stop_grace_period: 35s", "stop_grace_period: 10s"),
    "a volume that is not declared": ("compose/postgresql.yaml", r"\nvolumes:\n  postgresql:\n", "\n"),
    "a file that can be changed": ("compose/grafana.yaml", r"/etc/grafana/dashboards:ro", "/etc/dashboards"),
    "a file that is not there": ("compose/grafana.yaml", r"grafana/dashboards:", "grafana/boards:"),
    "the image runs as root": ("Dockerfile", r"USER .*", "USER root"),
    "the image runs as a name": ("Dockerfile", r"USER .*", "USER app"),
    "the image runs as user 0": ("Dockerfile", r"USER .*", "USER 0:0"),
    "no user": ("Dockerfile", r"USER .*\n", ""),
    "something is built as that user": ("Dockerfile", r"(USER .*\n)", r"\1RUN pip list\n"),
    "no health check": ("Dockerfile", r"HEALTHCHECK(.*\\\n)*.*\n", ""),
    "a shell that keeps signals": ("Dockerfile", r"ENTRYPOINT .*", "ENTRYPOINT python -m orders"),
    "a base of any version": ("Dockerfile", r"FROM python:\S+", "FROM python:latest"),
    "a base of a version that moves": ("Dockerfile", r"FROM python:3\.12\.\d+", "FROM python:3.12"),
    "packages that nobody has checked": ("Dockerfile", r" --require-hashes", ""),
    "a file from anywhere": ("Dockerfile", r"WORKDIR", "ADD https://example.com/x /x\nWORKDIR"),
    "a secret in the image": ("Dockerfile", r"ENV ", "ENV ORDERS_DATABASE_PASSWORD=a "),
    "an action that can move": (CI, r"actions/checkout@\w+ # \S+", "actions/checkout@v7"),
    "an action whose version nobody sees": (CI, r"(actions/checkout@\w+) # \S+", r"\1"),
    "a workflow with all rights": (CI, r"permissions: \{\}", "permissions: write-all"),
    "a job that may write": (CI, r"contents: read", "contents: write"),
    "a job that may sign": (CI, r"contents: read", "contents: read\n      id-token: write"),
    "a job with unknown rights": (CI, r"    permissions:\n      contents: read\n", ""),
    "a job that never ends": (CI, r"    timeout-minutes: .*\n", ""),
    "a job on any machine": (CI, r"ubuntu-24\.04", "ubuntu-latest"),
    "a secret where pull requests run": (CI, r"run: make check", "run: make check ${{ secrets.TOKEN }}"),
    "pull requests with secrets": (CI, r"  pull_request:", "  pull_request_target:"),
    "a token that is left": (CI, r"persist-credentials: false", "persist-credentials: true"),
    "a value that can be a command": (CI, r"run: make check", "run: echo ${{ github.head_ref }}"),
    "checks of the main branch are cancelled": (CI, r"cancel-in-progress: .*", "cancel-in-progress: true"),
    "the main branch is not checked": (CI, r"branches: \[main\]", "branches: [trunk]"),
    "the merge queue is not checked": (CI, r"  merge_group:\n", ""),
    "a check that nobody runs": (CI, r"\n  protocol:\n(    .*\n|\n)+", "\n"),
    "a target that does not exist": (CI, r"make breaking", "make broken"),
    "a release that writes to the repository": (
        RELEASE,
        r"packages: write # push the image",
        "contents: write",
    ),
    "a release for everybody": (RELEASE, r"on:\n", "on:\n  pull_request:\n"),
}


@pytest.fixture(scope="module")
def project() -> Project:
    answers = presets.load(source.root(), "full").answers

    def make(folder: Path) -> None:
        environments.prepare(projects.new(folder / "orders", answers))

    return Project(once("delivery", make) / "orders")


@pytest.fixture(scope="module")
def copied(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its files, without its environment."""
    folder = tmp_path_factory.mktemp("delivery") / "orders"
    shutil.copytree(project.folder, folder, symlinks=True, ignore=shutil.ignore_patterns(".venv", ".git"))
    return folder


@pytest.fixture
def planted(copied: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    name, pattern, replacement = FAULTS[request.param]
    right = (copied / name).read_text()
    wrong, found = re.subn(pattern, replacement, right, count=1)
    assert found, f"{name} has no {pattern}"
    (copied / name).write_text(wrong)
    yield
    (copied / name).write_text(right)


def passes(project: Project, folder: Path) -> bool:
    command = project.python("-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS)
    result = subprocess.run(command, cwd=folder, env=clean_environment(), capture_output=True, text=True)
    assert result.returncode in (0, 1), result.stdout
    return result.returncode == 0


def test_what_is_generated_passes(project: Project, copied: Path) -> None:
    assert passes(project, copied)


@pytest.mark.parametrize("planted", FAULTS, indirect=True)
@pytest.mark.usefixtures("planted")
def test_every_planted_fault_is_found(project: Project, copied: Path) -> None:
    assert not passes(project, copied)
