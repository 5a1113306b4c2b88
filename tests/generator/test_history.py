"""Every release can be made again: from a clone, and from what was installed, without a network."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import Process, Value
from pathlib import Path
from shutil import rmtree

import pytest
from shipsmith import history, source, trees
from shipsmith.errors import UserError

from .. import checkout
from .cli import SHIPSMITH, left_in, shipsmith

RELEASES = ["v0.1.0", "v0.2.0", "v0.9.0", "v0.10.0"]
NEW = ("new", "--defaults", "--no-git", "--preset", "minimal", "--set", "service_name=orders")
LOST_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
AT_ONCE = 20
REPAIRS = 5


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with four releases of the template, of which each changes something else."""
    folder = checkout.copy(tmp_path_factory.mktemp("repository") / "shipsmith")
    (folder / "template" / "_shared" / "run.sh").write_text("true\n")
    (folder / "template" / "_shared" / "run.sh").chmod(0o755)
    (folder / "template" / "_shared" / "link").symlink_to("names.jinja")
    checkout.release(folder, "v0.1.0")
    replace(folder / "template" / "README.md.jinja", "Owned by", "Kept by")
    replace(folder / "presets" / "minimal.yml", "answers: {", "answers: {owner: shipwrights, ")
    checkout.release(folder, "v0.2.0")
    (folder / "template" / "EDITION.jinja").write_text("{{ edition }}\n")
    question = "edition: {type: str, choices: [first, second], default: second}\n"
    replace(folder / "copier.yml", "service_name:\n", f"{question}service_name:\n")
    checkout.release(folder, "v0.9.0")
    (folder / "template" / "EDITION.jinja").unlink()
    replace(folder / "template" / "_shared" / "python" / "universe.lock", "sha256:0", "sha256:1")
    checkout.release(folder, "v0.10.0")
    return folder


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(clone, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel was installed into."""
    folder = tmp_path_factory.mktemp("installed")
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps"]
    subprocess.run([*install, "--compile-bytecode", "--target", str(folder), str(wheel)], check=True)
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that versions are expanded into: an empty one for each test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "shipsmith" / "templates"


@pytest.fixture
def in_clone(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our functions see the clone."""
    stand_in(clone, monkeypatch)
    return clone


@pytest.fixture
def in_installation(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our functions see what was installed."""
    stand_in(installed / "shipsmith" / "_data", monkeypatch)
    return installed


def stand_in(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "root", lambda: root)
    for name in ("commit", "carried"):
        monkeypatch.setattr(source, name, getattr(source, name).__wrapped__)


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_is_made_again_to_the_byte(
    tmp_path: Path, clone: Path, installed: Path, release: str
) -> None:
    """By what was installed, and by a clone that has moved on, as by a checkout of that release."""
    then = tmp_path / "then"
    checkout.git(clone, "clone", "--quiet", "--branch", release, str(clone), str(then))
    make(tmp_path / "expected", then / "generator")
    make(tmp_path / "from-clone", clone / "generator", "--at", release)
    make(tmp_path / "from-wheel", installed, "--at", release)
    expected = files(tmp_path / "expected")
    assert f"_commit: {release}\n".encode() in expected[".copier-answers.yml"]
    assert files(tmp_path / "from-clone") == expected
    assert files(tmp_path / "from-wheel") == expected


def test_questions_and_presets_are_those_of_the_release(tmp_path: Path, installed: Path) -> None:
    make(tmp_path / "first", installed, "--at", "v0.9.0", "--set", "edition=first")
    assert (tmp_path / "first" / "EDITION").read_text() == "first\n"
    arguments = [*NEW, "orders", "--at", "v0.1.0", "--set", "edition=first"]
    result = shipsmith(*arguments, cwd=tmp_path, PYTHONPATH=str(installed))
    assert (result.returncode, "edition: no such option" in result.stderr) == (1, True)
    owners = {
        release: make(tmp_path / release, installed, "--at", release)[".copier-answers.yml"]
        for release in ("v0.1.0", "v0.2.0")
    }
    assert b"owner: platform\n" in owners["v0.1.0"]
    assert b"owner: shipwrights\n" in owners["v0.2.0"]


def test_a_dry_run_lists_the_files_of_the_release(tmp_path: Path, installed: Path) -> None:
    listed = {
        release: shipsmith(
            *NEW, "orders", "--dry-run", "--at", release, cwd=tmp_path, PYTHONPATH=str(installed)
        ).stdout.split()
        for release in ("v0.9.0", "v0.10.0")
    }
    assert set(listed["v0.9.0"]) - set(listed["v0.10.0"]) == {"EDITION"}
    assert "requirements.lock" in listed["v0.10.0"]


def test_modes_and_links_are_kept(in_installation: Path) -> None:
    shared = history.template("v0.1.0").root / "template" / "_shared"
    assert os.access(shared / "run.sh", os.X_OK)
    assert not os.access(shared / "names.jinja", os.X_OK)
    assert os.readlink(shared / "link") == "names.jinja"


def test_our_ids_are_those_of_git(tmp_path: Path) -> None:
    """Entries whose order differs by whether a name is a folder's."""
    for name in ("a/x", "a.b", "a0", "ä", "empty"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name * (name != "empty"))
    checkout.git(tmp_path, "init", "--quiet")
    checkout.git(tmp_path, "add", "--all")
    expected = checkout.git(tmp_path, "write-tree").strip()
    rmtree(tmp_path / ".git")
    assert trees.folder_id(tmp_path) == expected


def damage_by_change(folder: Path) -> None:
    replace(folder / "copier.yml", "lower case", "upper case")


def damage_by_loss(folder: Path) -> None:
    rmtree(folder / "presets")


def damage_by_addition(folder: Path) -> None:
    (folder / "template" / "more").mkdir()
    (folder / "template" / "more" / "file").touch()


def damage_of_mode(folder: Path) -> None:
    (folder / "template" / "_shared" / "run.sh").chmod(0o644)


def damage_of_kind(folder: Path) -> None:
    """A folder where a file was, a file where a folder was, and another link."""
    (folder / "copier.yml").unlink()
    (folder / "copier.yml").mkdir()
    rmtree(folder / "presets")
    (folder / "presets").touch()
    (folder / "template" / "_shared" / "link").unlink()
    (folder / "template" / "_shared" / "link").symlink_to("elsewhere")


@pytest.mark.parametrize(
    "damage", [damage_by_change, damage_by_loss, damage_by_addition, damage_of_mode, damage_of_kind]
)
def test_what_is_damaged_is_made_anew(
    in_installation: Path, cache: Path, damage: Callable[[Path], None]
) -> None:
    root = history.template("v0.1.0").root
    expected = files(root)
    damage(root)
    assert files(root) != expected or damage is damage_of_mode
    assert history.template("v0.1.0").root == root
    assert files(root) == expected
    assert trees.folder_id(root) == root.name
    assert left_in(cache) == [root.name]


def test_what_is_intact_is_left_alone(in_installation: Path) -> None:
    """And byte code beside it is no damage."""
    root = history.template("v0.1.0").root
    (root / "template" / "__pycache__").mkdir()
    (root / "template" / "__pycache__" / "x.pyc").touch()
    before = (root / "copier.yml").stat()
    history.template("v0.1.0")
    after = (root / "copier.yml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert (root / "template" / "__pycache__" / "x.pyc").is_file()


@pytest.mark.parametrize("kind", ["clone", "installed"])
def test_many_processes_at_once_expand_a_version_once(
    request: pytest.FixtureRequest, tmp_path: Path, cache: Path, kind: str
) -> None:
    """From an empty cache; each finds the whole, and nothing else is left."""
    root = request.getfixturevalue(kind)
    package = root / "generator" if kind == "clone" else root
    program = (
        "from shipsmith import history, trees\n"
        "root = history.template('v0.1.0').root\n"
        "print(root.name, trees.folder_id(root), (root / 'copier.yml').stat().st_ino)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(package)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(AT_ONCE)
    ]
    said = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * AT_ONCE
    assert len(set(map(tuple, said))) == 1
    name, content, _ = said[0]
    assert name == content
    assert left_in(cache) == [name]


def test_readers_are_not_disturbed_while_a_damaged_version_is_made_anew(in_installation: Path) -> None:
    root = history.template("v0.1.0").root
    with reading(root / "template" / "_shared" / "names.jinja") as reads:
        for _ in range(REPAIRS):
            damage_by_change(root)
            damage_by_addition(root)
            history.template("v0.1.0")
    assert reads() > 0


def test_what_a_killed_process_left_is_removed(in_installation: Path, cache: Path) -> None:
    (cache / ".making-dead" / "template").mkdir(parents=True)
    root = history.template("v0.1.0").root
    assert left_in(cache) == [root.name]


def test_a_cache_that_cannot_be_used_is_said_to_be(tmp_path: Path, installed: Path) -> None:
    (tmp_path / "file").touch()
    arguments = (*NEW, "orders", "--at", "v0.1.0")
    result = shipsmith(*arguments, cwd=tmp_path, PYTHONPATH=str(installed), XDG_CACHE_HOME=f"{tmp_path}/file")
    assert result.returncode == 1
    assert "the cache cannot be used: Not a directory" in result.stderr
    assert "XDG_CACHE_HOME" in result.stderr


def test_an_old_version_without_git_says_that_it_is_needed(tmp_path: Path, installed: Path) -> None:
    """The installed version itself needs none."""
    environment = {"PYTHONPATH": str(installed), "PATH": os.devnull}
    old = shipsmith(*NEW, "old", "--at", "v0.1.0", cwd=tmp_path, **environment)
    assert (old.returncode, "git was not found. Install it" in old.stderr) == (1, True)
    current = shipsmith(*NEW, "current", "--at", "v0.10.0", cwd=tmp_path, **environment)
    assert current.returncode == 0, current.stderr
    assert left_in(tmp_path) == ["current"]


def test_a_relative_cache_folder_counts_for_nothing(
    in_installation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert history.template("v0.1.0").root.is_relative_to(tmp_path / ".cache" / "shipsmith" / "templates")


def test_a_project_newer_than_the_installation_asks_for_an_upgrade(in_installation: Path) -> None:
    with pytest.raises(UserError, match=r"v0\.11\.0.* up to v0\.10\.0\. Upgrade it: pipx upgrade shipsmith"):
        history.template("v0.11.0")
    with pytest.raises(UserError, match=r"Upgrade it: pipx"):
        history.template("v0.11.0-3-gabc1234")


def test_a_project_newer_than_the_clone_asks_for_a_pull(in_clone: Path) -> None:
    with pytest.raises(UserError, match=r"v0\.11\.0.* up to v0\.10\.0\. Upgrade it: git fetch --tags"):
        history.template("v0.11.0")


@pytest.mark.parametrize("version", ["v0.1.0-3-gabc1234", "abc1234"])
def test_an_installation_sends_unreleased_commits_to_a_clone(in_installation: Path, version: str) -> None:
    with pytest.raises(UserError, match=r"was not released.* from a clone of https://"):
        history.template(version)


@pytest.mark.parametrize("version", ["v0.9.1", "main", "HEAD", "--help", "", "abc1234", "v0.1.0..v0.2.0"])
def test_an_unknown_version_lists_what_there_is(in_clone: Path, version: str) -> None:
    with pytest.raises(
        UserError, match=r"no such version.* There are: v0\.1\.0, v0\.2\.0, v0\.9\.0, v0\.10\.0"
    ):
        history.template(version)


def test_new_at_an_unknown_version_suggests_the_nearest(tmp_path: Path, installed: Path) -> None:
    result = shipsmith(*NEW, "orders", "--at", "0.9.0", cwd=tmp_path, PYTHONPATH=str(installed))
    assert result.returncode == 1
    assert "Did you mean 'v0.9.0'?" in result.stderr
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("kind", ["in_clone", "in_installation"])
def test_releases_are_ordered_as_versions(request: pytest.FixtureRequest, kind: str) -> None:
    """v0.10.0 is later than v0.9.0."""
    request.getfixturevalue(kind)
    assert history.passed("v0.1.0", "v0.10.0") == ["v0.2.0", "v0.9.0", "v0.10.0"]
    assert history.passed("v0.9.0", "v0.10.0") == ["v0.10.0"]
    assert history.passed("v0.2.0-4-gabc1234", "v0.9.0-2-gabc1234") == ["v0.9.0"]
    assert history.passed("v0.10.0", "v0.9.0") == []
    assert history.precedes("v0.9.0", "v0.10.0") is True
    assert history.precedes("v0.10.0", "v0.9.0") is False
    assert history.precedes("v0.9.0", "v0.9.0") is False
    assert history.precedes("v0.9.0", "v0.9.0-2-gabc1234") is True
    assert history.precedes("v0.9.0-2-gabc1234", "v0.10.0") is True
    assert history.precedes("v0.9.0", "abc1234") is None


def test_the_clones_own_commits_are_ordered(
    tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", str(clone), str(repository))
    stand_in(repository, monkeypatch)
    checkout.git(repository, "commit", "--quiet", "--allow-empty", "--message", "one")
    first, first_id = source.commit(), checkout.git(repository, "rev-parse", "HEAD").strip()
    checkout.git(repository, "commit", "--quiet", "--allow-empty", "--message", "two")
    second = source.commit()
    assert first.startswith("v0.10.0-1-g")
    assert (history.precedes(first, second), history.precedes(second, first)) == (True, False)
    assert history.precedes(first, first_id) is False
    assert history.passed("v0.9.0", first_id) == ["v0.10.0"]
    checkout.git(repository, "checkout", "--quiet", "-b", "other", first_id)
    checkout.git(repository, "commit", "--quiet", "--allow-empty", "--message", "three")
    assert history.precedes(second, source.commit()) is None


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
        template = history.template(version)
        assert template.version == version
        assert "Held by" in (template.root / "template" / "README.md.jinja").read_text()


def test_a_changed_checkout_renders_its_changes_and_updates_to_its_commit(
    tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is recorded can be rendered again later; a developer sees the change that is being made."""
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", str(clone), str(repository))
    stand_in(repository, monkeypatch)
    assert history.newest() == history.working() == history.Template("v0.10.0", repository)
    (repository / "template" / "NEWS").write_text("changed\n")
    assert history.working().root == repository
    newest = history.newest()
    assert newest.version == "v0.10.0"
    assert not (newest.root / "template" / "NEWS").exists()
    made = make(tmp_path / "orders", repository / "generator")
    assert made["NEWS"] == b"changed\n"
    assert "NEWS" not in make(tmp_path / "committed", repository / "generator", "--at", "v0.10.0")


def test_an_installation_needs_no_cache_for_its_own_version(in_installation: Path, cache: Path) -> None:
    assert history.newest() == history.Template("v0.10.0", source.root())
    assert not cache.exists()


def test_a_clones_line_endings_change_nothing(tmp_path: Path, clone: Path) -> None:
    """Where git checks out CRLF, what is rendered is what was committed."""
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "-c", "core.autocrlf=true", "clone", "--quiet", str(clone), str(repository))
    checkout.git(repository, "config", "core.autocrlf", "true")
    make(tmp_path / "here", repository / "generator", "--at", "v0.10.0")
    make(tmp_path / "there", clone / "generator", "--at", "v0.10.0")
    assert files(tmp_path / "here") == files(tmp_path / "there")


def test_a_build_is_the_same_whatever_the_users_git_configuration(
    tmp_path: Path, clone: Path, wheel: Path
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[core]\nautocrlf = true\nabbrev = 40\n[init]\ndefaultObjectFormat = sha256\n[column]\nui = always\n"
        "[commit]\ngpgSign = true\n[tag]\ngpgSign = true\nsort = -version:refname\n"
        "[i18n]\ncommitEncoding = latin1\n[pack]\ncompression = 0\nthreads = 7\n[color]\nui = always\n"
    )
    environment = {"GIT_CONFIG_GLOBAL": str(settings), "GIT_DEFAULT_HASH": "sha256", "GIT_DIR": "/nowhere"}
    again = build(clone, "wheel", tmp_path / "dist", **environment)
    assert again.read_bytes() == wheel.read_bytes()


def test_the_bundle_holds_the_releases_of_the_template_and_nothing_else(
    tmp_path: Path, installed: Path
) -> None:
    bundle = installed / "shipsmith" / "_data" / "history.bundle"
    checkout.git(tmp_path, "clone", "--quiet", "--bare", str(bundle), "bare")
    bare = tmp_path / "bare"
    assert sorted(checkout.git(bare, "tag").split()) == sorted(RELEASES)
    for release in RELEASES:
        names = checkout.git(bare, "ls-tree", "--name-only", release).split()
        assert names == ["copier.yml", "presets", "template"]


def test_more_releases_cost_little_more(tmp_path: Path, clone: Path, installed: Path) -> None:
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", "--branch", "v0.10.0", str(clone), str(repository))
    for number in range(11, 21):
        with (repository / "template" / "README.md.jinja").open("a") as readme:
            readme.write(f"What is new in {number}\n")
        checkout.release(repository, f"v0.{number}.0")
    unpacked = unpack(build(repository, "sdist", tmp_path / "dist"), tmp_path / "unpacked")
    four = (installed / "shipsmith" / "_data" / "history.bundle").stat().st_size
    fourteen = (unpacked / "history.bundle").stat().st_size
    assert fourteen < 1.1 * four


def test_a_wheel_from_the_source_distribution_is_the_same(tmp_path: Path, clone: Path, wheel: Path) -> None:
    """Which has no repository, and carries the history."""
    unpacked = unpack(build(clone, "sdist", tmp_path / "dist"), tmp_path / "unpacked")
    assert build(unpacked, "wheel", tmp_path / "dist").read_bytes() == wheel.read_bytes()


def test_an_unpacked_source_distribution_knows_the_releases(tmp_path: Path, clone: Path) -> None:
    unpacked = unpack(build(clone, "sdist", tmp_path / "dist"), tmp_path / "unpacked")
    made = make(tmp_path / "orders", unpacked / "generator", "--at", "v0.9.0")
    assert made["EDITION"] == b"second\n"


def test_a_commit_that_is_not_released_builds_what_says_so(
    tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", str(clone), str(repository))
    checkout.git(repository, "commit", "--quiet", "--allow-empty", "--message", "one")
    described = checkout.git(repository, "describe", "--tags").strip()
    unpacked = unpack(build(repository, "sdist", tmp_path / "dist"), tmp_path / "unpacked")
    assert json.loads((unpacked / "history.json").read_text())["version"] == described
    stand_in(unpacked, monkeypatch)
    assert history.newest() == history.Template(described, unpacked)
    assert history.passed("v0.9.0", described) == ["v0.10.0"]


@pytest.mark.parametrize("damage", ["no repository", "shallow"])
def test_a_build_that_would_lose_the_history_fails(tmp_path: Path, clone: Path, damage: str) -> None:
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", "--depth=1", clone.as_uri(), str(repository))
    if damage == "no repository":
        rmtree(repository / ".git")
    reasons = {"no repository": "Build from a full clone", "shallow": "git fetch --unshallow --tags"}
    with pytest.raises(subprocess.CalledProcessError) as failure:
        build(repository, "wheel", tmp_path / "dist")
    assert reasons[damage] in failure.value.stderr


def test_an_installation_updates_an_old_project_without_a_network(tmp_path: Path, installed: Path) -> None:
    for name in ("old", "fresh"):
        (tmp_path / name).mkdir()
    project = tmp_path / "old" / "orders"
    make(project, installed, "--at", "v0.2.0")
    checkout.git(project, "init", "--quiet")
    checkout.commit(project, "made")
    run(installed, "update", str(project), "--defaults", cwd=tmp_path)
    rmtree(project / ".git")
    assert files(project) == make(tmp_path / "fresh" / "orders", installed)


def make(destination: Path, package: Path, *arguments: str) -> dict[str, bytes]:
    """What the shipsmith in `package` makes at `destination`, without a network."""
    run(package, *NEW, str(destination), *arguments, cwd=destination.parent)
    return files(destination)


def run(package: Path, *arguments: str, cwd: Path) -> None:
    """Run the shipsmith in `package`, without a network."""
    result = subprocess.run(
        [*without_network(), *SHIPSMITH, *arguments],
        cwd=cwd,
        env=os.environ | LOST_NETWORK | {"PYTHONPATH": str(package)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def without_network() -> list[str]:
    """What to put before a command, where this machine lets us take the network from it."""
    command = ["unshare", "--map-root-user", "--net"]
    try:
        return command if subprocess.run([*command, "true"], capture_output=True).returncode == 0 else []
    except FileNotFoundError:
        return []


def build(folder: Path, target: str, destination: Path, **environment: str) -> Path:
    """The wheel or source distribution that is built of a folder."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        target,
        "--directory",
        str(destination),
    ]
    settings = os.environ | environment
    subprocess.run(command, cwd=folder, env=settings, check=True, capture_output=True, text=True)
    (built,) = destination.glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[target])
    return built


def unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@contextmanager
def reading(path: Path) -> Iterator[Callable[[], int]]:
    """Another process reads a file all the time, and must find it whole; how often it did."""
    going, reads = Value("b", True), Value("i", 0)

    def read() -> None:
        expected = path.read_bytes()
        while going.value:
            assert path.read_bytes() == expected
            reads.value += 1

    reader = Process(target=read)
    reader.start()
    try:
        yield lambda: reads.value
    finally:
        going.value = False
        reader.join()
    assert reader.exitcode == 0
