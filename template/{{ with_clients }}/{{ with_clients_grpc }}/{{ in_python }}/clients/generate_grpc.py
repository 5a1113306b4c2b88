"""Generates the clients of other services from their documents, `clients/NAME/**.proto`.

    python clients/generate_grpc.py PACKAGE NAME…

protoc makes the messages. A class has a method for each unary method of the services; others are left out.
Nothing of a document is executed, and its names become names of Python only where they can be ones.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf.descriptor_pb2 import (
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    MethodOptions,
)

DOCUMENTS, OWN = Path("clients"), Path("proto")
# folders and names of files become modules
FILE = re.compile(r"([A-Za-z]\w*/)*[A-Za-z]\w*\.proto", re.ASCII)
IMPORT = re.compile(r"(from|import) ([\w.]+)(?: import (\w+))?(.*)", re.DOTALL)
TAKEN = ("methods",)
"""Its constant would have the name of the list."""
REPEATABLE = (MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT)
MODULE = '''\
"""Calls of the service {name}. `make clients` has generated this from clients/{name}: do not edit it."""

from typing import Protocol

{imports}

{constants}

METHODS = ({listed})


class {Name}(Protocol):
    """What {Name}Client does, for those who use it, and for other implementations."""
{protocol}

class {Name}Client:
    """Raises UnavailableError if the service does not answer, and GrpcError if it answers with an error."""

    def __init__(self, service: Service) -> None:
        self._service = service
{methods}'''
SIGNATURE = "    async def {name}(self, request: {request}) -> {response}"


class DocumentError(Exception):
    """Each argument says what is wrong with a document."""


@dataclass(frozen=True)
class Method:
    name: str
    path: str
    request: str
    response: str
    repeatable: bool


def main(package: str, *names: str) -> None:
    problems: list[str] = []
    made: dict[str, dict[str, str]] = {}
    documents: dict[str, FileDescriptorSet] = {}
    for name in names:
        try:
            documents[str(DOCUMENTS / name)], made[name] = generated(package, name)
        except DocumentError as error:
            problems += error.args
    problems += conflicts(documents | own())
    if problems:
        sys.exit("\n".join(problems))
    for name, files in made.items():
        write(Path("src", package, "remote", folder_of(name)), files)


def generated(package: str, name: str) -> tuple[FileDescriptorSet, dict[str, str]]:
    """The descriptors of a client's documents, and the texts of its files by their paths."""
    with TemporaryDirectory() as temporary:
        descriptors = compiled(DOCUMENTS / name, Path(temporary))
        modules = {module_of(file.name): file.name for file in descriptors.file}
        target = f"{package}.remote.{folder_of(name)}"
        files = {
            path.relative_to(temporary).as_posix(): moved(path.read_text("utf-8"), modules, target)
            for path in sorted(Path(temporary).rglob("*.py*"))
        }
    files["client.py"] = client(name, list(descriptors.file))
    folders = {parent.as_posix() for path in files for parent in Path(path).parents}
    return descriptors, files | {f"{folder}/__init__.py".removeprefix("./"): "" for folder in folders}


def own() -> dict[str, FileDescriptorSet]:
    """The documents of the service itself, if it has any."""
    if not any(OWN.rglob("*.proto")):
        return {}
    with TemporaryDirectory() as temporary:
        return {str(OWN): compiled(OWN, Path(temporary))}


def compiled(folder: Path, output: Path) -> FileDescriptorSet:
    """Let protoc write messages into `output`."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.proto"))
    if not paths:
        raise DocumentError(f"{folder} has no document: put the .proto of the service there")
    if unusable := [path for path in paths if not FILE.fullmatch(path) or _has_keyword(path)]:
        raise DocumentError(
            *(
                f"{folder}/{path}: cannot be a module of Python. Use letters, digits and _"
                for path in unusable
            )
        )
    command = [sys.executable, "-P", "-m", "grpc_tools.protoc", f"--proto_path={folder.absolute()}"]
    written = [f"--{kind}_out={output}" for kind in ("python", "pyi")]
    described = output / "descriptors"
    result = subprocess.run(
        [*command, *written, f"--descriptor_set_out={described}", *paths],
        cwd=output,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if result.returncode:
        said = result.stderr.decode(errors="replace").replace(f"{folder.absolute()}/", "").splitlines()
        raise DocumentError(*(f"{folder}/{line}" for line in said[:20] or ["protoc has failed"]))
    return FileDescriptorSet.FromString(described.read_bytes())


def conflicts(documents: dict[str, FileDescriptorSet]) -> Iterator[str]:
    """What the documents in two folders define differently: a process has one registry of messages."""
    files: dict[str, tuple[str, FileDescriptorProto]] = {}
    symbols: dict[str, tuple[str, str]] = {}
    for folder, descriptors in documents.items():
        for file in descriptors.file:
            other, before = files.setdefault(file.name, (folder, file))
            if before != file:
                yield f"{folder}/{file.name} differs from {other}/{file.name}. Rename one of them"
            for symbol in _symbols(file):
                other, where = symbols.setdefault(symbol, (folder, file.name))
                if where != file.name:
                    yield f"{folder}/{file.name} defines {symbol}, and so does {other}/{where}"


def client(name: str, files: list[FileDescriptorProto]) -> str:
    types = {type_: place for file in files for type_, place in _types(file)}
    aliases = Counter(
        [module_of(file.name).replace(".", "_") for file in files] + [*set(WELL_KNOWN.values())]
    )
    if twice := [alias for alias, count in aliases.items() if count > 1]:
        raise DocumentError(f"clients/{name}: two files are {twice[0]} in Python. Rename one of them")
    others: set[str] = set()
    imports = {"from ...remote_calls.grpc_service import Method, Service"}

    def type_of(full_name: str) -> str:
        if full_name not in types:  # one of protobuf's own
            module = WELL_KNOWN.get(full_name)
            if not module:
                raise DocumentError(f"clients/{name}: {full_name[1:]} cannot be the type of a method")
            others.add(f"from google.protobuf import {module}")
            return f"{module}.{full_name.rpartition('.')[2]}"
        module, type_ = types[full_name]
        if any(map(iskeyword, type_.split("."))):
            raise DocumentError(f"clients/{name}: {full_name[1:]} has a keyword of Python as its name")
        package, _, last = module.rpartition(".")
        alias = module.replace(".", "_")
        imports.add(f"from .{package} import {last}" + (f" as {alias}" if alias != last else ""))
        return f"{alias}.{type_}"

    methods = [
        Method(
            method_name,
            f"/{service}/{method.name}",
            type_of(method.input_type),
            type_of(method.output_type),
            method.options.idempotency_level in REPEATABLE,
        )
        for method_name, service, method in _unary(files)
    ]
    if not methods:
        raise DocumentError(f"clients/{name}: no service in it has a method that is not a stream")
    signatures = [
        SIGNATURE.format(name=each.name, request=each.request, response=each.response) for each in methods
    ]
    constants = [_constant(each) for each in methods]
    calls = [f"        return await self._service.call({each.name.upper()}, request)\n" for each in methods]
    return MODULE.format(
        name=name,
        Name="".join(word.capitalize() for word in name.split("-")),
        imports="\n\n".join("\n".join(sorted(each, key=_depth)) for each in (others, imports) if each),
        constants="\n".join(constants),
        listed="".join(f"\n    {each.name.upper()}," for each in methods) + "\n",
        protocol="".join(f"\n{signature}: ...\n" for signature in signatures),
        methods="".join(f"\n{signature}:\n{call}" for signature, call in zip(signatures, calls, strict=True)),
    )


WELL_KNOWN = {
    f".google.protobuf.{type_}": module
    for type_, module in {
        "Any": "any_pb2",
        "BoolValue": "wrappers_pb2",
        "BytesValue": "wrappers_pb2",
        "DoubleValue": "wrappers_pb2",
        "Duration": "duration_pb2",
        "Empty": "empty_pb2",
        "FieldMask": "field_mask_pb2",
        "FloatValue": "wrappers_pb2",
        "Int32Value": "wrappers_pb2",
        "Int64Value": "wrappers_pb2",
        "ListValue": "struct_pb2",
        "StringValue": "wrappers_pb2",
        "Struct": "struct_pb2",
        "Timestamp": "timestamp_pb2",
        "UInt32Value": "wrappers_pb2",
        "UInt64Value": "wrappers_pb2",
        "Value": "struct_pb2",
    }.items()
}


def _unary(files: list[FileDescriptorProto]) -> Iterator[tuple[str, str, MethodDescriptorProto]]:
    """Name in Python, service, and method; of those with one name, each has that of its service before it."""
    found = [
        (_snake(method.name), service.name, f"{file.package}.{service.name}".lstrip("."), method)
        for file in files
        for service in file.service
        for method in service.method
        if not method.client_streaming and not method.server_streaming
    ]
    names = _unlike(
        [
            [
                f"{name}_" if iskeyword(name) or name in TAKEN else name,
                f"{_snake(service)}_{name}",
                _long(path, name),
            ]
            for name, service, path, _ in found
        ]
    )
    for name, (_, _, path, method) in zip(names, found, strict=True):
        yield name, path, method


def _unlike(choices: list[list[str]]) -> list[str]:
    """Of each, the first that is like no choice of another one; the last always is."""
    count = Counter(choice for each in choices for choice in set(each))
    return [next((choice for choice in each if count[choice] == 1), each[-1]) for each in choices]


def _long(service: str, name: str) -> str:
    return f"{_snake(service.replace('.', '_'))}__{name}"


def _depth(line: str) -> tuple[bool, str]:
    """Imports from further up come first."""
    return not line.startswith("from ..."), line


def _constant(method: Method) -> str:
    arguments = (
        f'"{method.name}"',
        f'"{method.path}"',
        method.request,
        method.response,
        f"repeatable={method.repeatable}",
    )
    return f"{method.name.upper()} = Method(\n" + "".join(f"    {each},\n" for each in arguments) + ")"


def moved(code: str, modules: dict[str, str], target: str) -> str:
    """The code of protoc, which imports from the root, for the package in which it is."""
    return "".join(_moved(line, modules, target) for line in code.splitlines(keepends=True))


def _moved(line: str, modules: dict[str, str], target: str) -> str:
    match = IMPORT.match(line)
    if not match:
        return line
    kind, module, name, rest = match.groups()
    if kind == "import":
        return f"from {target} import {module}{rest}" if module in modules else line
    if module in modules or f"{module}.{name}" in modules:
        return f"from {target}.{line.removeprefix('from ')}"
    return line


def _types(file: FileDescriptorProto) -> Iterator[tuple[str, tuple[str, str]]]:
    module = module_of(file.name)
    package = f".{file.package}" if file.package else ""
    waiting = [("", message) for message in file.message_type]
    while waiting:
        above, message = waiting.pop()
        path = f"{above}{message.name}"
        yield f"{package}.{path}", (module, path)
        waiting += [(f"{path}.", nested) for nested in message.nested_type]


def _symbols(file: FileDescriptorProto) -> list[str]:
    package = f"{file.package}." if file.package else ""
    return [f"{package}{each.name}" for each in (*file.message_type, *file.enum_type, *file.service)]


def module_of(path: str) -> str:
    return path.removesuffix(".proto").replace("/", ".") + "_pb2"


def folder_of(name: str) -> str:
    return name.replace("-", "_")


def write(folder: Path, files: dict[str, str]) -> None:
    """Write what differs, and remove what a document of before has left."""
    before = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py*") if path.is_file()}
    for path in before - files.keys() - {each for each in before if "__pycache__" in each}:
        (folder / path).unlink()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")


def _snake(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return words.lower().strip("_") or "call"


def _has_keyword(path: str) -> bool:
    return any(map(iskeyword, path.removesuffix(".proto").split("/")))


if __name__ == "__main__":
    main(*sys.argv[1:])
