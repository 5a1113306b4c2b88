"""From answers to files, by copier."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import lock, source, stubs


def render(answers: Mapping[str, Any], root: Path, destination: Path) -> None:
    """Render the template of `root` into the empty folder `destination`, and derive what follows from it."""
    from copier import Settings, run_copy
    from plumbum import local

    with TemporaryDirectory(prefix="shipsmith-template-") as folder:
        template = _snapshot(root, Path(folder))
        # copier would ask git about the template and about each file; neither is in a repository
        with local.env(PATH=os.devnull):
            run_copy(
                str(template),
                destination,
                data=dict(answers) | {"_commit": source.commit()},
                defaults=True,
                quiet=True,
                settings=Settings(),
            )
    derive(destination, root)


def derive(project: Path, root: Path) -> None:
    """Make what is in no render: the gRPC stubs and the locks."""
    stubs.write(project)
    lock.write(project, root)


def _snapshot(root: Path, folder: Path) -> Path:
    """The template without the repository around it, which copier would clone."""
    if not (root / ".git").exists():
        return root
    shutil.copy2(root / "copier.yml", folder)
    shutil.copytree(root / "template", folder / "template")
    return folder
