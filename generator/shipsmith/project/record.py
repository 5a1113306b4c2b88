"""What a project records: the version that generated it, and the answers."""

from dataclasses import dataclass

from ..errors import UserError
from ..reading import yaml_of
from ..template import location
from ..template.questionnaire import Answers
from .checksum import checksum, recorded_checksum

FILE = ".copier-answers.yml"


@dataclass(frozen=True, slots=True)
class Recorded:
    version: str
    answers: Answers
    intact: bool
    """Whether the answers match their checksum, or there is no checksum."""


def parse(text: str) -> Recorded:
    """The content of an answers file. Raises UserError if shipsmith did not write it."""
    content = yaml_of(text, FILE)
    if not isinstance(content, dict):
        raise UserError(f"{FILE}: is not a mapping of answers. Correct it first")
    origin = str(content.get("_src_path", ""))
    if _normalised(origin) != _normalised(location.PUBLIC_URL):
        raise UserError(
            f"{FILE}: this project was made from {origin or 'an unknown template'}, not by shipsmith"
        )
    version = content.get("_commit")
    if not isinstance(version, str) or not version:
        raise UserError(f"{FILE}: has no version. Restore its line `_commit: …` from an older commit")
    written = recorded_checksum(text)
    answers = {name: value for name, value in content.items() if not str(name).startswith("_")}
    return Recorded(version, answers, intact=written is None or written == checksum(content))


def _normalised(url: str) -> str:
    return url.removesuffix("/").removesuffix(".git").casefold()
