"""The recipes of a project: the recorded one, and the one to change to."""

from ..errors import UserError
from ..project import record
from ..project.existing import Project
from ..project.recipe import Recipe
from ..template import restructured, versions
from ..template.questionnaire import Answers, questions_of
from ..template.values import as_setting, shown
from ..template.versions import Template
from ..terminal import command


def current(project: Project) -> Recipe:
    """The recorded recipe. Raises UserError if answers were edited by hand."""
    if edited := project.edited_answers():
        raise UserError(*_edited_by_hand(project, edited))
    return recorded(project)


def recorded(project: Project) -> Recipe:
    """The recorded recipe, only for inspection: answers may have been edited by hand."""
    here = project.recorded()
    template = versions.template(here.version)
    questionnaire = questions_of(template.root)
    known = {name: value for name, value in here.answers.items() if name in questionnaire.asked}
    try:
        return Recipe(template, questionnaire.resolve(known))
    except UserError as error:
        problems = (f"{record.FILE}: {problem}" for problem in error.problems)
        raise UserError(*problems, f"restore {record.FILE}, then run this again") from error


def moved_to(old: Recipe, template: Template, given: Answers) -> Recipe:
    """The recipe at the version of `template`. `given` are answers to its new questions."""
    if versions.precedes(template.version, old.template.version):
        raise UserError(
            f"this project is at {old.template.version}, and {template.version} is older. "
            "To go back, revert the commit of the update"
        )
    questionnaire = questions_of(template.root)
    carried = restructured.carried(template.root, old.answers)
    kept = {name: value for name, value in carried.items() if name in questionnaire.asked}
    try:
        return Recipe(template, questionnaire.resolve(kept | given))
    except UserError as error:
        raise UserError(
            *error.problems,
            f"so the answers of this project are not valid for {template.version}. "
            "Change them first, at the current version: shipsmith set OPTION=VALUE",
        ) from error


def _edited_by_hand(project: Project, edited: Answers) -> list[str]:
    here = project.recorded().answers
    settings = [f"{name}={as_setting(here[name])}" for name in edited if name in here]
    problems = [
        f"{record.FILE}: {name} was edited by hand, from {shown(value)} to {shown(here.get(name))}"
        for name, value in edited.items()
    ]
    instead = command("shipsmith", "set", *settings)
    return [*problems, f"restore the file; to change answers, run: {instead}"]
