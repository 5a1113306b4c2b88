"""The OpenAPI document: FastAPI's, with the models' schemas exactly as Pydantic writes them.

FastAPI keeps bounds as floats, which cannot hold those of 64-bit integers.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from .problems import ProblemDetails

PATH = "#/components/schemas/{model}"


def add_schemas(app: FastAPI, routes: Sequence[APIRoute]) -> None:
    generate = app.openapi

    @cache  # built on demand: serving does not need it
    def openapi() -> dict[str, Any]:
        document = generate()
        models = [*_models(routes), (ProblemDetails, "serialization")]
        _, schemas = models_json_schema(list(dict.fromkeys(models)), ref_template=PATH)
        document["components"]["schemas"] |= schemas["$defs"]
        for route in routes:
            for query in route.dependant.query_params:
                for method in route.methods or ():
                    operation = document["paths"][route.path][method.lower()]
                    _describe(operation["parameters"], query.field_info.annotation)
            for operation in document["paths"].get(route.path, {}).values():
                for parameter in operation.get("parameters", ()):
                    parameter["schema"] = _given(parameter["schema"])
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _models(routes: Sequence[APIRoute]) -> Iterator[tuple[Any, JsonSchemaMode]]:
    """The models that routes take or return."""
    for route in routes:
        if route.body_field:
            yield route.body_field.field_info.annotation, "validation"
        if route.response_model:
            yield route.response_model, "serialization"


def _describe(parameters: list[dict[str, Any]], query: Any) -> None:
    properties = query.model_json_schema(ref_template=PATH)["properties"]
    for parameter in parameters:
        if parameter["in"] == "query":
            parameter["schema"] = properties[parameter["name"]]


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter as sent: text, never null."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    default = {"default": schema["default"]} if schema.get("default") is not None else {}
    return {**kinds[0], **rest, **default} if len(kinds) == 1 else schema
