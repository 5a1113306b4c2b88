"""Descriptions of resources and fields, by `resource` or `resource.field`, when the model changes."""

from collections.abc import Iterator, Mapping

from .rules import Intent

Descriptions = dict[str, str]
Types = Mapping[str, Mapping[str, str]]
"""Types of fields, by their names, by the resources'."""


def places(resources: Types) -> Iterator[str]:
    """Everything that can be described."""
    for name, types in resources.items():
        yield name
        yield from (f"{name}.{field}" for field in types)


def followed(descriptions: Mapping[str, str], resources: Types, intent: Intent) -> Descriptions:
    """The descriptions under the names of now; those of what is gone are gone."""
    found = {_renamed(place, intent): text for place, text in descriptions.items()}
    return {place: text for place, text in found.items() if place in set(places(resources))}


def _renamed(place: str, intent: Intent) -> str:
    resource, dot, field = place.partition(".")
    return intent.renamed.get(resource, resource) + dot + intent.renamed_fields.get(place, field)
