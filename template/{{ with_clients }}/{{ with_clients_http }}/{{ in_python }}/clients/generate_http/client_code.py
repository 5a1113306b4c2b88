"""The code of a client: what gets into it from a document is a name of Python, or `repr` of a text."""

import re
from collections.abc import Iterator

from openapi_operations import KEY, Operation, Parameter

IMPORTS = (
    ("import datetime as dt", "from decimal import Decimal"),
    ("from typing import Any, Literal, Protocol", "from uuid import UUID"),
    ("", "from pydantic import TypeAdapter", ""),
    ("from ...remote_calls.http_request import Request, commas, new_key",),
    ("from ...remote_calls.http_service import Endpoint, Service",),
)
TITLE = '"""Calls of {}. `make clients` has generated this from clients/{}: do not edit it."""\n\n'
CODE = '''\


{constants}

ENDPOINTS: tuple[Endpoint[Any], ...] = ({listed})


class {Name}(Protocol):
    """What {Name}Client does, for those who use it, and for other implementations."""
{protocol}

class {Name}Client:
    """Raises UnavailableError if the service does not answer, and HttpError if it answers with an error."""

    def __init__(self, service: Service) -> None:
        self._service = service
{methods}'''


LONGEST_LINE = 110
PLAIN = re.compile(r"[\w /{}.~:@!$&()*+,;=%-]*", re.ASCII)


def class_of(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))


def client_code(name: str, models: list[str], operations: list[Operation]) -> str:
    code = CODE.format(
        Name=class_of(name),
        constants="\n".join(_endpoint(each) for each in operations),
        listed="".join(f"\n    {each.constant}," for each in operations) + "\n",
        protocol="".join(f"\n{_signature(each)}: ...\n" for each in operations),
        methods="".join(f"\n{_signature(each)}:\n{_call(each)}" for each in operations),
    )
    words = set(re.findall(r"\w+", code))
    imports = [line for lines in IMPORTS for each in lines for line in _used(each, words)]
    if found := [f"    {each}," for each in models if each in words]:
        imports += ["from .models import (", *found, ")"]
    return TITLE.format(name, name) + "\n".join(imports) + code


def _used(line: str, words: set[str]) -> Iterator[str]:
    """The line of an import, without names that the code does not have."""
    start, _, names = line.rpartition("import ")
    used = [each for each in names.split(", ") if each.split(" ")[-1] in words]
    if not line or used:
        yield f"{start}import {', '.join(used)}" if line else ""


def _signature(operation: Operation) -> str:
    in_path = [each for each in operation.parameters if each.place == "path"]
    named = [each for each in operation.parameters if each.place != "path"]
    arguments = ["self", *map(_declared, in_path)]
    if body := operation.body:
        arguments.append(f"body: {body.type}" if body.required else f"body: {body.type} | None = None")
    if named:
        arguments += ["*", *map(_declared, sorted(named, key=lambda each: not each.required))]
    start, end = f"    async def {operation.name}(", f") -> {_answer(operation)}"
    line = f"{start}{', '.join(arguments)}{end}"
    if len(line) + len(": ...") <= LONGEST_LINE:
        return line
    return start + "".join(f"\n        {each}," for each in arguments) + f"\n    {end}"


def _declared(parameter: Parameter) -> str:
    return f"{parameter.name}: {parameter.type}{'' if parameter.required else ' = None'}"


def _answer(operation: Operation) -> str:
    types = dict.fromkeys(type_ for type_, _ in operation.answers.values())
    return "Any" if "Any" in types else " | ".join(sorted(types, key="None".__eq__))


def _call(operation: Operation) -> str:
    places = {"path": "path", "query": "query", "header": "headers"}
    given = [
        f"            {argument}={{{', '.join(map(_given, found))}}},\n"
        for place, argument in places.items()
        if (found := [each for each in operation.parameters if each.place == place])
    ]
    if operation.body:
        given.append("            body=body,\n")
    request = f"Request(\n{''.join(given)}        )" if given else "Request()"
    answer = f"        return await self._service.call({operation.constant}, request)\n"
    return f"        request = {request}\n{answer}"


def _given(parameter: Parameter) -> str:
    value = f"commas({parameter.name})" if parameter.commas else parameter.name
    if parameter.wire.lower() == KEY:
        value = f"{parameter.name} or new_key()"
    return f"{_quoted(parameter.wire)}: {value}"


def _endpoint(operation: Operation) -> str:
    answers = ", ".join(
        f"{status}: {'None' if type_ == 'None' else f'TypeAdapter({type_})'}"
        for status, (type_, _) in operation.answers.items()
    )
    lines = [*map(_quoted, (operation.name, operation.method.upper(), operation.path)), f"{{{answers}}}"]
    if operation.body:
        lines.append(f"body=TypeAdapter({operation.body.type})")
        if operation.body.media_type != "application/json":
            lines.append(f"media_type={_quoted(operation.body.media_type)}")
    if operation.repeatable:
        lines.append("repeatable=True")
    if operation.credential:
        lines.append(f"credential={_quoted(operation.credential)}")
    written = "".join(f"    {each},\n" for each in lines)
    return f"{operation.constant}: Endpoint[{_answer(operation)}] = Endpoint(\n{written})"


def _quoted(text: str) -> str:
    return f'"{text}"' if PLAIN.fullmatch(text) else repr(text)
