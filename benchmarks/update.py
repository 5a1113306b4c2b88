"""How long `shipsmith update` takes, as a whole process, beside `copier update` on the same repository.

Run it with `python benchmarks/update.py`. It makes a release history of the template as it stands, with a
change in each, and prints medians over RUNS runs; the commands take turns, so that ratios hold where the
machine's speed drifts. The third command passes one version only: time must not grow with their number.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 7
VERSIONS = [f"v0.{number}.0" for number in range(1, 11)]
URL = "https://github.com/shipsmith/shipsmith.git"
GIT = ["git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost"]


def git(folder: Path, *arguments: str) -> None:
    subprocess.run([*GIT, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def make_history(clone: Path) -> None:
    """Releases of the template, each with another line in a file that every project has."""
    git(ROOT, "clone", "--quiet", "--no-tags", str(ROOT), str(clone))
    readme = clone / "template" / "README.md.jinja"
    for version in VERSIONS:
        readme.write_text(readme.read_text() + f"\nSince {version}.\n")
        git(clone, "commit", "--quiet", "--all", "--message", version)
        git(clone, "tag", version)


def environment(folder: Path) -> dict[str, str]:
    """Byte code on disk, as after an installation's first run; a cache of our own; the history as the URL."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return variables | {
        "PYTHONPATH": str(folder / "clone" / "generator"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": f"url.file://{folder / 'clone'}.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
        "GIT_CONFIG_KEY_1": "user.name",
        "GIT_CONFIG_VALUE_1": "benchmark",
        "GIT_CONFIG_KEY_2": "user.email",
        "GIT_CONFIG_VALUE_2": "benchmark@localhost",
    }


def project(folder: Path, version: str) -> Path:
    made = folder / version / "orders"
    made.parent.mkdir()
    new = ["new", str(made), "--preset", "full", "--at", version, "--defaults"]
    subprocess.run(
        [sys.executable, "-m", "shipsmith", *new],
        check=True,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
    )
    return made


def measure(command: list[str], made: Path, folder: Path) -> float:
    """Seconds of one whole process, on a copy of the project."""
    copy = folder / "copy" / "orders"
    shutil.rmtree(copy.parent, ignore_errors=True)
    shutil.copytree(made, copy, symlinks=True)
    git(copy, "update-index", "-q", "--refresh")
    started = time.perf_counter()
    subprocess.run(command, cwd=copy, env=environment(folder), check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_history(folder / "clone")
        oldest, newest = VERSIONS[0], VERSIONS[-1]
        old, recent = project(folder, oldest), project(folder, VERSIONS[-2])
        ours = [sys.executable, "-m", "shipsmith", "update", "--defaults", "--to", newest]
        copiers = [sys.executable, "-m", "copier", "update", "--defaults", "--quiet", "--vcs-ref", newest]
        commands = {
            "shipsmith, 9 versions on": (ours, old),
            "copier, 9 versions on": (copiers, old),
            "shipsmith, 1 version on": (ours, recent),
        }
        seconds: dict[str, list[float]] = {label: [] for label in commands}
        for run in range(RUNS + 1):
            for label, (command, made) in commands.items():
                measured = measure(command, made, folder)
                if run:
                    seconds[label].append(measured)
        files = sum(path.is_file() for path in old.rglob("*") if ".git" not in path.relative_to(old).parts)
    print(f"{files} files, {len(VERSIONS)} versions, median of {RUNS} runs")
    for label, runs in seconds.items():
        print(f"{label:<26}{statistics.median(runs):6.2f} s")
    far, copier, near = seconds.values()
    print(f"copier's time to ours     {statistics.median(map(ratio, copier, far)):6.1f}")
    print(f"9 versions on to 1        {statistics.median(map(ratio, far, near)):6.2f}")


def ratio(one: float, other: float) -> float:
    return one / other


if __name__ == "__main__":
    main()
