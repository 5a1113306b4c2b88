"""What a project is generated from."""

from dataclasses import dataclass

from ..template.questionnaire import Answers
from ..template.versions import Template


@dataclass(frozen=True, slots=True)
class Recipe:
    template: Template
    answers: Answers
