"""Show how a change of the template changes generated repositories: `python -m tools.compare_rows REF`.

Renders every row of the test matrix with the template of REF and with that of the working tree. Prints each
difference once, with the number of rows that have it. The exit status is 1 if there are differences.
"""

import subprocess
import sys
import tarfile
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from difflib import unified_diff
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from shipsmith.rendering import copier
from shipsmith.rendering.derived import derive
from shipsmith.template import location as source
from shipsmith.template.questionnaire import Answers
from shipsmith.template.versions import Template

from tests.support.services.rows import matrix

Rendered = dict[str, bytes]


def main() -> None:
    parser = ArgumentParser(description="Compare the output of two versions of the template, row by row.")
    parser.add_argument("ref", help="the commit to compare with, such as HEAD")
    parser.add_argument("--names", action="store_true", help="print only which files differ")
    arguments = parser.parse_args()
    rows = list(matrix().values())
    with TemporaryDirectory() as name:
        before = _checked_out(arguments.ref, Path(name))
        with ProcessPoolExecutor() as pool:
            old = pool.map(partial(_rendered, before), rows)
            new = pool.map(partial(_rendered, source.root()), rows)
            differences = Counter(each for pair in zip(old, new, strict=True) for each in _compare(*pair))
    for (path, text), count in sorted(differences.items()):
        print(f"{path}: {count} of {len(rows)} rows" if arguments.names else text)
    print(f"{len(rows)} rows, {len(differences)} differences")
    sys.exit(1 if differences else 0)


def _checked_out(ref: str, folder: Path) -> Path:
    archive = subprocess.run(
        ["git", "-C", source.root(), "archive", ref], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as stream:
        stream.extractall(folder, filter="data")
    return folder


def _rendered(root: Path, answers: Answers) -> Rendered:
    """The files of a new repository by path, including stubs and lock files."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        template = Template("v0.0.0", root)
        copier.run(answers, template, folder)
        derive(folder, answers, template)
        return {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }


def _compare(old: Rendered, new: Rendered) -> list[tuple[str, str]]:
    """The paths that differ, each with its diff."""
    return [
        (path, _difference(path, old.get(path, b""), new.get(path, b"")))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]


def _difference(path: str, old: bytes, new: bytes) -> str:
    before, after = (text.decode().splitlines(keepends=True) for text in (old, new))
    return "".join(unified_diff(before, after, f"before/{path}", f"after/{path}"))


if __name__ == "__main__":
    main()
