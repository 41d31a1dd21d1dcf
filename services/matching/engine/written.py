"""How is a pair written down in a list, and read again? One line a pair; its body is the same from both sides."""

from typing import Any
from uuid import UUID

from pydantic_core import from_json

from services.matching.engine.lists import Key
from services.matching.engine.profiles import Side, other_side
from services.matching.engine.scorer import PARTS
from shared.contracts import MatchedPair


def line(key: Key, revision: int, body: str) -> str:
    """A pair as one line of a list: whom it is with, as of which revision, since when, then its body."""
    return f'["{key.other}",{revision},{key.since},{body[1:]}'


def key_of(written: str) -> Key:
    """A line's place in its list."""
    other, _, since, score, _ = written.split(",", 4)
    return Key(-int(score), int(since), UUID(other[2:-1]))


def said_in(written: str) -> list[list[str]]:
    """The reasons of a line: each a code, then its terms."""
    said: list[list[str]] = from_json(written)[9]
    return said


def body_of(written: str) -> str:
    """What is the same of a pair from both sides."""
    return "[" + written.split(",", 3)[3]


def as_pair(side: Side, own: UUID, own_revision: int, written: str) -> MatchedPair:
    """The pair of a line in the list of `own`, as it is told."""
    return MatchedPair.model_validate(as_told(side, own, own_revision, written))


def as_told(side: Side, own: UUID, own_revision: int, written: str) -> dict[str, Any]:
    """The same as plain data, in the contract's order: a list is told whole, and most of it was told before."""
    other, revision, _, *body = from_json(written)
    ends = {side: (str(own), own_revision), other_side(side): (other, revision)}
    return {
        "seeker_id": ends["seeker"][0],
        "seeker_revision": ends["seeker"][1],
        "posting_id": ends["posting"][0],
        "posting_revision": ends["posting"][1],
        **told_of(body),
    }


def told_of(body: list[Any]) -> dict[str, Any]:
    """What a body tells of a pair, as fields."""
    score, for_seeker, for_posting, share, known, unknown, said, would_raise = body
    return {
        "score": score,
        "fit_for_seeker": for_seeker,
        "fit_for_posting": for_posting,
        "known": share,
        "parts": [
            {"name": PARTS[at], "value": value, "score": whole, "seeker": seeker, "posting": posting}
            for at, value, whole, seeker, posting in known
        ],
        "unknown": [PARTS[at] for at in unknown],
        "reasons": [{"code": code, "terms": terms} for code, *terms in said],
        "raises": [{"term": term, "score": points} for term, points in would_raise],
    }
