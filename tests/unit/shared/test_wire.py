"""Is a fact on the wire what its contract promises, and is anything else refused by name?"""

import json
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import CATALOGUE, PostingWithdrawn
from shared.wire import WireError, decode, encode, strict_document
from tests.contracts.examples import examples


def on_the_wire(fields: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode() for name, value in fields.items()}


@pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.__name__)
def test_what_is_written_is_read_again(event: type) -> None:
    example = examples()[event]
    assert decode(event, on_the_wire(encode(example, "00-" + "1" * 32 + "-" + "2" * 16 + "-01"))) == example


@given(st.dictionaries(st.binary(max_size=12), st.binary(max_size=200), max_size=5))
def test_any_bytes_are_read_or_refused_by_name(noise: dict[bytes, bytes]) -> None:
    for event in CATALOGUE:
        good = on_the_wire(encode(examples()[event]))
        try:
            decode(event, good | noise)
            decode(event, noise)
        except WireError as error:
            assert error.code.isupper()


@given(st.binary(max_size=400))
def test_any_document_is_read_or_refused_by_name(raw: bytes) -> None:
    try:
        assert isinstance(strict_document(raw), dict)
    except WireError as error:
        assert error.code.isupper()


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(-1e30, 1e30) | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=10,
        ),
        max_size=5,
    )
)
def test_an_honest_document_is_read_as_it_is(document: dict[str, object]) -> None:
    assert strict_document(json.dumps(document).encode()) == json.loads(json.dumps(document))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\xff\xfe\x00", "ENVELOPE_NOT_UTF8"),
        (b"[]", "ENVELOPE_NOT_OBJECT"),
        (b'"x"', "ENVELOPE_NOT_OBJECT"),
        (b"null", "ENVELOPE_NOT_OBJECT"),
        (b"7", "ENVELOPE_NOT_OBJECT"),
        (b"", "JSON_INVALID"),
        (b'{"a": 1,}', "JSON_INVALID"),
        (b'{"a": 1, "a": 2}', "JSON_DUPLICATE_KEY"),
        (b'{"a": {"b": 1, "b": 2}}', "JSON_DUPLICATE_KEY"),
        (b'{"a": NaN}', "NUMBER_NOT_FINITE"),
        (b'{"a": -Infinity}', "NUMBER_NOT_FINITE"),
        (b'{"a": 1e400}', "NUMBER_NOT_FINITE"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "NUMBER_TOO_LARGE"),
        (b'{"a": 0.' + b"9" * 5_000 + b"}", "NUMBER_TOO_LARGE"),
        (b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "JSON_TOO_DEEP"),
        (b'{"a": "' + b"x" * 70_000 + b'"}', "TOO_LARGE"),
        (b'{"a": "\\ud800"}', "TEXT_INVALID"),
    ],
)
def test_a_strangers_document_is_refused_with_its_code(raw: bytes, code: str) -> None:
    with pytest.raises(WireError) as refused:
        strict_document(raw)
    assert refused.value.code == code


def test_brackets_inside_text_are_not_depth() -> None:
    assert strict_document(json.dumps({"a": "[" * 100 + '\\"{'}).encode())


def test_a_refusal_never_repeats_a_value() -> None:
    secret = "010-1234-5678"
    fields = on_the_wire(encode(examples()[CATALOGUE[3]])) | {b"data": json.dumps({"posting_id": secret}).encode()}
    with pytest.raises(WireError) as refused:
        decode(CATALOGUE[3], fields)
    assert secret not in str(refused.value)


@pytest.mark.parametrize("revision", [0, -1, 1.5, 2**63, "many", None])
def test_a_revision_that_is_none_is_refused(revision: object) -> None:
    withdrawn = {"posting_id": str(uuid4()), "revision": revision, "reason": "filled"}
    fields = on_the_wire(encode(examples()[PostingWithdrawn])) | {b"data": json.dumps(withdrawn).encode()}
    with pytest.raises(WireError) as refused:
        decode(PostingWithdrawn, fields)
    assert (refused.value.code, refused.value.where) == ("FIELD_INVALID", "revision")


def test_an_event_of_another_kind_is_not_taken_for_this_one() -> None:
    for event in CATALOGUE:
        for other in CATALOGUE:
            if other.stream != event.stream:
                with pytest.raises(WireError, match="EVENT_UNKNOWN"):
                    decode(event, on_the_wire(encode(examples()[other])))
