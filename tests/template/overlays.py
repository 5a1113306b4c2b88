"""Where each file of the template goes: what folder names render to."""

from collections.abc import Iterator
from pathlib import Path

from shipsmith.options import Answers, Questionnaire

NOT_COPIED = {"_option", "_shared"}


def destinations(root: Path, answers: Answers) -> Iterator[str]:
    """The destination of every file that these answers switch on, once for each file of the template."""
    questionnaire = Questionnaire(root)
    # The two names that copier adds
    context = {**answers, "_copier_answers": answers, "_copier_conf": {"answers_file": ".copier-answers.yml"}}
    for name, question in questionnaire.questions.items():
        if name not in context:
            context[name] = questionnaire.default(question, context)

    template = root / "template"
    for path in sorted(template.rglob("*")):
        parts = path.relative_to(template).parts
        if path.is_file() and not NOT_COPIED.intersection(parts):
            names = [questionnaire.render(part.removesuffix(".jinja"), context) for part in parts]
            if all(names):
                yield "/".join(name for name in names if name != ".")
