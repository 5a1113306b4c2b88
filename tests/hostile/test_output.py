"""What is printed of names and contents that others chose cannot steer a terminal, nor run when copied."""

import re
import subprocess
from pathlib import Path

import pytest
from shipsmith import terminal
from shipsmith.template import location
from shipsmith.template.questionnaire import questions_of

from ..support.command_line import shipsmith
from ..support.updates.small import SERVICE, Small, commit, git

ESCAPES = {
    "a control sequence": "\x1b[2J",
    "a title": "\x1b]0;pwned\x07",
    "a carriage return": "all is well\r",
    "a backspace": "\b\b\b",
    "a C1 control": "\x9b2J",
    "a text direction": "\u202e",
    "an isolate": "\u2066",
    "a line separator": "\u2028",
    "a paragraph separator": "\u2029",
    "an invisible mark": "\u200b",
    "a byte order mark": "\ufeff",
    "a tag": "\U000e0041",
}
EVERY = "".join(ESCAPES.values())
IN_QUOTES = EVERY.encode("unicode_escape").decode()
INVISIBLE = re.compile(
    r"[^\n -~\u00a1-\uffff]|[\u0080-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]"
)


def _is_clean(*texts: str) -> bool:
    return not any(INVISIBLE.search(text.replace("…", "").replace("→", "")) for text in texts)


def test_names_of_files_are_printed_plain(small: Small, project: Path) -> None:
    """In a report, in an error, and in a proposed command."""
    name = f"own{EVERY}.txt"
    commit(project, {name: "mine\n", "service.py": SERVICE.replace("line 3\n", "mine\n")})
    git(project, "mv", "service.py", f"service{EVERY}.py")
    git(project, "commit", "-qm", "moved")
    (project / name).write_text("changed\n")
    refused = small.run(project, "update", "--to", "v0.2.0")
    git(project, "checkout", "-q", "--", ".")
    updated = small.run(project, "update", "--to", "v0.2.0")
    assert (refused.returncode, updated.returncode) == (1, 3)
    resumed = small.run(project, "continue")
    assert "\\x1b[2J" in updated.stdout
    assert _is_clean(refused.stderr, updated.stdout, resumed.stderr, small.run(project, "status").stdout)


@pytest.mark.parametrize("name", ["_src_path", "_commit", "cache"])
def test_what_a_project_says_of_itself_is_printed_plain(small: Small, project: Path, name: str) -> None:
    answers = project / ".copier-answers.yml"
    lines = [line for line in answers.read_text().splitlines() if not line.startswith(f"{name}:")]
    answers.write_text("\n".join([*lines, f'{name}: "v0.1.0{IN_QUOTES}"', ""]))
    result = small.run(project, "status")
    assert result.returncode == 1
    assert _is_clean(result.stdout, result.stderr)


def test_a_presets_description_and_answers_are_printed_plain(tmp_path: Path) -> None:
    preset = f'description: "For us{IN_QUOTES}"\nanswers: {{owner: "a{IN_QUOTES}"}}\n'
    (tmp_path / "team.yml").write_text(preset)
    shown = shipsmith("presets", "show", "./team.yml", cwd=tmp_path)
    assert shown.returncode == 0
    refused = shipsmith("new", "made", "--defaults", "--preset", "./team.yml", cwd=tmp_path)
    assert refused.returncode == 1
    assert _is_clean(shown.stdout, shown.stderr, refused.stderr)


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_an_answer_with_what_cannot_be_seen_is_refused(escape: str) -> None:
    problems = questions_of(location.root()).problems({"description": f"Keeps{escape} orders."})
    assert len(problems) == 1
    assert "some file formats misread" in problems[0]


NAMES = [
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "a b",
    "it's",
    'a"b',
    "-rf",
    "--all",
    ":(exclude)x",
    "*",
    "a\nb",
    "a\\b",
    "\x1b[2J",
    "~",
    "&",
]


@pytest.mark.parametrize("name", ["$(touch pwned)", "-rf", ":(exclude)x"])
def test_a_proposed_command_names_that_file_and_runs_nothing_else(
    small: Small, project: Path, name: str
) -> None:
    """The user moved a file, and edited lines that the template changes: the conflict has that name."""
    git(project, "mv", "service.py", f"./{name}")
    commit(project, {name: SERVICE.replace("line 3\n", "mine\n")})
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 3
    proposed = small.run(project, "continue").stderr
    (command,) = re.findall(r"then: (git add .*)", proposed)
    (project / name).write_text("resolved\n")
    subprocess.run(["bash", "-c", command], cwd=project, check=True)
    assert git(project, "ls-files", "--unmerged") == ""
    assert not (project / "pwned").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_quoted_word_is_one_argument(name: str) -> None:
    command = terminal.command("printf", "%s", name)
    assert command.isprintable()
    printed = subprocess.run(["bash", "-c", command], capture_output=True, check=True).stdout
    assert printed == name.encode()
