"""Fields of a resource as users type them: `name: type`."""

from collections.abc import Iterable


def parse(texts: Iterable[str], option: str = "") -> tuple[dict[str, str], list[str]]:
    """The valid fields, and the problems of the others. `option` is the command line option, if any."""
    fields: dict[str, str] = {}
    problems = []
    start = f"{option} " if option else ""
    for text in texts:
        name, separator, type_ = (part.strip() for part in text.partition(":"))
        if not separator or not name or not type_:
            problems.append(f"{start}{text!r}: is not a field. Write {start}'name: type'")
        elif name in fields:
            problems.append(f"{start}{text!r}: {name} is given twice. Name each field once")
        else:
            fields[name] = type_
    return fields, problems


def split(line: str) -> list[str]:
    """The fields of one line: commas part them, save those between brackets."""
    parts, depth = [""], 0
    for character in line:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def joined(fields: dict[str, str]) -> str:
    """One line that `split` and `parse` read again."""
    return ", ".join(f"{name}: {type_}" for name, type_ in fields.items())
