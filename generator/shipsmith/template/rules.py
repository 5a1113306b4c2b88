"""Checks that the options of a template fit together. docs/adding-an-option.md explains the rules."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from jinja2 import Environment, nodes

from .questionnaire import NOTHING, Questionnaire

PLACES = "template/_shared/places.jinja"
OF_A_SERVER = ("server", "server_compose")
"""The only parts that fill no place: they describe a server, from which shared files are generated."""

LISTS_OF_PACKAGES = ("universe.in", "universe.lock", "shipsmith.lock", "reserved.jinja")
COMMON_WORDS = {"ingress", "local", "memory", "otlp", "prometheus"}
"""Choices whose name is a common word, or a protocol's: only their flag counts as a mention."""

NAMES_OF_OTHERS = re.compile(
    r"[\w.-]*kubernetes\.io|(?:www\.)?github\.com"
    r"|sqlite_\w+|sqlite3|(?:ddl|dialects)\.mysql|MySQLImpl|/var/lib/mysql"
    r"|\w+_MONGODB_URI: mongodb"
)
"""Names that contain the name of a product: labels, addresses, modules and classes, folders, settings."""


@dataclass(frozen=True)
class Layout:
    """The files of a template, as the rules need them."""

    root: Path

    @cached_property
    def questionnaire(self) -> Questionnaire:
        return Questionnaire(self.root)

    @cached_property
    def choices(self) -> dict[str, list[str]]:
        """Each option with the values that add files; an empty list for options that are on or off."""
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
        """The text of each file of the template, by path."""
        files = (path for path in sorted((self.root / "template").rglob("*")) if path.is_file())
        return {str(path.relative_to(self.root)): path.read_text(errors="replace") for path in files}

    @cached_property
    def own_words(self) -> dict[str, str]:
        """By path: the path and the lines of its text, without names that only contain that of a product."""
        return {path: NAMES_OF_OTHERS.sub("", f"{path}\n{text}") for path, text in self.texts.items()}

    @cached_property
    def places(self) -> dict[str, tuple[str, str]]:
        """The places that options can fill, each with its file and its meaning."""
        source = (self.root / PLACES).read_text()
        listed = Environment().from_string(source).module.places  # type: ignore[attr-defined]  # set there
        return {place: (file, meaning) for place, (file, meaning) in listed.items()}


def problems(root: Path) -> list[str]:
    """The violations in the template at `root`, as sentences; empty if all rules hold."""
    layout = Layout(root)
    rules = (_names_twice, _order, _languages, _folders, _parts, _unused_places, _folder_names, _products)
    return [problem for rule in rules for problem in rule(layout)]


def assigned(page: Path) -> list[str]:
    """The names that a page defines."""
    names = []
    for node in _statements(Environment().parse(page.read_text()).body):
        match node:
            case nodes.Assign(target=nodes.Name(name=name)) | nodes.AssignBlock(target=nodes.Name(name=name)):
                names.append(name)
            case nodes.Macro(name=name):
                names.append(name)
    return names


def _statements(body: list[nodes.Node]) -> Iterator[nodes.Node]:
    """Those of a page, also where the page depends on another option."""
    for node in body:
        yield node
        if isinstance(node, nodes.If):
            yield from _statements(node.body)


def _names_twice(layout: Layout) -> Iterator[str]:
    """Copier silently uses the last definition of a name."""
    files = [layout.root / "copier.yml", *sorted(layout.root.glob("template/*/_option/question.yml"))]
    found = Counter(name for file in files for name in _defined(file))
    for name, count in sorted(found.items()):
        if count > 1:
            where = ", ".join(_short(layout, file) for file in files if name in _defined(file))
            yield f"{name} is defined {count} times, in {where}. Name flags with_OPTION_VALUE"


def _order(layout: Layout) -> Iterator[str]:
    order = layout.questionnaire.questions["options"].default
    if order != list(layout.choices):
        included, listed = ", ".join(layout.choices), ", ".join(order)
        yield (
            f"copier.yml includes the options {included}, but its `options` lists {listed}. "
            "List the same options in the same order"
        )


def _languages(layout: Layout) -> Iterator[str]:
    for language in layout.questionnaire.questions["language"].choices:
        pages = (f"{_flag(f'in_{language}')}/_option/parts.jinja", f"_shared/{language}/reserved.jinja")
        for page in pages:
            if not (layout.root / "template" / page).is_file():
                yield f"template/{page} is missing. language={language} requires it"


def _folders(layout: Layout) -> Iterator[str]:
    for option, values in layout.choices.items():
        for value in ("", *values):
            flag = f"with_{option}_{value}" if value else f"with_{option}"
            page = layout.folder(option, value) / "_option/parts.jinja"
            name = f"{option}={value}" if value else option
            if flag not in layout.questionnaire.questions:
                question = layout.folder(option) / "_option/question.yml"
                yield f"{name} requires the flag {flag}. Define it in {_short(layout, question)}"
            if not page.is_file():
                yield f"{_short(layout, page)} is missing. {name} needs it for its parts of shared files"


def _parts(layout: Layout) -> Iterator[str]:
    for page in layout.pages:
        names = assigned(page)
        if len(missing := [name for name in OF_A_SERVER if name not in names]) == 1:
            needed = " and ".join(OF_A_SERVER)
            yield f"{_short(layout, page)} lacks {missing[0]}: a server needs both {needed}"
        for name in names:
            if name not in layout.places and name not in OF_A_SERVER:
                yield (
                    f"{_short(layout, page)} fills {name}, which is not a place in a shared file. "
                    f"{PLACES} lists the places"
                )


def _unused_places(layout: Layout) -> Iterator[str]:
    filled = {name for page in layout.pages for name in assigned(page)}
    used = {name for text in layout.texts.values() for name in re.findall(r"\bslots\.(\w+)", text)}
    for name in sorted(layout.places.keys() - filled):
        yield f"no option fills the place {name}. Remove it from {PLACES} and from its file"
    for name in sorted(layout.places.keys() - used):
        yield f"no shared file uses the place {name}. Add slots.{name} to one, or remove it from {PLACES}"


def _folder_names(layout: Layout) -> Iterator[str]:
    known = layout.questionnaire.questions.keys()
    names = {
        name for path in layout.texts for name in re.findall(r"{{ ((?:with|without|has|in)_\w+) }}", path)
    }
    for name in sorted(names - known):
        yield f"a folder is named {_flag(name)}, but {name} is not defined. Define it, or rename the folder"


def _products(layout: Layout) -> Iterator[str]:
    """Adding a choice must not require edits in other options: they use capabilities instead of names."""
    for value in dict.fromkeys(value for values in layout.choices.values() for value in values):
        options = [option for option, values in layout.choices.items() if value in values]
        own = tuple(
            _short(layout, folder)
            for option in options
            for folder in (layout.folder(option, value), layout.folder(option) / "_option")
        )
        names = [f"with_{option}_{value}" for option in options] if value in COMMON_WORDS else [value]
        pattern = re.compile(rf"(?<![a-z])({'|'.join(names)})(?![a-z])", re.IGNORECASE)
        for path, words in layout.own_words.items():
            if path.startswith(own) or Path(path).name in LISTS_OF_PACKAGES:
                continue
            if found := pattern.search(words):
                lines = [path, *layout.texts[path].splitlines()]
                line = lines[words.count("\n", 0, found.start())].strip()
                yield (
                    f"{path} mentions {value}, a choice of {' and '.join(options)}. "
                    f"Move this to the choice's folder, or use a capability: {line}"
                )


def _defined(file: Path) -> list[str]:
    """The names that a file of questions defines, with repetitions."""
    names = []
    for document in yaml.compose_all(file.read_text(), Loader=_Includes):
        if isinstance(document, yaml.MappingNode):
            names += [key.value for key, _ in document.value]
    return names


class _Includes(yaml.SafeLoader):
    """Accepts copier's `!include`; the included files are read on their own."""


def _brings(value: object) -> bool:
    return value not in NOTHING and value is not True


def _flag(name: str) -> str:
    return f"{{{{ {name} }}}}"


def _short(layout: Layout, path: Path) -> str:
    return str(path.relative_to(layout.root))
