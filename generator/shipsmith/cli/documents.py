"""Documents of other services, as users give them: of HTTP APIs, or of gRPC, in files that import others."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import UserError
from ..reading import text_of
from ..rendering.derived.clients import CLIENT_DOCUMENTS

SUFFIX = ".proto"
OF_HTTP = {".yaml": "openapi.yaml", ".yml": "openapi.yaml", ".json": "openapi.json"}
"""How documents of OpenAPI are called in projects, by their suffixes."""
MOST_FILES = 200

Documents = dict[str, bytes]
"""Their contents by their paths in the project."""


def protocol_of(path: Path) -> str:
    """What the service speaks that has this document."""
    return "http" if _document(path).suffix in OF_HTTP else "grpc"


def _document(path: Path) -> Path:
    """The OpenAPI document in a folder, if it has one; else the path itself."""
    return next((path / name for name in OF_HTTP.values() if (path / name).is_file()), path)


def read(name: str, path: Path) -> Documents:
    """The documents of the client `name`. Raises UserError with all that is wrong."""
    path = _document(path)
    if not path.exists():
        raise UserError(f"{path}: there is no such file or folder")
    if path.is_file() and path.suffix in OF_HTTP:
        return {f"{CLIENT_DOCUMENTS}/{name}/{OF_HTTP[path.suffix]}": text_of(path).encode()}
    if path.is_file() and path.suffix != SUFFIX:
        raise UserError(f"{path}: is not a {SUFFIX} file, nor a folder of them, nor an OpenAPI document")
    files = [path] if path.is_file() else sorted(path.rglob(f"*{SUFFIX}"))
    if not files:
        raise UserError(f"{path}: has no {SUFFIX} file")
    if len(files) > MOST_FILES:
        raise UserError(f"{path}: has {len(files)} {SUFFIX} files. Give the folder of the service alone")
    root = path.parent if path.is_file() else path
    return {
        f"{CLIENT_DOCUMENTS}/{name}/{file.relative_to(root).as_posix()}": text_of(file).encode()
        for file in files
    }


def uses(name: str, folder: Path, tracked: Iterable[str]) -> Iterator[str]:
    """The modules of a project, outside of the client itself, that name it."""
    module = name.replace("-", "_")
    named = re.compile(rf"\bremote\.{module}\b|\bremote import .*\b{module}\b")
    for path in tracked:
        generated = f"/remote/{module}/" in path or path.endswith("/remote/__init__.py")
        if generated or not path.endswith(".py") or not (folder / path).is_file():
            continue
        if named.search((folder / path).read_text("utf-8", errors="replace")):
            yield path


def with_those_there(
    given: tuple[dict[str, str], Documents], folder: Path
) -> tuple[dict[str, str], Documents]:
    """What `parse` has given, also for clients whose documents are in the folder of a new project."""
    above = folder / CLIENT_DOCUMENTS
    paths = sorted(each for each in above.iterdir() if each.is_dir()) if above.is_dir() else []
    if twice := [path.name for path in paths if path.name in given[0]]:
        raise UserError(*(f"{name}: {folder} has its document. Leave --client out" for name in twice))
    protocols, documents = parse([f"{path.name}={path}" for path in paths])
    return given[0] | protocols, given[1] | documents


def parse(texts: list[str]) -> tuple[dict[str, str], Documents]:
    """Of NAME=PATH: the protocols by the names of the clients, and their documents. Raises UserError."""
    protocols: dict[str, str] = {}
    documents: Documents = {}
    problems: list[str] = []
    for text in texts:
        name, separator, path = text.partition("=")
        if not separator or not name or not path:
            problems.append(f"--client {text}: is not a client. Write --client NAME=FILE")
            continue
        protocols[name] = protocol_of(Path(path))
        try:
            documents |= read(name, Path(path))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*problems)
    return protocols, documents
