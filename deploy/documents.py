"""Which documents describe Iljari to other programs: AsyncAPI from the contracts, OpenAPI from the services.

python -m deploy.documents          write them anew
python -m deploy.documents --check  say which are stale, and fail
"""

import json
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.json_schema import models_json_schema

from deploy.serve import settings_class
from shared.contracts import CATALOGUE, Event

DOCS = Path(__file__).parent.parent / "docs"
SERVICES = ("registry", "matching", "notify")


def documents() -> dict[Path, dict[str, Any]]:
    """Every document by its path."""
    interfaces = {DOCS / "openapi" / f"{service}.json": openapi(service) for service in SERVICES}
    return {DOCS / "asyncapi.json": asyncapi(), **interfaces}


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3: a channel a stream, with who says it and who hears it, and the envelope's fields as headers."""
    _, definitions = models_json_schema(
        [(event, "serialization") for event in CATALOGUE], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Iljari",
            "version": version("iljari"),
            "description": "Facts on Redis streams. One entry an event: CloudEvents attributes as entry fields, "
            "the payload as JSON in the field `data`. Delivered at least once, in no promised order across streams.",
        },
        "channels": {_name(event): _channel(event) for event in CATALOGUE},
        "operations": {
            f"{who}.{verb}.{_name(event)}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{_name(event)}"},
                "summary": f"{who} {verb} {event.stream}",
            }
            for event in CATALOGUE
            for verb, action, parties in (("says", "send", event.said_by), ("hears", "receive", event.heard_by))
            for who in parties
        },
        "components": {
            "schemas": definitions["$defs"],
            "messages": {event.__name__: _message(event) for event in CATALOGUE},
        },
    }


def _name(event: type[Event]) -> str:
    return f"{event.stream}.agency" if event.per_agency else event.stream


def _channel(event: type[Event]) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": f"{event.stream}:{{agency}}" if event.per_agency else event.stream,
        "description": (event.__doc__ or "").strip(),
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}},
    }
    if event.per_agency:
        channel["parameters"] = {"agency": {"description": "The agency; only it and registry may use this stream."}}
    return channel


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.__name__,
        "contentType": "application/json",
        "headers": ENVELOPE,
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
    }


ENVELOPE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid", "description": "A repeated delivery has the same id."},
        "source": {"type": "string"},
        "specversion": {"const": "1.0"},
        "type": {"type": "string", "description": "The stream's name, its version last."},
        "time": {"type": "string", "format": "date-time"},
        "subject": {"type": "string"},
        "traceparent": {"type": "string", "description": "W3C Trace Context."},
    },
}


def openapi(service: str) -> dict[str, Any]:
    """The service's own HTTP interface, from its routes."""
    settings = settings_class(service)
    secret = SecretStr("only to build the routes")
    secrets: dict[str, Any] = {
        name: secret
        for name, field in settings.model_fields.items()
        if field.annotation in (SecretStr, SecretStr | None)
    }
    told = settings(database_url="sqlite://", **secrets)
    app = import_module(f"services.{service}.app").create_app(told)
    document: dict[str, Any] = app.openapi()
    return document


def text_of(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def stale() -> list[Path]:
    """Documents that no longer say what the code says."""
    return [
        path
        for path, document in documents().items()
        if not path.exists() or path.read_text("utf-8") != text_of(document)
    ]


if __name__ == "__main__":
    if "--check" in sys.argv:
        old = stale()
        sys.exit("\n".join(f"stale: {path}; run python -m deploy.documents" for path in old) if old else 0)
    for path, document in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(document), "utf-8")
