"""Which versions there are, in which order, and what is said of those that are unknown."""

from pathlib import Path

import pytest
from shipsmith.errors import UserError
from shipsmith.template import location, versions

from ..support import checkout
from ..support.releases import make, replace, stand_in


def test_a_project_newer_than_the_installation_asks_for_an_upgrade(in_installation: Path) -> None:
    with pytest.raises(UserError, match=r"v0\.11\.0.* up to v0\.10\.0\. Upgrade it: pipx upgrade shipsmith"):
        versions.template("v0.11.0")
    with pytest.raises(UserError, match=r"Upgrade it: pipx"):
        versions.template("v0.11.0-3-gabc1234")


def test_a_project_newer_than_the_clone_asks_for_a_pull(in_clone: Path) -> None:
    with pytest.raises(UserError, match=r"v0\.11\.0.* up to v0\.10\.0\. Upgrade it: git fetch --tags"):
        versions.template("v0.11.0")


@pytest.mark.parametrize("version", ["v0.1.0-3-gabc1234", "abc1234"])
def test_an_installation_sends_unreleased_commits_to_a_clone(in_installation: Path, version: str) -> None:
    with pytest.raises(UserError, match=r"is an unreleased commit.* from a clone of https://"):
        versions.template(version)


@pytest.mark.parametrize("version", ["v0.9.1", "main", "HEAD", "--help", "", "abc1234", "v0.1.0..v0.2.0"])
def test_an_unknown_version_lists_what_there_is(in_clone: Path, version: str) -> None:
    with pytest.raises(
        UserError, match=r"no such version.* Known versions: v0\.1\.0, v0\.2\.0, v0\.9\.0, v0\.10\.0"
    ):
        versions.template(version)


@pytest.mark.parametrize("kind", ["in_clone", "in_installation"])
def test_releases_are_ordered_as_versions(request: pytest.FixtureRequest, kind: str) -> None:
    """v0.10.0 is later than v0.9.0."""
    request.getfixturevalue(kind)
    assert versions.passed("v0.1.0", "v0.10.0") == ["v0.2.0", "v0.9.0", "v0.10.0"]
    assert versions.passed("v0.9.0", "v0.10.0") == ["v0.10.0"]
    assert versions.passed("v0.2.0-4-gabc1234", "v0.9.0-2-gabc1234") == ["v0.9.0"]
    assert versions.passed("v0.10.0", "v0.9.0") == []
    assert versions.precedes("v0.9.0", "v0.10.0") is True
    assert versions.precedes("v0.10.0", "v0.9.0") is False
    assert versions.precedes("v0.9.0", "v0.9.0") is False
    assert versions.precedes("v0.9.0", "v0.9.0-2-gabc1234") is True
    assert versions.precedes("v0.9.0-2-gabc1234", "v0.10.0") is True
    assert versions.precedes("v0.9.0", "abc1234") is None


def test_the_clones_own_commits_are_ordered(
    tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", str(clone), str(repository))
    stand_in(repository, monkeypatch)
    checkout.git(repository, "commit", "--quiet", "--allow-empty", "--message", "one")
    first, first_id = location.commit(), checkout.git(repository, "rev-parse", "HEAD").strip()
    checkout.git(repository, "commit", "--quiet", "--allow-empty", "--message", "two")
    second = location.commit()
    assert first.startswith("v0.10.0-1-g")
    assert (versions.precedes(first, second), versions.precedes(second, first)) == (True, False)
    assert versions.precedes(first, first_id) is False
    assert versions.passed("v0.9.0", first_id) == ["v0.10.0"]
    checkout.git(repository, "checkout", "--quiet", "-b", "other", first_id)
    checkout.git(repository, "commit", "--quiet", "--allow-empty", "--message", "three")
    assert versions.precedes(second, location.commit()) is None


def test_a_clone_knows_what_is_not_released(
    tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what `git describe` calls it, which copier records, and by its id."""
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", str(clone), str(repository))
    replace(repository / "template" / "README.md.jinja", "Kept by", "Held by")
    checkout.commit(repository, "between")
    described = checkout.git(repository, "describe", "--tags").strip()
    commit = checkout.git(repository, "rev-parse", "HEAD").strip()
    checkout.git(repository, "reset", "--quiet", "--hard", "v0.9.0")
    stand_in(repository, monkeypatch)
    for version in (described, commit, commit[:8]):
        template = versions.template(version)
        assert template.version == version
        assert "Held by" in (template.root / "template" / "README.md.jinja").read_text()


def test_a_changed_checkout_renders_its_changes_and_updates_to_its_commit(
    tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is recorded can be rendered again later; a developer sees the change that is being made."""
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", str(clone), str(repository))
    stand_in(repository, monkeypatch)
    assert versions.newest() == versions.working() == versions.Template("v0.10.0", repository)
    (repository / "template" / "NEWS").write_text("changed\n")
    assert versions.working().root == repository
    newest = versions.newest()
    assert newest.version == "v0.10.0"
    assert not (newest.root / "template" / "NEWS").exists()
    made = make(tmp_path / "orders", repository / "generator")
    assert made["NEWS"] == b"changed\n"
    assert "NEWS" not in make(tmp_path / "committed", repository / "generator", "--at", "v0.10.0")
