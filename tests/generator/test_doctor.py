"""`shipsmith doctor` says what a project needs, what of it is here, and how to install the rest."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shipsmith.errors import UserError
from shipsmith.git.runner import OLDEST
from shipsmith.template import location, needs, versions
from shipsmith.template.questionnaire import questions_of
from shipsmith.template.versions import Template

from ..support.command_line import shipsmith

PROGRAMS = {
    "docker": "Docker Compose version v2.40.3",
    "grpcurl": "grpcurl 1.9.3",
    "kubectl": "Client Version: v1.34.1",
    "promtool": "promtool, version 3.5.0",
    "make": "GNU Make 4.4.1",
    "python3": "3.13.2",
    "curl": "curl 8.14.1",
}
EVERYTHING = ("--preset", "full")
URLS = ("TEST_POSTGRESQL_URL", "TEST_REDIS_URL", "TEST_RABBITMQ_URL", "TEST_RATELIMITS_URL")

Doctor = Callable[..., subprocess.CompletedProcess[str]]


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with stand-ins for all programs but git, which prints its version itself."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").symlink_to(str(shutil.which("git")))
    for name, output in PROGRAMS.items():
        program(folder, name, f"echo '{output}'")
    return folder


@pytest.fixture
def doctor(programs: Path, tmp_path: Path) -> Doctor:
    """Where there are those programs, and no others."""

    def run(*arguments: str, cwd: Path = tmp_path, **urls: str) -> subprocess.CompletedProcess[str]:
        return shipsmith(
            "doctor", *arguments, cwd=cwd, **{"PATH": str(programs), **dict.fromkeys(URLS, ""), **urls}
        )

    return run


def by_name(result: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(result.stdout)["needs"]}


def test_everything_that_is_needed_is_here(doctor: Doctor) -> None:
    result = doctor(*EVERYTHING)
    assert result.returncode == 0, result.stdout
    assert "ok        Python: 3.13.2" in result.stdout
    assert "ok        rabbitmq: rabbitmq:" in result.stdout
    assert result.stdout.endswith("\nAll that is needed is here.\n")
    found = by_name(doctor(*EVERYTHING, "--json"))
    assert found["kubectl"]["found"] == "1.34.1"
    assert {each["problem"] for each in found.values()} == {None}


def test_what_is_missing_comes_with_the_reason_and_the_commands_that_install_it(
    doctor: Doctor, programs: Path
) -> None:
    (programs / "kubectl").unlink()
    result = doctor(*EVERYTHING)
    assert result.returncode == 4
    at = result.stdout.index("missing   kubectl 1.27 or later: kubectl was not found\n")
    reason, debian, macos = (line.strip() for line in result.stdout[at:].splitlines()[1:4])
    assert "`make check`" in reason
    assert (debian, macos) == ("Debian: sudo apt install kubernetes-client", "macOS: brew install kubectl")
    assert result.stdout.endswith("\nMissing: kubectl.\n")
    data = json.loads(doctor(*EVERYTHING, "--json").stdout)
    assert data["missing"] == ["kubectl"]


def test_all_that_is_missing_is_told_at_once(doctor: Doctor, programs: Path) -> None:
    program(programs, "python3", "echo 3.10.12")
    program(programs, "make", "echo 'cannot start' >&2; exit 3")
    program(programs, "docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    found = by_name(doctor(*EVERYTHING, "--json"))
    assert found["Python"]["problem"] == "3.10.12 was found, which is too old"
    assert found["make"]["problem"] == "make cannot be used: cannot start"
    assert found["Docker"]["problem"] == "docker cannot be used: Cannot connect to the Docker daemon"
    assert found["postgresql"]["problem"].startswith("needs Docker to run postgres:")
    assert "TEST_POSTGRESQL_URL" in found["postgresql"]["problem"]


def test_the_last_line_of_a_traceback_is_the_reason(doctor: Doctor, programs: Path) -> None:
    """Debian's Python lacks what makes virtual environments, unless that is installed as well."""
    raised = "ModuleNotFoundError: No module named 'ensurepip'"
    program(programs, "python3", f'echo "Traceback\n  File 1\n{raised}" >&2; exit 1')
    found = by_name(doctor("--preset", "minimal", "--json"))
    assert found["Python"]["problem"] == f"python3 cannot be used: {raised}"
    assert "python3-venv" in found["Python"]["install"]["debian"]


def test_what_only_helps_may_be_missing(doctor: Doctor, programs: Path) -> None:
    """Docker, too, where there is no server to run."""
    for name in ("grpcurl", "curl", "docker"):
        (programs / name).unlink()
    result = doctor("--preset", "service")
    assert result.returncode == 0
    assert "optional  grpcurl: grpcurl was not found" in result.stdout
    assert "optional  Docker: docker was not found" in result.stdout


def test_a_server_of_ones_own_takes_the_place_of_docker(doctor: Doctor, programs: Path) -> None:
    (programs / "docker").unlink()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        urls = dict.fromkeys(URLS, f"scheme://user:s3cret@{address}/x")
        result = doctor(*EVERYTHING, **urls)
    assert result.returncode == 0, result.stdout
    assert f"ok        postgresql: {address}, which TEST_POSTGRESQL_URL names" in result.stdout
    assert "s3cret" not in result.stdout
    gone = doctor(*EVERYTHING, **urls)
    assert gone.returncode == 4
    strange = doctor(*EVERYTHING, **urls | {"TEST_REDIS_URL": "redis://a..b:6379"})
    assert "nothing answers at a..b:6379, which TEST_REDIS_URL names" in strange.stdout
    assert f"nothing answers at {address}, which TEST_REDIS_URL names: Connection refused" in gone.stdout


def test_what_stands_beside_a_server_of_ones_own_has_to_be_named_too(doctor: Doctor) -> None:
    """It would be a container, which does not reach the other one: the tests skip this."""
    choices = (*EVERYTHING, "--set", "replicas=true")
    assert doctor(*choices).returncode == 0
    result = doctor(*choices, TEST_POSTGRESQL_URL="postgresql://elsewhere/x")
    assert result.returncode == 4
    assert "missing   replica: needs TEST_REPLICA_URL, since TEST_POSTGRESQL_URL names" in result.stdout


def test_another_shard_is_tried_at_the_address_behind_its_name(doctor: Doctor) -> None:
    choices = (*EVERYTHING, "--set", "shards=true")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        url = f"second=scheme://user:s3cret@{address}/x"
        result = doctor(*choices, TEST_SHARD_URL=url)
    assert f"ok        shard: {address}, which TEST_SHARD_URL names" in result.stdout
    gone = doctor(*choices, TEST_SHARD_URL=url)
    assert gone.returncode == 4
    assert f"missing   shard: nothing answers at {address}, which TEST_SHARD_URL names" in gone.stdout
    assert "s3cret" not in gone.stdout


@pytest.mark.parametrize("url", ["sqs://eu-central-1", "kafka://one:9092,two:9092", "nonsense"])
def test_a_server_without_one_address_is_not_tried(doctor: Doctor, url: str) -> None:
    result = doctor(*EVERYTHING, TEST_RABBITMQ_URL=url)
    assert result.returncode == 0
    assert "ok        rabbitmq: the one that TEST_RABBITMQ_URL names" in result.stdout


def test_a_project_is_asked_for_its_own_choices(doctor: Doctor, programs: Path, tmp_path: Path) -> None:
    (programs / "kubectl").unlink()
    assert shipsmith("new", "orders", "--preset", "minimal", "--defaults", cwd=tmp_path).returncode == 0
    folder = tmp_path / "orders" / "src"
    assert "kubectl" not in by_name(doctor("--json", cwd=folder))
    assert doctor(cwd=folder).returncode == 0
    assert doctor("orders").returncode == 0
    assert doctor("--answers", "orders/.copier-answers.yml").returncode == 0
    assert "shipsmith doctor" in (tmp_path / "orders/README.md").read_text()


def test_programs_do_not_run_in_a_project_nor_come_from_it(
    doctor: Doctor, programs: Path, tmp_path: Path
) -> None:
    """Its files are not trusted: Python, for one, imports what is in the current folder."""
    assert shipsmith("new", "orders", "--preset", "minimal", "--defaults", cwd=tmp_path).returncode == 0
    project = tmp_path / "orders"
    program(programs, "python3", f"pwd > {tmp_path}/there; echo 3.13.2")
    (programs / "make").unlink()
    program(project, "make", "echo 'GNU Make 4.4.1'")
    found = by_name(doctor("--json", cwd=project, PATH=f".:{programs}"))
    assert (tmp_path / "there").read_text() == "/\n"
    assert found["make"]["problem"] == "make was not found"


def test_a_folder_without_a_project_is_an_error_that_names_the_other_way(
    doctor: Doctor, tmp_path: Path
) -> None:
    result = doctor()
    assert result.returncode == 1
    assert "shipsmith doctor --preset" in result.stderr
    both = doctor(str(tmp_path), *EVERYTHING)
    assert both.returncode == 1
    assert "Leave it out" in both.stderr


def test_choices_that_do_not_fit_together_are_errors(doctor: Doctor) -> None:
    result = doctor("--set", "broker=kafka", "--set", "database=none", "--set", "cache=rediss")
    assert result.returncode == 1
    assert "kafka needs a database" in result.stderr
    assert "Did you mean 'redis'?" in result.stderr


def test_a_version_that_does_not_say_what_it_needs_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "copier.yml").write_text("_envops: {}\n---\nname: {type: str, default: orders}\n")
    with pytest.raises(UserError, match=r"v0\.1\.0 .* shipsmith update"):
        needs.needs_of(Template("v0.1.0", tmp_path), {"name": "orders"})


def of_every_choice() -> list[tuple[str, needs.Needs]]:
    questionnaire = questions_of(location.root())
    found = []
    for name, option in questionnaire.options.items():
        for value in option.values:
            given = {"database": "postgresql", "cache": "none"} | {name: value}
            if not questionnaire.problems(given):
                answers = questionnaire.resolve(given)
                found.append((f"{name}={value}", needs.needs_of(versions.working(), answers)))
    return found


def test_each_server_of_a_choice_says_how_to_install_it() -> None:
    """A replica is another one of the same server, beside its own lines."""
    every = of_every_choice()
    servers = {each.name: each for _, found in every for each in found.servers}
    assert {"postgresql", "redis", "kafka"} <= servers.keys()
    without = {name for name, each in servers.items() if not each.install}
    assert without <= {"replica"}


def test_each_program_says_how_to_install_it() -> None:
    programs = {each.name: each for _, found in of_every_choice() for each in found.programs}
    assert {"kubectl", "SQLite"} <= programs.keys()
    for each in programs.values():
        assert each.why
        assert each.install.keys() <= {"debian", "macos"}
        assert "macos" in each.install
    assert programs["git"].at_least == ".".join(map(str, OLDEST))


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="its versions are those of this machine")
def test_real_programs_print_their_versions(tmp_path: Path) -> None:
    result = shipsmith("doctor", "--preset", "minimal", "--set", "database=sqlite", "--json", cwd=tmp_path)
    found = by_name(result)
    for name in ("git", "Python", "make", "SQLite"):
        assert found[name]["found"], found[name]
