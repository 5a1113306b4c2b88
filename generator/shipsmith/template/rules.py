"""What holds for every template that is put together from options: a list of what is wrong, in sentences.

docs/adding-an-option.md explains the rules.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from jinja2 import Environment, nodes

from .questionnaire import Questionnaire

NOTHING = (False, "none")
PLACES = "template/_shared/places.jinja"
SERVER = "server"
"""The one part that fills no place: a description of a server, from which others follow."""

LISTS_OF_PACKAGES = ("universe.in", "universe.lock", "shipsmith.lock", "reserved.jinja")
COMMON_WORDS = {"memory"}
"""Choices whose name is a word of the language: only a flag names them."""

NAMES_OF_OTHERS = re.compile(r"[\w.-]*kubernetes\.io|(?:www\.)?github\.com|sqlite_\w+|sqlite3")
"""Where the name of a product is part of another one: labels, addresses, names of Python."""


@dataclass(frozen=True)
class Layout:
    """A template's files, by what the rules ask of them."""

    root: Path

    @cached_property
    def questionnaire(self) -> Questionnaire:
        return Questionnaire(self.root)

    @cached_property
    def choices(self) -> dict[str, list[str]]:
        """Each option with its values that bring something; of one that is only on or off, none."""
        options = (each for each in self.questionnaire.options.values() if each.name != "language")
        return {each.name: [str(value) for value in each.values if _brings(value)] for each in options}

    def folder(self, option: str, value: str = "") -> Path:
        above = self.root / "template" / _flag(f"with_{option}")
        return above / _flag(f"with_{option}_{value}") if value else above

    @cached_property
    def pages(self) -> list[Path]:
        return sorted(self.root.glob("template/**/_option/parts.jinja"))

    @cached_property
    def texts(self) -> dict[str, str]:
        """The files of the template by their paths, where they are text."""
        files = (path for path in sorted((self.root / "template").rglob("*")) if path.is_file())
        return {str(path.relative_to(self.root)): path.read_text(errors="replace") for path in files}

    @cached_property
    def places(self) -> dict[str, tuple[str, str]]:
        """The places that options can fill, each with its file and what goes there."""
        source = (self.root / PLACES).read_text()
        listed = Environment().from_string(source).module.places  # type: ignore[attr-defined]  # set there
        return {place: (file, meaning) for place, (file, meaning) in listed.items()}


def problems(root: Path) -> list[str]:
    """What is wrong with the template at `root`; nothing if all rules hold."""
    layout = Layout(root)
    rules = (_names_twice, _order, _languages, _folders, _parts, _unused_places, _folder_names, _products)
    return [problem for rule in rules for problem in rule(layout)]


def assigned(page: Path) -> list[str]:
    """The names that a page gives to something."""
    names = []
    for node in Environment().parse(page.read_text()).body:
        match node:
            case nodes.Assign(target=nodes.Name(name=name)) | nodes.AssignBlock(target=nodes.Name(name=name)):
                names.append(name)
            case nodes.Macro(name=name):
                names.append(name)
    return names


def _names_twice(layout: Layout) -> Iterator[str]:
    """Copier lets the last definition of a name win, without a word."""
    files = [layout.root / "copier.yml", *sorted(layout.root.glob("template/*/_option/question.yml"))]
    found = Counter(name for file in files for name in _defined(file))
    for name, count in sorted(found.items()):
        if count > 1:
            where = ", ".join(_short(layout, file) for file in files if name in _defined(file))
            yield f"{name} is defined {count} times, in {where}. A flag is called with_OPTION_VALUE"


def _order(layout: Layout) -> Iterator[str]:
    order = layout.questionnaire.questions["options"].default
    if order != list(layout.choices):
        included, listed = ", ".join(layout.choices), ", ".join(order)
        yield f"copier.yml includes the options {included}, and `options` there lists {listed}"


def _languages(layout: Layout) -> Iterator[str]:
    for language in layout.questionnaire.questions["language"].choices:
        pages = (f"{_flag(f'in_{language}')}/_option/parts.jinja", f"_shared/{language}/reserved.jinja")
        for page in pages:
            if not (layout.root / "template" / page).is_file():
                yield f"language={language} has no file template/{page}"


def _folders(layout: Layout) -> Iterator[str]:
    for option, values in layout.choices.items():
        for value in ("", *values):
            flag = f"with_{option}_{value}" if value else f"with_{option}"
            page = layout.folder(option, value) / "_option/parts.jinja"
            name = f"{option}={value}" if value else option
            if flag not in layout.questionnaire.questions:
                question = layout.folder(option) / "_option/question.yml"
                yield f"{name} has no flag {flag} in {_short(layout, question)}"
            if not page.is_file():
                yield f"{name} has no page {_short(layout, page)}, which says what it adds to shared files"


def _parts(layout: Layout) -> Iterator[str]:
    for page in layout.pages:
        for name in assigned(page):
            if name not in layout.places and name != SERVER:
                yield (
                    f"{_short(layout, page)} fills {name}, which is not a place in a shared file. "
                    f"{PLACES} lists them"
                )


def _unused_places(layout: Layout) -> Iterator[str]:
    filled = {name for page in layout.pages for name in assigned(page)}
    used = {name for text in layout.texts.values() for name in re.findall(r"\bslots\.(\w+)", text)}
    for name in sorted(layout.places.keys() - filled):
        yield f"no option fills {name}. Remove it from {PLACES} and from its file"
    for name in sorted(layout.places.keys() - used):
        yield f"no shared file uses {name}. Write slots.{name} there, or remove it from {PLACES}"


def _folder_names(layout: Layout) -> Iterator[str]:
    known = layout.questionnaire.questions.keys()
    names = {
        name for path in layout.texts for name in re.findall(r"{{ ((?:with|without|has|in)_\w+) }}", path)
    }
    for name in sorted(names - known):
        yield f"a folder is called {_flag(name)}, and no question.yml defines {name}"


def _products(layout: Layout) -> Iterator[str]:
    """Who adds a choice must not have to look into other options; what they need is a capability."""
    for option, values in layout.choices.items():
        for value in values:
            own = (
                _short(layout, layout.folder(option, value)),
                _short(layout, layout.folder(option) / "_option"),
            )
            for path, text in layout.texts.items():
                if path.startswith(own) or Path(path).name in LISTS_OF_PACKAGES:
                    continue
                name = f"with_{option}_{value}" if value in COMMON_WORDS else value
                if line := _naming(name, path, text):
                    yield f"{path} names {value}, which is {option}'s: {line}"


def _naming(product: str, path: str, text: str) -> str:
    """The first line that has the name of a product, or the path."""
    for line in (path, *text.splitlines()):
        if re.search(rf"(?<![a-z]){product}(?![a-z])", NAMES_OF_OTHERS.sub("", line), re.IGNORECASE):
            return line.strip()
    return ""


def _defined(file: Path) -> list[str]:
    """The names that a file of questions defines, as often as it does."""
    names = []
    for document in yaml.compose_all(file.read_text(), Loader=_Includes):
        if isinstance(document, yaml.MappingNode):
            names += [key.value for key, _ in document.value]
    return names


class _Includes(yaml.SafeLoader):
    """`!include` is copier's: what it names is read as a file of its own."""


def _brings(value: object) -> bool:
    return value not in NOTHING and value is not True


def _flag(name: str) -> str:
    return f"{{{{ {name} }}}}"


def _short(layout: Layout, path: Path) -> str:
    return str(path.relative_to(layout.root))
