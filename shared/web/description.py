"""How does a service describe itself to programs? OpenAPI, with the bodies, roles and problems of every route."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel, TypeAdapter

from shared.web.problems import MEDIA_TYPE, ProblemDocument
from shared.web.sign_in import SESSION_COOKIE, Allowed

REFERENCE = "#/components/schemas/{model}"
FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")
"""How it would describe a refusal; ours are problems."""


@runtime_checkable
class TakesBody(Protocol):
    """A dependency that reads the body itself, as this model."""

    model: type[BaseModel]


def describe(app: FastAPI) -> None:
    """Let the application's document tell of every route what it takes, whom it lets pass, and how it refuses."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        return app.openapi_schema or _completed(plain(), app)

    app.openapi = openapi  # type: ignore[method-assign]


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Every route of our own, pages included."""
    return (route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute))


def calls_of(route: RouteContext) -> list[Callable[..., Any]]:
    """The dependencies of a route, and theirs."""
    return list(_calls(route.dependant))


def _completed(document: dict[str, Any], app: FastAPI) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in FRAMEWORKS_OWN:
        schemas.pop(name, None)
    for route in routes_of(app):
        if route.include_in_schema:
            for method in route.methods or ():
                _complete(document["paths"][route.path_format][method.lower()], calls_of(route), schemas)
    components["responses"] = {
        "Problem": {
            "description": "Refused, with the reason and the way out (RFC 9457).",
            "content": {MEDIA_TYPE: {"schema": _schema(ProblemDocument, schemas)}},
        }
    }
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An agency's key, or a program's token."},
        "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
    }
    return document


def _complete(operation: dict[str, Any], calls: list[Callable[..., Any]], schemas: dict[str, Any]) -> None:
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    for call in calls:
        if isinstance(call, Allowed):
            operation["security"] = [{"bearer": []}, {"session": []}]
            operation["x-roles"] = list(call.roles)
        if isinstance(call, TakesBody):
            content = {"application/json": {"schema": _schema(call.model, schemas)}}
            operation["requestBody"] = {"required": True, "content": content}


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for needed in dependant.dependencies:
        if needed.call is not None:
            yield needed.call
        yield from _calls(needed)


def _schema(model: type[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    named, definitions = TypeAdapter.json_schemas(
        [(model.__name__, "validation", TypeAdapter(model))], ref_template=REFERENCE
    )
    for name, schema in definitions["$defs"].items():
        schemas.setdefault(name, schema)
    return named[model.__name__, "validation"]
