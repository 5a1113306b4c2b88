"""The destination of each file of the template, from the rendered folder names."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shipsmith.template.questionnaire import Answers, Questionnaire, questions_of

NOT_COPIED = {"_option", "_shared"}
LOOP = re.compile(r"{% yield (\w+) from (\w+) %}(.*){% endyield %}")


def destinations(root: Path, answers: Answers) -> Iterator[str]:
    """The destinations of all files that these answers include, once for each file of the template."""
    questionnaire = questions_of(root)
    context = questionnaire.context(answers) | {"_copier_conf": {"answers_file": ".copier-answers.yml"}}
    template = root / "template"
    for path in sorted(template.rglob("*")):
        parts = path.relative_to(template).parts
        if path.is_file() and not NOT_COPIED.intersection(parts):
            yield from _places([part.removesuffix(".jinja") for part in parts], context, questionnaire)


def _places(parts: list[str], context: Mapping[str, Any], questionnaire: Questionnaire) -> Iterator[str]:
    """The path that the parts render to, or one for each iteration of a loop in them."""
    for number, part in enumerate(parts):
        if loop := LOOP.fullmatch(part):
            name, values, body = loop.groups()
            for value in context[values]:
                turn = [*parts[:number], body, *parts[number + 1 :]]
                yield from _places(turn, {**context, name: value}, questionnaire)
            return
    names = [questionnaire.render(part, context) for part in parts]
    if all(names):
        yield "/".join(name for name in names if name != ".")
