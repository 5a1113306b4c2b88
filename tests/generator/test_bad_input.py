"""Whatever a user gets wrong: a clear sentence, exit status 1, and no file."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from ..support.command_line import SHIPSMITH, left_in, shipsmith

BAD_INPUTS = {
    "an unknown option": (["--set", "databse=sqlite"], "Did you mean 'database'?"),
    "an unknown choice": (["--set", "cache=rediss"], "Did you mean 'redis'?"),
    "no boolean": (["--set", "grpc=maybe"], "'maybe' is not true or false"),
    "a setting without a value": (["--set", "grpc"], "--set OPTION=VALUE"),
    "an answer to a hidden question": (["--set", "with_cache_redis=evil"], "with_cache_redis: cannot be set"),
    "no entrypoint": (["--set", "http=false", "--set", "grpc=false"], "set http or grpc to true"),
    "a broker without a database": (["--preset", "minimal", "--set", "broker=rabbitmq"], "needs a database"),
    "an unknown preset": (["--preset", "ful"], "Did you mean 'full'?"),
    "a missing preset file": (["--preset", "./team.yml"], "team.yml: cannot be read"),
    "a service name in capitals": (["--set", "service_name=Orders"], "is not a valid service name"),
    "a service name that climbs": (["--set", "service_name=../evil"], "is not a valid service name"),
    "a service name of Python's": (["--set", "service_name=json"], "a module that the service imports"),
    "a long service name": (["--set", f"service_name={'a' * 31}"], "Use 1 to 30"),
    "a resource that is a Python word": (["--resource", "class"], "keyword of Python"),
    "a resource that is a template": (["--resource", "{{ 7 * 7 }}"], "is not a valid resource name"),
    "a field without a type": (["--field", "customer"], "Write --field 'name: type'"),
    "a field of an unknown type": (["--field", "customer: colour"], "is not a type. Use one of str"),
    "a type of another language": (["--field", "customer: String?"], "Did you mean str?"),
    "a field that is a Python word": (["--field", "from: date"], "keyword of Python"),
    "a resource that looks like a digit": (["--resource", "l"], "easily mistaken"),
    "a field that looks like a digit": (["--field", "l: int"], "easily mistaken"),
    "a field named twice": (["--field", "a: str", "--field", "a: int"], "Name each field once"),
    "a field that every resource has": (["--field", "id: uuid"], "already has this field"),
    "resources that are no mapping": (["--set", "resources=[1, 2]"], "is not a mapping"),
    "fields that are no mapping": (["--set", "resources={order: [1, 2]}"], "order: "),
    "numbers for the contract": (["--set", "numbers={order: {fields: {name: 1}}}"], "recorded by shipsmith"),
    "a missing model": (["--model", "shop.yml"], "shop.yml: cannot be read"),
    "a model and a resource": (
        ["--model", "shop.yml", "--field", "a: str"],
        "Leave out --resource and --field",
    ),
    "a description that breaks out": (["--set", 'description=a" \n[tool]'], "some file formats misread"),
    "an image with a tag": (["--set", "image_repository=ghcr.io/acme/orders:1"], "without a tag"),
    "an owner with a slash": (["--set", "owner=acme/payments"], "is not a valid team name"),
    "a setting without a name": (["--set", "=redis"], "--set OPTION=VALUE"),
    "a missing answers file": (["--answers", "answers.yml"], "answers.yml: cannot be read"),
}


@pytest.mark.parametrize(("arguments", "reason"), BAD_INPUTS.values(), ids=BAD_INPUTS)
def test_bad_input_is_explained_and_nothing_is_made(
    tmp_path: Path, arguments: list[str], reason: str
) -> None:
    result = shipsmith("new", "made", "--defaults", *arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert reason in result.stderr
    assert "Traceback" not in result.stderr
    assert left_in(tmp_path) == []


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    arguments = ["--set", "grpc=maybe", "--set", "owner=A", "--preset", "nope", "--field", "x"]
    result = shipsmith("new", "made", "--defaults", *arguments, cwd=tmp_path)
    for part in ("grpc: ", "owner: ", "preset 'nope'", "--field 'x'"):
        assert part in result.stderr


def test_all_problems_of_a_model_are_told_by_resource_and_field(tmp_path: Path) -> None:
    model = {
        "order": {"customer": "ref(customr)", "total": "money", "from": "str"},
        "customer": {"name": "str(9..1)"},
    }
    (tmp_path / "shop.yml").write_text(yaml.safe_dump({"resources": model}, sort_keys=False))
    result = shipsmith("new", "shop", "--defaults", "--model", "shop.yml", cwd=tmp_path)
    assert result.returncode == 1
    places = [line.split(": ")[2] for line in result.stderr.splitlines()]
    assert places == ["order.customer", "order.total", "order.from", "customer.name"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("order: {name: str}", "has order. Write a mapping with `resources:`"),
        ("{}", "has nothing"),
        ("[1]", "is not a mapping"),
        ("resources: {order: {name: str}}\ncache: redis\n", "and nothing else"),
    ],
)
def test_a_model_of_another_form_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "shop.yml").write_text(content)
    result = shipsmith("new", "shop", "--defaults", "--model", "shop.yml", cwd=tmp_path)
    assert (result.returncode, reason in result.stderr) == (1, True), result.stderr
    assert left_in(tmp_path) == ["shop.yml"]


def test_a_preset_file_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "team.yml").write_text("answer: {cache: redis}\n")
    result = shipsmith("new", "made", "--defaults", "--preset", "team.yml", cwd=tmp_path)
    assert (result.returncode, "unknown key: answer" in result.stderr) == (1, True)


@pytest.mark.parametrize("content", ["[1, 2]", "a: b: c", "\x80", "answers: text"])
def test_a_preset_file_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "team.yml").write_bytes(content.encode("latin-1"))
    result = shipsmith("new", "made", "--defaults", "--preset", "team.yml", cwd=tmp_path)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "mine.txt").write_text("mine")
    result = shipsmith("new", "orders", "--defaults", cwd=tmp_path)
    assert (result.returncode, "is not empty" in result.stderr) == (1, True)
    assert left_in(tmp_path / "orders") == ["mine.txt"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    result = shipsmith("new", "orders", "--defaults", "--preset", "minimal", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "orders" / "README.md").is_file()


def test_a_file_in_the_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "orders").write_text("mine")
    result = shipsmith("new", "orders", "--defaults", cwd=tmp_path)
    assert (result.returncode, "is a file" in result.stderr) == (1, True)
    assert (tmp_path / "orders").read_text() == "mine"


def test_without_git_the_user_is_told_what_to_do(tmp_path: Path) -> None:
    result = shipsmith("new", "orders", "--defaults", cwd=tmp_path, PATH=os.devnull)
    assert (result.returncode, "--no-git" in result.stderr) == (1, True)
    assert left_in(tmp_path) == []


def test_output_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [*SHIPSMITH, "options"]
        result = subprocess.run(
            command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (result.returncode, "No space left" in result.stderr) == (1, True)
    assert "Traceback" not in result.stderr


def test_a_reader_that_went_away_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    result = subprocess.run(
        [*SHIPSMITH, "options"],
        cwd=tmp_path,
        env=environment,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (0, b"")


def test_wrong_usage_is_another_exit_status(tmp_path: Path) -> None:
    assert shipsmith("new", "--no-such-flag", cwd=tmp_path).returncode == 2
    assert shipsmith("no-such-command", cwd=tmp_path).returncode == 2
