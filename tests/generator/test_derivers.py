"""Files that are made from other files, and the languages that there are derivers for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from shipsmith.project.create import create, paths
from shipsmith.rendering.derived import derivers
from shipsmith.rendering.render import render
from shipsmith.template import location, presets, versions
from shipsmith.template.questionnaire import questions_of


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A copy, in which the question for the language offers another one."""
    copy = tmp_path / "shipsmith"
    copy.mkdir()
    for name in ("template", "presets"):
        shutil.copytree(location.root() / name, copy / name)
    questions = (location.root() / "copier.yml").read_text()
    assert "choices: [python]" in questions
    (copy / "copier.yml").write_text(questions.replace("choices: [python]", "choices: [python, go]"))
    return copy


def new_in_go(template: Path) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; from pathlib import Path; from shipsmith import __main__\n"
        "from shipsmith.template import location\n"
        f"location.root = lambda: Path({str(template)!r})\n"
        "__main__.main()"
    )
    command = [sys.executable, "-c", program, "new", "orders", "--defaults", "--set", "language=go"]
    return subprocess.run(command, cwd=template.parent, capture_output=True, text=True, check=False)


def test_a_language_without_a_folder_is_refused(template: Path) -> None:
    result = new_in_go(template)
    assert result.returncode == 1
    assert result.stderr == (
        "shipsmith: language=go is not supported. Missing: template/{{ in_go }}/_option/parts.jinja, "
        "template/_shared/go/reserved.jinja\n"
    )
    assert not (template.parent / "orders").exists()


def test_a_language_without_derivers_is_refused(template: Path) -> None:
    for folder in ("{{ in_%s }}", "_shared/%s"):
        shutil.copytree(template / "template" / (folder % "python"), template / "template" / (folder % "go"))
    result = new_in_go(template)
    assert result.returncode == 1
    assert "Missing: its derivers" in result.stderr


@pytest.mark.parametrize("preset", ["minimal", "full"])
def test_each_derived_file_has_one_deriver(tmp_path: Path, preset: str) -> None:
    """And no rendered file has one: its patterns say exactly what a deriver writes."""
    answers = questions_of(location.root()).resolve(presets.load(location.root(), preset).answers)
    template = versions.working()
    render(answers, template, tmp_path / "rendered")
    rendered = set(paths(tmp_path / "rendered"))
    made = set(create(answers, template, tmp_path / "made", git=False).files) - rendered
    makers = {path: [each for each in derivers(answers) if each.makes(path)] for path in made | rendered}
    assert {path for path, each in makers.items() if len(each) == 1} == made
    assert {path for path, each in makers.items() if not each} == rendered
