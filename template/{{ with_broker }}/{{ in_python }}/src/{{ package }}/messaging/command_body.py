"""The bodies of commands."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class InvalidCommandError(Exception):
    """No number of attempts would carry it out. The message is logged: nothing that was sent is in it."""


def parse(model: type[Model], body: bytes) -> Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        named = {str(each["loc"][0]) for each in error.errors(include_input=False) if each["loc"]}
        broken = [name for name in model.model_fields if name in named]
        raise InvalidCommandError(f"invalid: {', '.join(broken) or 'the body'}") from None
