"""Servers as jars, which Maven finds."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from shipsmith.git.locks import locked

from .packages import UnavailableError, require

JARS = Path(__file__).parents[3] / "build" / "jars"
PROJECT = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shipsmith</groupId>
  <artifactId>jars</artifactId>
  <version>1</version>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""


def jars(name: str, version: str, artifacts: Sequence[str]) -> Path:
    """The folder of the jars of these artifacts, `group:artifact` or `group:artifact:classifier`.

    They are fetched once, and kept for the next run. What has a classifier is complete in itself.
    """
    folder = JARS / name / version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent):
        if not folder.exists():
            _fetch(folder, version, artifacts)
    return folder


def distribution(name: str, version: str, artifact: str) -> Path:
    """The folder of a server that is a zip file, `group:artifact`: fetched once, and kept."""
    folder = JARS / name / version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent):
        if not folder.exists():
            unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
            try:
                options = [f"-Dartifact={artifact}:{version}:zip", f"-DoutputDirectory={unfinished}"]
                _run(["dependency:copy", *options], unfinished, f"{name} {version}")
                (file,) = unfinished.glob("*.zip")
                shutil.unpack_archive(file, unfinished)
                (unpacked,) = (each for each in unfinished.iterdir() if each.is_dir())
                unpacked.rename(folder)
            finally:
                shutil.rmtree(unfinished)
    return folder


def _run(arguments: Sequence[str], folder: Path, what: str) -> None:
    command = [require("mvn", "maven"), "-q", "-B", *arguments]
    result = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True)
    if result.returncode != 0:
        raise UnavailableError(f"Maven cannot fetch {what}: {result.stdout[-500:]}")


def _fetch(folder: Path, version: str, artifacts: Sequence[str]) -> None:
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        dependencies = "\n".join(_dependency(each, version) for each in artifacts)
        (unfinished / "pom.xml").write_text(PROJECT.format(dependencies=dependencies))
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={unfinished}/jars"]
        _run(goal, unfinished, f"{folder.parent.name} {version}")
        (unfinished / "jars").rename(folder)
    finally:
        shutil.rmtree(unfinished)


def _dependency(artifact: str, version: str) -> str:
    group, name, *classifier = artifact.split(":")
    elements = {"groupId": group, "artifactId": name, "version": version}
    text = "".join(f"<{key}>{value}</{key}>" for key, value in elements.items())
    if classifier:
        nothing_else = "<exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>"
        text += f"<classifier>{classifier[0]}</classifier><exclusions>{nothing_else}</exclusions>"
    return f"    <dependency>{text}</dependency>"
