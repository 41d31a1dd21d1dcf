"""Do the facts on the wire stay what others were told they are?

`python -m tests.contracts.test_contracts` writes golden messages and schemas that are missing, and never changes one
that exists: a contract that was said once is only added to, or said anew as a next version.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import CATALOGUE, Event
from shared.wire import decode, encode
from tests.contracts.examples import examples

HERE = Path(__file__).parent

# Who says and who hears, written out by hand: the table in code must say the same.
TABLE = {
    ("posting.received.v1", "each agency"): ("agency", "registry"),
    ("submission.answered.v1", "each agency"): ("registry", "agency"),
    ("posting.published.v1", "all"): ("registry", "matching notify"),
    ("posting.withdrawn.v1", "all"): ("registry", "matching notify"),
    ("seeker.published.v1", "all"): ("registry", "matching notify"),
    ("seeker.withdrawn.v1", "all"): ("registry", "matching notify"),
    ("submission.answered.v1", "all"): ("registry", "notify"),
    ("matches.found.v1", "all"): ("matching", "notify"),
    ("match.reviewed.v1", "all"): ("notify", "registry"),
    ("referral.answered.v1", "all"): ("notify", "registry"),
    ("referral.recorded.v1", "all"): ("registry", "matching notify"),
    ("delivery.failed.v1", "all"): ("notify", "registry"),
    ("match.noticed.v1", "each agency"): ("notify", "agency"),
    ("room.booked.v1", "all"): ("registry", "notify"),
    ("room.released.v1", "all"): ("registry", "notify"),
    ("wish.ended.v1", "all"): ("registry", "notify"),
    ("program.scheduled.v1", "all"): ("registry", "notify"),
    ("program.enrolled.v1", "all"): ("registry", "notify"),
    ("rematch.requested.v1", "all"): ("registry", "matching"),
    ("rematch.finished.v1", "all"): ("matching", "registry"),
    ("restatement.requested.v1", "all"): ("matching notify", "registry matching"),
    ("sessions.ended.v1", "all"): ("registry", "matching notify"),
}

every_fact = pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.__name__)


def file_of(event: type[Event], folder: str) -> Path:
    return HERE / folder / f"{event.stream}{'.agency' if event.per_agency else ''}.json"


def test_the_table_of_streams_is_closed() -> None:
    told = {
        (event.stream, "each agency" if event.per_agency else "all"): (
            " ".join(event.said_by),
            " ".join(event.heard_by),
        )
        for event in CATALOGUE
    }
    assert told == TABLE


@every_fact
def test_class_stream_and_module_rhyme(event: type[Event]) -> None:
    words = re.findall("[A-Z][a-z]+", event.__name__)
    if event.__name__ != "AgencyAnswered":  # the receipt once more, under the name of its second stream
        assert event.stream == ".".join(word.lower() for word in words) + ".v1"
    assert event.__module__.startswith("shared.contracts.")
    assert event.model_config["frozen"]
    assert event.model_config["extra"] == "forbid"


@every_fact
def test_the_golden_message_is_still_understood(event: type[Event]) -> None:
    golden: dict[str, Any] = json.loads(file_of(event, "golden").read_text("utf-8"))
    fields = {
        name.encode(): (json.dumps(value) if name == "data" else value).encode() for name, value in golden.items()
    }
    understood = decode(event, fields)
    assert understood == examples()[event]
    assert _as_far_as(golden, in_full(understood)) == golden


@every_fact
def test_the_schema_breaks_no_promise(event: type[Event]) -> None:
    promised = json.loads(file_of(event, "schema").read_text("utf-8"))
    present = json.loads(json.dumps(event.model_json_schema()))
    assert broken_promises(promised, present) == []


def _as_far_as(told: Any, more: Any) -> Any:
    """The fields that an older message told too; a field it could not know is left out."""
    if isinstance(told, dict) and isinstance(more, dict):
        return {name: _as_far_as(value, more.get(name)) for name, value in told.items()}
    if isinstance(told, list) and isinstance(more, list) and len(told) == len(more):
        return [_as_far_as(one, other) for one, other in zip(told, more, strict=True)]
    return more


def in_full(event: Event) -> dict[str, Any]:
    """The entry fields, with the data as an object so that people can read the golden file."""
    fields: dict[str, Any] = dict(encode(event))
    return fields | {"data": json.loads(fields["data"])}


def broken_promises(promised: Any, present: Any, path: str = "") -> list[str]:
    """What a reader of the promised schema could stumble over. New optional fields are no breach."""
    if isinstance(promised, dict) and isinstance(present, dict):
        return _broken_in_object(promised, present, path)
    if isinstance(promised, list) and isinstance(present, list) and path.endswith(("/enum", "/anyOf", "/prefixItems")):
        lost = [value for value in promised if value not in present]
        return [f"{path}: lost {value}" for value in lost]
    if path.endswith(("/description", "/title", "/default")):
        return []
    return [] if promised == present else [f"{path}: was {promised}, is {present}"]


def _broken_in_object(promised: dict[str, Any], present: dict[str, Any], path: str) -> list[str]:
    breaches: list[str] = []
    for key, value in promised.items():
        if key in {"description", "title", "default"} and not isinstance(value, dict):
            continue
        if key not in present:
            breaches.append(f"{path}/{key}: gone")
        else:
            breaches += broken_promises(value, present[key], f"{path}/{key}")
    grown = set(present.get("required", [])) - set(promised.get("required", []))
    return breaches + [f"{path}: {name} is now required" for name in sorted(grown) if "properties" in promised]


LETTER = {"type": "string"}
PROMISED = {"properties": {"a": LETTER, "b": {"enum": ["x", "y"]}}, "required": ["a"]}


def test_adding_an_optional_field_breaks_no_promise() -> None:
    more = {"properties": {"a": LETTER, "b": {"enum": ["x", "y"]}, "c": {}}, "required": ["a"]}
    assert broken_promises(PROMISED, more) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"properties": {"a": LETTER, "b": {"enum": ["x", "y"]}}, "required": ["a", "b"]},
        {"properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}}, "required": ["a"]},
        {"properties": {"a": LETTER, "b": {"enum": ["x"]}}, "required": ["a"]},
        {"properties": {"a": LETTER}, "required": ["a"]},
    ],
    ids=["now required", "other type", "value gone", "field gone"],
)
def test_a_broken_promise_is_noticed(changed: dict[str, Any]) -> None:
    assert broken_promises(PROMISED, changed)


def write_missing() -> None:
    for event, example in examples().items():
        for folder, content in (("golden", in_full(example)), ("schema", event.model_json_schema())):
            path = file_of(event, folder)
            if not path.exists():
                path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    write_missing()
