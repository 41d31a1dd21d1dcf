"""How is a pair written down in a list, and read again? One line a pair; its body is the same from both sides."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from services.matching.engine.lists import Key
from services.matching.engine.profiles import Side
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
    return MatchedPair.model_validate_json(as_told(side, str(own), own_revision, written))


def as_told(side: Side, own: str, own_revision: int, written: str) -> str:
    """The same as JSON, in the very bytes of the contract: as models a list's pairs cost more than to find them."""
    other, revision, _, body = written.split(",", 3)
    told = _told(f"[{body}")
    if side == "seeker":
        return (
            f'{{"seeker_id":"{own}","seeker_revision":{own_revision},'
            f'"posting_id":{other[1:]},"posting_revision":{revision},{told}'
        )
    return (
        f'{{"seeker_id":{other[1:]},"seeker_revision":{revision},'
        f'"posting_id":"{own}","posting_revision":{own_revision},{told}'
    )


def told_of(body: str) -> dict[str, Any]:
    """What a body tells of a pair, as fields."""
    told: dict[str, Any] = from_json(f"{{{_told(body)}")
    return told


@lru_cache(maxsize=2**14)
def _told(body: str) -> str:
    """The same as JSON, but for the brace before it: a list is told whole, and most of it was told before."""
    score, for_seeker, for_posting, share, known, unknown, said, would_raise = from_json(body)
    parts = [
        f'{{"name":"{PARTS[at]}","value":{value},"score":{whole},"seeker":{seeker},"posting":{posting}}}'
        for at, value, whole, seeker, posting in known
    ]
    not_known = [f'"{PARTS[at]}"' for at in unknown]
    reasons = [f'{{"code":"{code}","terms":{_json(terms)}}}' for code, *terms in said]
    raises = [f'{{"term":{_json(term)},"score":{points}}}' for term, points in would_raise]
    return (
        f'"score":{score},"fit_for_seeker":{for_seeker},"fit_for_posting":{for_posting},"known":{share},'
        f'"parts":[{",".join(parts)}],"unknown":[{",".join(not_known)}],'
        f'"reasons":[{",".join(reasons)}],"raises":[{",".join(raises)}]}}'
    )


def _json(value: str | list[str]) -> str:
    return to_json(value).decode()
