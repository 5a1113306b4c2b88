"""What a project is made from."""

from dataclasses import dataclass

from .history import Template
from .options import Answers


@dataclass(frozen=True, slots=True)
class State:
    template: Template
    answers: Answers
