"""Files that others wrote: whatever they are or hold ends in a sentence, in bounded time and memory."""

import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipsmith import reading
from shipsmith.errors import UserError
from shipsmith.project import record
from shipsmith.rendering.derived import python_lock
from shipsmith.template.versions import Template

from ..support.command_line import SHIPSMITH
from ..support.updates.small import Small, commit, contents, git

YAML = {
    "a day that is none": "answers: {owner: 2024-99-99}",
    "a moment that is none": "answers: {owner: 2024-01-01 99:99:99}",
    "a number without digits": "answers: {owner: 0x_}",
    "a number of 5,000 digits": f"answers: {{owner: {'9' * 5000}}}",
    "a number of 5,000 hexadecimal digits": f"answers: {{owner: 0x{'f' * 5000}}}",
    "a tag that does not fit": "answers: {owner: !!int x}",
    "a tag of a float": "answers: {owner: !!float x}",
    "a tag of a boolean": "answers: {owner: !!bool x}",
    "a tag of a moment": "answers: {owner: !!timestamp x}",
    "bytes that are none": "answers: {owner: !!binary ä}",
    "an object of Python's": "answers: !!python/object/apply:os.system [touch pwned]",
    "infinity": "answers: {owner: .inf}",
    "no number": "answers: {owner: .nan}",
    "a mapping for a name": "answers: {{a: b}: c}",
    "a list for a name": "answers: {? [a] : c}",
    "a number for a name": "1: {}",
    "an unknown alias": "answers: *nowhere",
    "a loop": "answers: &a {owner: *a}",
    "20,000 levels of lists": "answers: " + "[" * 20_000,
    "20,000 levels of mappings": "{a: " * 20_000,
    "20,000 levels of indentation": "- " * 20_000,
    "an alias bomb": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{n}: &{n} [{','.join([f'*{m}'] * 9)}]\n" for m, n in zip("abcdefgh", "bcdefghi", strict=True))
    + "answers: *i\n",
    "many values": "answers: [" + "1," * 20_000 + "]",
    "control characters": "answers: \x00\x01",
    "half a pair": 'answers: {owner: "\\ud800"}',
    "several documents": "answers: {}\n---\nanswers: {}\n",
    "nothing": "",
    "only a comment": "# x\n",
    "a tab": "answers:\n\towner: x\n",
    "an unended string": 'answers: "',
    "a directive": "%YAML 9.9\n---\nanswers: {}\n",
}
# as many each time the tests run, and the same ones; another number makes them random
EXAMPLES = os.environ.get("FUZZ_EXAMPLES")
FUZZED = settings(max_examples=int(EXAMPLES or 300), deadline=None, derandomize=not EXAMPLES)
MEMORY = 1 << 30  # bytes; a bare `shipsmith options` takes a tenth of it


def _bounded(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run shipsmith with bounds on memory and time that only a run without bounds of its own reaches."""
    return subprocess.run(
        [*SHIPSMITH, *map(str, arguments)],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_a_preset_of_any_content_is_refused_in_one_sentence_each(tmp_path: Path, text: str) -> None:
    file = tmp_path / "team.yml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UserError) as caught:
        _resolved(file)
    assert all(len(problem) > 20 for problem in caught.value.problems)
    assert not (tmp_path / "pwned").exists()


def _resolved(file: Path) -> None:
    """Read a preset as `new --preset` does, and refuse what it answers as `new` does."""
    from shipsmith.template import location, presets
    from shipsmith.template.questionnaire import questions_of

    questions_of(location.root()).resolve(presets.load_file(file).answers or {"answers": "are missing"})


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _terminal(path: Path) -> None:
    path.symlink_to("/dev/tty")


PLACES: dict[str, Callable[[Path], None]] = {
    "a pipe": _fifo,
    "a device without end": _device,
    "a terabyte": _large,
    "a folder": _folder,
    "a link to itself": _loop,
    "a terminal": _terminal,
}


@pytest.mark.parametrize("argument", ["--preset", "--answers"])
@pytest.mark.parametrize("make", PLACES.values(), ids=PLACES)
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], None], argument: str) -> None:
    make(tmp_path / "team.yml")
    result = _bounded("new", "made", "--defaults", argument, "./team.yml", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "team.yml: " in result.stderr
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("make", PLACES.values(), ids=PLACES)
def test_answers_that_are_no_file_are_refused(
    small: Small, project: Path, make: Callable[[Path], None]
) -> None:
    (project / record.FILE).unlink()
    make(project / record.FILE)
    result = small.run(project, "status")
    assert result.returncode == 1
    assert record.FILE in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_answers_of_any_content_are_refused(text: str) -> None:
    answers = text.replace("answers: {", "").replace("}", "").replace("answers: ", "x: ")
    head = f"_src_path: https://github.com/shipsmith/shipsmith.git\n_commit: v0.1.0\n{answers}"
    assert all(problem.startswith(record.FILE) for problem in _problems(lambda: record.parse(head)))


PYPROJECTS = {
    "broken": b"[project",
    "a requirement that is none": b'[project]\ndependencies = ["a=="]',
    "a requirement of another form": b'[project]\ndependencies = ["git+https://example.org/a"]',
    "no list": b'[project]\ndependencies = "anyio"',
    "no table": b"project = 1",
    "a group that is no list": b'[dependency-groups]\ndev = "pytest"',
    "groups that are no table": b"dependency-groups = []",
    "bytes that are no text": b'[project]\nname = "\xff"',
    "a number of 5,000 digits": b"a = " + b"9" * 5000,
    "5,000 levels": b"a = " + b"[" * 5000,
    "a day that is none": b"a = 2024-99-99",
    "a control character": b'a = "\x00"',
}


@pytest.mark.parametrize("content", PYPROJECTS.values(), ids=PYPROJECTS)
def test_a_pyproject_of_any_content_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "universe").mkdir()
    (tmp_path / "pyproject.toml").write_bytes(content)
    root = tmp_path / "universe"
    (root / python_lock.UNIVERSE).parent.mkdir(parents=True)
    (root / python_lock.UNIVERSE).write_text("")
    with pytest.raises(UserError, match=r"^pyproject\.toml: "):
        python_lock.write_known(tmp_path, Template("v0.1.0", root))


@pytest.mark.parametrize(
    "edited", [b"\xff\xfe", b"anyio==none\n", b"anyio==4.*\n", b"anyio @ file:///x\n", b""]
)
def test_a_lock_of_any_content_is_merged_or_refused(small: Small, project: Path, edited: bytes) -> None:
    commit(project, {"requirements.lock": edited})
    result = small.run(project, "update", "--to", "v0.2.0")
    assert result.returncode in (0, 1)
    assert "Traceback" not in result.stderr
    if result.returncode:
        assert "requirements.lock: is not UTF-8" in result.stderr


def test_a_pyproject_that_is_broken_stops_an_update_before_anything_is_changed(
    small: Small, project: Path
) -> None:
    commit(project, {"pyproject.toml": "[project"})
    before = contents(project)
    result = small.run(project, "update", "--to", "v0.2.0")
    assert (result.returncode, contents(project)) == (1, before)
    assert "pyproject.toml: is not valid TOML" in result.stderr


@pytest.mark.parametrize(
    "command", [["options"], ["presets", "list"], ["status"], ["add", "redis"], ["--help"]]
)
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_fault_of_ours(tmp_path: Path, command: list[str], closed: str) -> None:
    shell = f"{' '.join(SHIPSMITH)} {' '.join(command)} {closed}"
    result = subprocess.run(["sh", "-c", shell], cwd=tmp_path, capture_output=True, text=True, check=False)
    expected = 1 if ">&-" in closed.split() or command[0] in ("status", "add") else 0
    assert result.returncode == expected
    assert "Traceback" not in result.stderr
    if closed == ">&-":
        assert "standard output is closed" in result.stderr


@pytest.mark.parametrize("target", ["elsewhere", "nowhere", ".", "/etc"])
def test_a_tracked_folder_that_became_a_link_is_reported(small: Small, project: Path, target: str) -> None:
    (project / "tools" / "run.sh").unlink()
    (project / "tools").rmdir()
    (project / "tools").symlink_to(target)
    result = small.run(project, "status")
    assert result.returncode == 4
    assert "tools/run.sh" in result.stdout
    git(project, "checkout", "-q", "--", "tools/run.sh")
    assert small.run(project, "status").stdout.count("tools/run.sh") == 0


@FUZZED
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_a_mapping_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz.yml"
    file.write_bytes(content)
    assert all(problem.startswith(f"{file}: ") for problem in _problems(lambda: reading.mapping_of(file)))


# pieces from which hostile YAML is made, put together at random; _ stands for a space
WORDS = r"""
a:_ -_ [ ] { } ,_ __ &a_ *a !!int_ !!set_ !!omap_ !!pairs_ !!timestamp_ !!binary_ <<:_ ?_ :_
1 0x 0b 1:60 2024-13-01 ~ ' " | > % --- ... \ # é = .inf 1e999 0o9 ! !a @ `
"""
PIECES = [*WORDS.split(), *"\n\u2028\x85"]


@FUZZED
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_any_yaml_is_a_value_or_a_sentence(pieces: list[str]) -> None:
    text = "".join(pieces).replace("_", " ")
    assert all(problem.startswith("name: ") for problem in _problems(lambda: reading.yaml_of(text, "name")))


@FUZZED
@given(st.binary(max_size=100))
def test_any_lock_is_merged_or_refused(content: bytes) -> None:
    def merge() -> bytes:
        return python_lock.merge("requirements.lock", b"anyio==4.1\n", content, b"anyio==4.2\n")

    assert all(problem.startswith("requirements.lock: ") for problem in _problems(merge))


def _problems(read: Callable[[], object]) -> tuple[str, ...]:
    """What `read` refuses; nothing where it gives a value. Any other exception is a fault of ours."""
    try:
        read()
    except UserError as error:
        return error.problems
    return ()
