"""Puts the template's history into what is built. docs/releasing.md says how a release is made."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# the build has hatchling and what it needs; these modules need no more than that
sys.path.insert(0, str(Path(__file__).parent))
from shipsmith.git.objects import folder_id
from shipsmith.git.process import BEGINNING, identity
from shipsmith.template.location import HISTORY
from shipsmith.template.store import BUNDLE, TEMPLATE, Clone, git, head, initialise

PLACES = {"wheel": "shipsmith/_data/", "sdist": ""}


class HistoryHook(BuildHookInterface[Any]):
    """In a clone the history is made from its tags; elsewhere it is what the source distribution carried."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the history's files. Raises RuntimeError where there is none to be had."""
        self._made = TemporaryDirectory(prefix="shipsmith-history-")
        if version == "editable":
            return
        folder = Path(self.root)
        if (folder / ".git").exists():
            folder = Path(self._made.name)
            make(Path(self.root), folder)
            self._warn_of_changes()
        elif not (folder / HISTORY).is_file():
            raise RuntimeError(
                f"{folder} has neither a git repository nor {HISTORY}: what is built from it could update no"
                " project. Build from a full clone, or from the source distribution"
            )
        for name in (HISTORY, BUNDLE):
            if (folder / name).is_file():
                build_data["force_include"][str(folder / name)] = PLACES[self.target_name] + name

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        self._made.cleanup()

    def _warn_of_changes(self) -> None:
        root = Path(self.root)
        git_dir = root / ".git"
        committed = Clone(git_dir).tree_id(head(git_dir))
        if folder_id(root, TEMPLATE) != committed:
            self.app.display_warning("the template has uncommitted changes: build no release from it")


def make(root: Path, folder: Path) -> None:
    """Write the history of the clone at `root` into `folder`: the ids of its releases, and their files."""
    git_dir = root / ".git"
    if git(git_dir, "rev-parse", "--is-shallow-repository") == b"true\n":
        raise RuntimeError("this clone is shallow and lacks releases. Run git fetch --unshallow --tags")
    clone = Clone(git_dir)
    tree_ids = {release: tree_id for release in clone.releases() if (tree_id := clone.tree_id(release))}
    history = {"version": head(git_dir), "trees": tree_ids}
    (folder / HISTORY).write_text(json.dumps(history, indent=1) + "\n", "utf-8")
    if tree_ids:
        with TemporaryDirectory() as bare:
            _bundle(clone, list(tree_ids), Path(bare), folder / BUNDLE)


def _bundle(clone: Clone, releases: list[str], bare: Path, file: Path) -> None:
    """Write a git bundle with a tag for each release, whose commit holds the template and nothing else."""
    initialise(bare)
    (bare / "objects" / "info" / "alternates").write_bytes(clone.objects())
    nobody = identity(date=BEGINNING)
    for release in releases:
        tree_id = git(bare, "mktree", "-z", stdin=clone.listing(release)).decode().strip()
        commit = git(bare, "commit-tree", tree_id, "-m", release, variables=nobody).decode().strip()
        git(bare, "update-ref", f"refs/tags/{release}", commit)
    # one thread: several would divide the work differently each time
    git(bare, "-c", "pack.threads=1", "bundle", "create", "--quiet", str(file), "--tags")
