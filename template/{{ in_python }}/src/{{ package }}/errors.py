"""The errors of the service. Each entrypoint maps them to codes of its protocol."""

from uuid import UUID


class DomainError(Exception):
    """A rule was broken."""


class NotFoundError(DomainError):
    """There is no entity with that id."""


class AlreadyExistsError(DomainError):
    """There is an entity with that id already."""

    def __init__(self, where: str, entity_id: UUID) -> None:
        super().__init__(f"something in {where} has the id {entity_id}")
        self.entity_id = entity_id


class StaleVersionError(DomainError):
    """Somebody else has changed the entity first."""


class ConflictError(DomainError):
    """The state of the entity, or of others, does not allow the change."""


class FieldError(DomainError):
    """The value of a field breaks a rule."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class DuplicateError(FieldError):
    """Another entity has this value already, and it must be unique."""


class UnknownReferenceError(FieldError):
    """There is no entity with the id to which the field refers."""


class UnavailableError(Exception):
    """Something that the service needs does not answer at present. The same request may succeed later."""


class TimedOutError(UnavailableError):
    """It did not answer in time."""
