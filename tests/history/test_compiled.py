"""Texts of a template are compiled once, and damaged or missing code changes nothing."""

from pathlib import Path
from typing import Any

import pytest
from jinja2 import FileSystemLoader
from shipsmith.template.compiled import CachingEnvironment, keep_code

TEXT = "{{ 6 * factor }}"


@pytest.fixture
def folder(cache: Path) -> Path:
    return cache.with_name("compiled")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were compiled, and not taken from the cache."""
    texts: list[str] = []
    compile_ = CachingEnvironment.compile

    def noted(self: CachingEnvironment, source: str, *arguments: Any, **named: Any) -> Any:
        texts.append(source)
        return compile_(self, source, *arguments, **named)

    monkeypatch.setattr(CachingEnvironment, "compile", noted)
    return texts


def environment(templates: Path, **settings: bool) -> CachingEnvironment:
    made = CachingEnvironment(loader=FileSystemLoader(templates), **settings)
    keep_code(made)
    return made


def test_a_text_is_compiled_once(tmp_path: Path, compiled: list[str]) -> None:
    (tmp_path / "file").write_text(TEXT)
    for _ in range(2):
        assert environment(tmp_path).from_string(TEXT).render(factor=7) == "42"
        assert environment(tmp_path).get_template("file").render(factor=7) == "42"
    assert compiled == [TEXT, TEXT]


def test_a_changed_file_is_compiled_anew(tmp_path: Path) -> None:
    for text in ("one", "two"):
        (tmp_path / "file").write_text(text)
        assert environment(tmp_path).get_template("file").render() == text


def test_settings_that_change_the_code_are_told_apart(tmp_path: Path) -> None:
    text = "{% if true %}\nx{% endif %}"
    for trim_blocks, expected in ((False, "\nx"), (True, "x")):
        assert environment(tmp_path, trim_blocks=trim_blocks).from_string(text).render() == expected


def test_an_error_names_the_file_that_was_read(tmp_path: Path) -> None:
    """Not the one of another version with the same text."""
    for version in ("old", "new"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "file").write_text("\n{{ 1 // 0 }}")
    for version in ("old", "new"):
        template = environment(tmp_path / version).get_template("file")
        assert template.filename == str(tmp_path / version / "file")
        with pytest.raises(ZeroDivisionError) as raised:
            template.render()
        assert str(raised.traceback[-1].path) == str(tmp_path / version / "file")


@pytest.mark.parametrize("damage", [b"", b"\0" * 100], ids=["empty", "overwritten"])
def test_damaged_code_is_compiled_anew(
    tmp_path: Path, folder: Path, compiled: list[str], damage: bytes
) -> None:
    environment(tmp_path).from_string(TEXT)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    for content in (damage, whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
        file.write_bytes(content)
        assert environment(tmp_path).from_string(TEXT).render(factor=7) == "42"
        assert file.read_bytes() == whole
    assert compiled == [TEXT] * 4


def test_without_a_place_for_it_texts_are_compiled_each_time(
    tmp_path: Path, folder: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.parent.mkdir(parents=True)
    folder.touch()
    assert environment(tmp_path).from_string(TEXT).render(factor=7) == "42"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", no_home)
    assert environment(tmp_path).from_string(TEXT).render(factor=7) == "42"
    assert compiled == [TEXT] * 2


def no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")
