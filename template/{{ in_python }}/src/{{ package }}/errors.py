"""The ways in which rules can be broken. Each entrypoint answers them in its protocol's own code."""

from uuid import UUID


class DomainError(Exception):
    """A rule was broken."""


class NotFoundError(DomainError):
    """Nothing is kept under that id."""


class AlreadyExistsError(DomainError):
    """Something is kept under that id already."""

    def __init__(self, where: str, entity_id: UUID) -> None:
        super().__init__(f"something in {where} has the id {entity_id}")
        self.entity_id = entity_id


class StaleVersionError(DomainError):
    """Someone else made a change first."""


class ConflictError(DomainError):
    """What is kept does not allow the change."""


class FieldError(DomainError):
    """A rule that one field has broken."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class DuplicateError(FieldError):
    """Another one has this value already, and no two may have the same."""


class UnknownReferenceError(FieldError):
    """Nothing is kept under the id to which it refers."""


class UnavailableError(Exception):
    """What the service needs does not answer at present. Nothing is wrong with what was asked: try again."""


class TimedOutError(UnavailableError):
    """It has not answered in time."""
