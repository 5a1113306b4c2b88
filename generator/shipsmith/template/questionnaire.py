"""The template's questions, what they accept, and which values exclude each other."""

import json
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2 import Template as Expression

from ..errors import UserError, nearest
from ..reading import SafeLoader, yaml_of
from .compiled import CachingEnvironment, keep_code

Answers = dict[str, Any]

LANGUAGE = "language"
RESOURCES, DESCRIPTIONS, NUMBERS = "resources", "descriptions", "numbers"
"""What a service keeps, what people read of it, and the numbers of its contract, which are only recorded."""
CONSUMES = "consumes"
"""The events of other services that it takes in."""
CLIENTS = "clients"
"""The services that it calls. Each has a document, so that a command adds it."""
OBJECTIVES = ("slo_availability", "slo_latency_ms")
"""What the service promises. Like the events, nobody is asked for them: defaults will do for a start."""
FOLDER = "repository_folder"
"""The question for the place of a service in its repository, which `new` answers."""
NOTHING = (False, "none", "stdout")
"""Values with which an option adds nothing: logs go to standard output in any case."""
BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Question:
    """One question of copier.yml. `default` and `validator` are Jinja if they are text."""

    name: str
    type: str
    help: str
    default: Any
    choices: tuple[str, ...]
    validator: str
    hidden: bool

    @property
    def is_option(self) -> bool:
        """Whether it has a fixed set of values. Questions for names and the like do not."""
        return not self.hidden and (self.type == "bool" or bool(self.choices))

    @property
    def values(self) -> tuple[Any, ...]:
        return (True, False) if self.type == "bool" else self.choices

    @property
    def nothing(self) -> Any:
        """The value with which it adds nothing; None if it always adds something."""
        return next((value for value in self.values if value in NOTHING), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """Two values that exclude each other."""

    values: dict[str, Any]
    reason: str


@cache
def questions_of(root: Path) -> "Questionnaire":
    """The questions of the template at `root`, read once."""
    return Questionnaire(root)


class Questionnaire:
    """The questions of the template at `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._compiled: dict[str, Expression] = {}

    @cached_property
    def _document(self) -> dict[str, Any]:
        return _load(self._root / "copier.yml")

    @cached_property
    def questions(self) -> dict[str, Question]:
        return {name: _question(name, raw) for name, raw in self._document.items() if name[0] != "_"}

    @cached_property
    def asked(self) -> dict[str, Question]:
        return {name: question for name, question in self.questions.items() if not question.hidden}

    @cached_property
    def options(self) -> dict[str, Question]:
        return {name: question for name, question in self.questions.items() if question.is_option}

    @cached_property
    def _jinja(self) -> CachingEnvironment:
        settings = dict(self._document["_envops"], undefined=StrictUndefined)
        extensions = ["jinja2_ansible_filters.AnsibleCoreFiltersExtension"]
        loader = FileSystemLoader(self._root)
        environment = CachingEnvironment(loader=loader, extensions=extensions, **settings)
        keep_code(environment)
        return environment

    def render(self, text: str, answers: Mapping[str, Any]) -> str:
        if text not in self._compiled:
            self._compiled[text] = self._jinja.from_string(text)
        return self._compiled[text].render(answers)

    def default(self, question: Question, answers: Mapping[str, Any]) -> Any:
        if not isinstance(question.default, str):
            return question.default
        text = self.render(question.default, answers)
        match question.type:
            case "json":
                return json.loads(text)
            case "yaml":
                return yaml_of(text, question.name)
            case _:
                return text

    def context(self, answers: Answers) -> Answers:
        """The variables of the template's files: the answers, and names derived from them."""
        context = answers | {"_copier_answers": answers}
        for name, question in self.questions.items():
            if question.hidden:
                context[name] = self.default(question, context)
        return context

    def following(self, name: str, answers: Answers) -> Any:
        """The hidden answer `name`, which follows from the others: without those that come after it."""
        context = answers | {"_copier_answers": answers}
        for each, question in self.questions.items():
            if question.hidden:
                context[each] = self.default(question, context)
            if each == name:
                break
        return context[name]

    def owned(self, answers: Answers) -> Callable[[str], bool]:
        """A predicate for the paths of files that belong to the user once they are created."""
        patterns = self._document.get("_skip_if_exists", [])
        if not patterns:
            return lambda path: False
        from pathspec import GitIgnoreSpec

        context = self.context(answers)
        patterns = [self.render(pattern, context) for pattern in patterns]
        return GitIgnoreSpec.from_lines(patterns).match_file

    def parse(self, name: str, text: str) -> Any:
        """The value of `text` from the command line, or the text itself if it is not valid."""
        question = self.questions.get(name)
        if question and question.type == "bool":
            return BOOLEANS.get(text.lower(), text)
        if question and question.type == "yaml":
            try:
                return yaml_of(text, name)
            except UserError:
                return text
        return text

    def resolve(self, given: Mapping[str, Any]) -> Answers:
        """Every answer, with defaults for what is not given.

        Raises UserError with all problems at once.
        """
        problems = [self._unknown(name) for name in given if name not in self.asked]
        answers: Answers = {}
        for name, question in self.asked.items():
            answers[name] = given[name] if name in given else self.default(question, answers)
            if problem := _mistyped(question, answers[name]):
                problems.append(problem)
                # continue with a valid value, so that later answers are checked as well
                answers[name] = self.default(question, answers)
        self._check_language(answers)
        problems += self.broken(answers, given) or self.broken(answers, self.asked)
        if problems:
            raise UserError(*problems)
        return answers

    def _check_language(self, answers: Answers) -> None:
        """Raise UserError if files of a language are missing: validators use its reserved words."""
        language = answers.get(LANGUAGE)
        if language is None:
            return
        needed = (f"{{{{ in_{language} }}}}/_option/parts.jinja", f"_shared/{language}/reserved.jinja")
        paths = [f"template/{path}" for path in needed]
        if missing := [path for path in paths if not (self._root / path).is_file()]:
            raise UserError(f"{LANGUAGE}={language} is not supported. Missing: {', '.join(missing)}")

    def problems(self, given: Mapping[str, Any]) -> tuple[str, ...]:
        """The problems that `resolve` would raise, so that they can be reported together with others."""
        try:
            self.resolve(given)
        except UserError as error:
            return error.problems
        return ()

    def broken(self, answers: Answers, names: Container[str]) -> list[str]:
        """The validators' messages about the answers to `names`, which must have the right types."""
        return [
            f"{name}: {problem}"
            for name, question in self.asked.items()
            if name in names
            for problem in self.problem(question, answers).split("; ")
            if problem
        ]

    def problem(self, question: Question, answers: Mapping[str, Any]) -> str:
        """The validator's message about the answer to `question`; empty if it accepts the answer."""
        return self.render(question.validator, answers).strip(" ;\n")

    @cached_property
    def rules(self) -> list[Rule]:
        """All pairs of values that the validators refuse, and no value of a third option makes possible."""
        found = []
        for first, second in combinations(self.options.values(), 2):
            for pair in _pairs(first, second):
                if self._refused(pair) and (reason := self._reason(pair)):
                    found.append(Rule(pair, "; ".join(reason)))
        return found

    @cached_property
    def _usual(self) -> Answers:
        return self.resolve({})

    def _refused(self, chosen: Mapping[str, Any]) -> list[str]:
        """The problems that `resolve` would raise about valid values of options, found in less time."""
        answers = dict(self._usual)
        for name, option in self.options.items():
            answers[name] = chosen[name] if name in chosen else self.default(option, answers)
        return self.broken(answers, chosen) or self.broken(answers, self.options)

    def _reason(self, pair: Mapping[str, Any]) -> list[str]:
        """Why a pair is refused; empty if it is accepted beside some value of a third option.

        If that depends on the third option, because the first of the pair needs a value of it that the second
        one cannot have: what is wrong beside such a value.
        """
        others = [option for option in self.options.values() if option.name not in pair]
        third = [{option.name: value} for option in others for value in option.values]
        problems = [self._refused({**pair, **each}) for each in third]
        if not all(problems):
            return []
        if always := [each for each in problems[0] if all(each in found for found in problems)]:
            return always
        name, value = next(iter(pair.items()))
        needed = (not self._refused({name: value, **each}) for each in third)
        return next((found for found, fits in zip(problems, needed, strict=True) if fits), problems[0])

    def _unknown(self, name: str) -> str:
        if name in self.questions:
            return f"{name}: cannot be set, it follows from other answers"
        return f"{name}: no such option.{nearest(str(name), self.asked)} `shipsmith options` lists them"


def _pairs(first: Question, second: Question) -> Iterator[dict[str, Any]]:
    for one in first.values:
        for other in second.values:
            yield {first.name: one, second.name: other}


def _question(name: str, raw: Mapping[str, Any]) -> Question:
    return Question(
        name=name,
        type=raw["type"],
        help=raw.get("help", ""),
        default=raw.get("default"),
        choices=tuple(raw.get("choices", ())),
        validator=raw.get("validator", ""),
        hidden=raw.get("when") is False,
    )


def _mistyped(question: Question, value: Any) -> str | None:
    if question.choices and value not in question.choices:
        choices = ", ".join(question.choices)
        hint = nearest(str(value), question.choices)
        return f"{question.name}: {value!r} is not a choice.{hint} Use one of: {choices}"
    accepts: dict[str, Callable[[Any], bool]] = {
        "bool": lambda each: isinstance(each, bool),
        "str": lambda each: isinstance(each, str),
        "yaml": lambda each: True,
    }
    if not accepts[question.type](value):
        wanted = {"bool": "true or false", "str": "text"}[question.type]
        return f"{question.name}: {value!r} is not {wanted}"
    return None


def _load(path: Path) -> dict[str, Any]:
    """A copier.yml, which has several documents, some of them files that `!include` names."""

    class Loader(SafeLoader):  # type: ignore[misc]  # one of two, of the same interface
        pass

    def include(loader: Any, node: yaml.Node) -> Any:
        assert isinstance(node, yaml.ScalarNode)
        return yaml.load((path.parent / str(loader.construct_scalar(node))).read_text("utf-8"), Loader)

    Loader.add_constructor("!include", include)
    merged: dict[str, Any] = {}
    for document in yaml.load_all(path.read_text("utf-8"), Loader):
        merged |= document
    return merged
