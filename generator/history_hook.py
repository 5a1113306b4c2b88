"""Adds the template's history to a build. docs/releasing.md describes releases."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# builds only have hatchling and its dependencies, which are enough for these modules
sys.path.insert(0, str(Path(__file__).parent))
from shipsmith.git.objects import folder_id
from shipsmith.git.process import BEGINNING, identity
from shipsmith.template.location import HISTORY
from shipsmith.template.store import BUNDLE, TEMPLATE, Clone, git, head, initialise

PLACES = {"wheel": "shipsmith/_data/", "sdist": ""}


class HistoryHook(BuildHookInterface[Any]):
    """In a clone, the history comes from its tags; elsewhere, from the source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files of the history. Raises RuntimeError if no history is available."""
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
                f"{folder} has neither a git repository nor {HISTORY}: a build could not update"
                " projects. Build from a full clone, or from the source distribution"
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
            self.app.display_warning("the template has uncommitted changes: do not release this build")


def make(root: Path, folder: Path) -> None:
    """Write the history of the clone at `root` to `folder`: the ids of its releases, and their files."""
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
    """Write a git bundle with a tag for each release, whose commit contains only the template."""
    initialise(bare)
    (bare / "objects" / "info" / "alternates").write_bytes(clone.objects())
    nobody = identity(date=BEGINNING)
    for release in releases:
        tree_id = git(bare, "mktree", "-z", stdin=clone.listing(release)).decode().strip()
        commit = git(bare, "commit-tree", tree_id, "-m", release, variables=nobody).decode().strip()
        git(bare, "update-ref", f"refs/tags/{release}", commit)
    # one thread, for reproducible output: several would divide the work differently each time
    git(bare, "-c", "pack.threads=1", "bundle", "create", "--quiet", str(file), "--tags")
