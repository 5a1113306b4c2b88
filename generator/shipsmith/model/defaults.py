"""Values for rows that exist, as people type them."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TypeVar
from uuid import UUID

from .resources import Field

Value = str | int | float | bool

T = TypeVar("T")

BOOLEANS = {"true": True, "false": False}


def parse(field: Field, text: str) -> Value:
    """The value of `field` that `text` stands for; dates, decimals and ids stay text, in their usual form.

    Raises ValueError, which says what is accepted.
    """
    return PARSERS[field.kind](field, text)


def _text(field: Field, text: str) -> Value:
    least, most = field.minimum or 0, field.maximum
    if len(text) < least or (most is not None and len(text) > most):
        raise ValueError(f"a text of {_span(field)} characters")
    if "\0" in text:
        raise ValueError("a text without the character NUL")
    return text


def _number(field: Field, text: str, convert: Callable[[str], float]) -> float:
    number = _converted(convert, text, "a whole number" if convert is int else "a number")
    if number < _bound(field.minimum, number) or number > _bound(field.maximum, number):
        raise ValueError(f"a number from {_span(field)}")
    return number


def _integer(field: Field, text: str) -> Value:
    return _number(field, text, int)


def _float(field: Field, text: str) -> Value:
    return _number(field, text, float)


def _bool(field: Field, text: str) -> Value:
    if text not in BOOLEANS:
        raise ValueError("true or false")
    return BOOLEANS[text]


def _decimal(field: Field, text: str) -> Value:
    try:
        _sign, digits, exponent = Decimal(text).as_tuple()
    except InvalidOperation as error:
        raise ValueError("a decimal number, such as 9.99") from error
    if not isinstance(exponent, int):
        raise ValueError("a decimal number, such as 9.99")
    scale = max(0, -exponent)
    whole = max(0, len(digits) + exponent)
    allowed_scale = scale if field.scale is None else field.scale
    if scale > allowed_scale or (
        field.precision is not None and whole > field.precision - (field.scale or 0)
    ):
        raise ValueError(
            f"a decimal number of {field.precision} digits, {field.scale} of them after the point"
        )
    return format(Decimal(text), "f")


def _datetime(field: Field, text: str) -> Value:
    moment = _converted(
        dt.datetime.fromisoformat, text, "a moment with its zone, such as 2026-01-31T12:00:00Z"
    )
    if moment.tzinfo is None:
        raise ValueError("a moment with its zone, such as 2026-01-31T12:00:00Z")
    return moment.astimezone(dt.UTC).isoformat()


def _date(field: Field, text: str) -> Value:
    return _converted(dt.date.fromisoformat, text, "a date, such as 2026-01-31").isoformat()


def _uuid(field: Field, text: str) -> Value:
    what = f"the id of a {field.target}, a UUID" if field.target else "a UUID"
    return str(_converted(UUID, text, what))


def _enum(field: Field, text: str) -> Value:
    if text not in field.values:
        raise ValueError(f"one of {', '.join(field.values)}")
    return text


def _converted(convert: Callable[[str], T], text: str, what: str) -> T:
    try:
        return convert(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(what) from error


def _bound(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound


def _span(field: Field) -> str:
    least, most = (("" if bound is None else f"{bound:g}") for bound in (field.minimum, field.maximum))
    return f"{least or 'any'} to {most or 'any'}"


PARSERS: dict[str, Callable[[Field, str], Value]] = {
    "str": _text,
    "text": _text,
    "int": _integer,
    "float": _float,
    "bool": _bool,
    "decimal": _decimal,
    "datetime": _datetime,
    "date": _date,
    "uuid": _uuid,
    "ref": _uuid,
    "enum": _enum,
}
