"""How a fact looks on a stream: CloudEvents attributes as entry fields, its data as plain UTF-8 JSON.

    XADD posting.published.v1 * id 7f… source /iljari/registry type posting.published.v1 time 2026-… subject posting/9a…
         specversion 1.0 datacontenttype application/json traceparent 00-… data {"posting_id": …}

Any client that can XADD one JSON document can write such an entry. (CloudEvents 1.0; W3C Trace Context.)
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from shared.contracts import Event

E = TypeVar("E", bound=Event)

Fields = dict[bytes, bytes]

EVENT_LIMIT_BYTES = 1_000_000
DOCUMENT_LIMIT_BYTES = 64_000
DOCUMENT_DEPTH = 32
LONGEST_NUMBER = 40

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
BRACKET = re.compile(r"[\[\]{}]")


class WireError(Exception):
    """What came over the wire is not what its stream promises: a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str, where: str = "data") -> None:
        super().__init__(f"{code} at {where}: {message}")
        self.code, self.message, self.where = code, message, where


def encode(event: Event, traceparent: str | None = None, data: str | None = None) -> dict[str, str]:
    """The entry fields of an event.

    Args:
        data: the event's data as JSON, by one who has it ready: what is in the event itself is then not looked at.
    """
    fields = {
        "id": str(event.event_id),
        "source": event.source,
        "specversion": "1.0",
        "type": event.stream,
        "time": event.occurred_at.isoformat(),
        "subject": event.subject,
        "datacontenttype": "application/json",
        "data": event.model_dump_json(exclude={"event_id", "occurred_at"}) if data is None else data,
    }
    return {**fields, "traceparent": traceparent} if traceparent else fields


def decode(expected: type[E], fields: Mapping[bytes, bytes]) -> E:
    """The event in an entry of an inner stream.

    Raises:
        WireError: with the code of the first thing wrong; never echoes a value.
    """
    kind = _text(fields.get(b"type", expected.stream.encode()), "type")
    if kind != expected.stream:
        _refuse_type(expected, kind)
    raw = fields.get(b"data")
    if raw is None:
        raise WireError("ENVELOPE_MISSING", "the entry has no field 'data'")
    if len(raw) > EVENT_LIMIT_BYTES:
        raise WireError("TOO_LARGE", f"data has {len(raw)} bytes, the limit is {EVENT_LIMIT_BYTES}")
    try:
        data = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        _text(raw, "data")
        raise WireError("JSON_INVALID", str(error).split(" at ")[0]) from None
    if not isinstance(data, dict):
        raise WireError("ENVELOPE_NOT_OBJECT", "data is not a JSON object")
    return _validated(expected, fields, data)


def _refuse_type(expected: type[Event], kind: str) -> NoReturn:
    name, _, version = kind.rpartition(".v")
    own_name, _, own_version = expected.stream.rpartition(".v")
    if name == own_name and version.isdigit():
        code = "VERSION_TOO_NEW" if int(version) > int(own_version) else "VERSION_TOO_OLD"
        raise WireError(code, f"this service hears {expected.stream}", "type")
    raise WireError("EVENT_UNKNOWN", f"this stream carries {expected.stream}", "type")


def _validated(expected: type[E], fields: Mapping[bytes, bytes], data: dict[str, Any]) -> E:
    try:
        envelope = {"event_id": _text(fields[b"id"], "id"), "occurred_at": _text(fields[b"time"], "time")}
    except KeyError as missing:
        raise WireError("ENVELOPE_MISSING", "every event carries an id and a time", str(missing)) from None
    try:
        return expected.model_validate(data | envelope)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        code = "EVENT_ID_INVALID" if where == "event_id" else "FIELD_INVALID"
        raise WireError(code, first["msg"], where) from None


def _text(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise WireError("ENVELOPE_NOT_UTF8", "not UTF-8 text; compression is not supported", where) from None


def strict_document(raw: bytes, limit: int = DOCUMENT_LIMIT_BYTES) -> dict[str, Any]:
    """A JSON object from a stranger, read without trusting its size, depth, numbers or keys.

    Raises:
        WireError: the code says which promise is broken, `where` the key or position; never echoes a value.
    """
    if len(raw) > limit:
        raise WireError("TOO_LARGE", f"the document has {len(raw)} bytes, the limit is {limit}")
    text = _text(raw, "data")
    _refuse_depth(text)
    try:
        document = json.loads(
            text, object_pairs_hook=_once, parse_constant=_not_finite, parse_float=_finite, parse_int=_short
        )
    except json.JSONDecodeError as error:
        raise WireError("JSON_INVALID", error.msg, f"line {error.lineno}, column {error.colno}") from None
    if not isinstance(document, dict):
        raise WireError("ENVELOPE_NOT_OBJECT", "a posting is one JSON object: {…}")
    _refuse_surrogates(document)
    return document


def _refuse_depth(text: str) -> None:
    """Count brackets outside strings before parsing: the parser's own recursion limit must not surface as a crash."""
    depth = 0
    for bracket in BRACKET.findall(STRING.sub("", text)):
        depth += 1 if bracket in "{[" else -1
        if depth > DOCUMENT_DEPTH:
            raise WireError("JSON_TOO_DEEP", f"nested deeper than {DOCUMENT_DEPTH} levels")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise WireError("JSON_DUPLICATE_KEY", "this key stands twice", double[:100])
    return document


def _not_finite(_: str) -> NoReturn:
    raise WireError("NUMBER_NOT_FINITE", "NaN and Infinity are not numbers here")


def _finite(text: str) -> float:
    if len(text) > LONGEST_NUMBER:
        raise WireError("NUMBER_TOO_LARGE", f"a number has more than {LONGEST_NUMBER} digits")
    number = float(text)
    return number if math.isfinite(number) else _not_finite(text)


def _short(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise WireError("NUMBER_TOO_LARGE", f"a number has more than {LONGEST_NUMBER} digits")
    return int(text)


def _refuse_surrogates(document: dict[str, Any]) -> None:
    try:
        to_json(document)
    except ValueError:
        raise WireError("TEXT_INVALID", "the text has half a surrogate pair or another invalid character") from None
