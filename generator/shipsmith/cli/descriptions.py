"""Descriptions as users type them: `order.note: What the customer wrote`."""

from collections.abc import Iterable

from ..errors import nearest
from ..model.descriptions import Descriptions, Types, places


def parse(texts: Iterable[str], option: str = "") -> tuple[Descriptions, list[str]]:
    """The valid descriptions, and the problems of the others. `option` is the command line option, if any."""
    found: Descriptions = {}
    problems = []
    start = f"{option} " if option else ""
    for text in texts:
        place, separator, description = (part.strip() for part in text.partition(":"))
        if not separator or not place:
            problems.append(f"{start}{text!r}: is not a description. Write {start}'order.note: What it is'")
        elif place in found:
            problems.append(f"{start}{text!r}: {place} is described twice. Describe it once")
        else:
            found[place] = description
    return found, problems


def unknown(descriptions: Descriptions, resources: Types) -> list[str]:
    """Problems of descriptions of what is not there."""
    known = list(places(resources))
    return [
        f"{place}: no such resource or field.{nearest(place, known)} There are: {', '.join(known)}"
        for place in descriptions
        if place not in known
    ]


def changed(now: Descriptions, given: Descriptions) -> Descriptions:
    """`now` with what is given; an empty text takes a description away."""
    return {place: text for place, text in (now | given).items() if text}
