"""The options as `shipsmith options` and docs/options.md show them."""

from typing import Any

from ..template import location
from ..template.questionnaire import Question, Questionnaire, Rule
from ..template.values import shown


def as_data(questionnaire: Questionnaire) -> dict[str, Any]:
    defaults = questionnaire.resolve({})
    return {
        "options": [_option(each, defaults[name]) for name, each in questionnaire.asked.items()],
        "rules": [{"excludes": rule.values, "reason": rule.reason} for rule in questionnaire.rules()],
    }


def as_text(questionnaire: Questionnaire) -> str:
    data = as_data(questionnaire)
    lines = []
    for option in data["options"]:
        lines += [f"{option['name']}: {option['help']}", f"    {_accepts(option)}"]
    lines += ["", "Values that exclude each other:"]
    lines += [f"    {describe(rule)}" for rule in questionnaire.rules()]
    return "\n".join(lines)


def as_markdown(questionnaire: Questionnaire) -> str:
    """The page docs/options.md: `python -m shipsmith.cli.listing` prints it."""
    rows = [
        f"| `{each['name']}` | {each['help'].replace('|', ' or ')} | {_accepts(each).replace(' | ', ', ')} |"
        for each in as_data(questionnaire)["options"]
    ]
    rules = [f"- {describe(rule)}" for rule in questionnaire.rules()]
    return "\n".join(
        [
            "# Options",
            "",
            "Made by `python -m shipsmith.cli.listing > docs/options.md`;"
            " a test fails where it is out of date.",
            "",
            "| option | what it is | values |",
            "|---|---|---|",
            *rows,
            "",
            "Values that exclude each other:",
            "",
            *rules,
        ]
    )


def describe(rule: Rule) -> str:
    values = " with ".join(f"{name}={shown(value)}" for name, value in rule.values.items())
    return f"{values}: {rule.reason}"


def _option(question: Question, default: Any) -> dict[str, Any]:
    return {
        "name": question.name,
        "type": question.type,
        "choices": list(question.values) if question.is_option else [],
        "default": default,
        "help": question.help,
    }


def _accepts(option: dict[str, Any]) -> str:
    choices = " | ".join(map(shown, option["choices"])) or option["type"]
    return f"{choices} (default: {shown(option['default'])})"


if __name__ == "__main__":
    print(as_markdown(Questionnaire(location.root())))
