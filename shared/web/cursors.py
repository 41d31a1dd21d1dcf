"""Where does the next page begin? After the last row that was shown, told as a mark that means nothing to its reader.

A page is asked for by its key and not by a count of rows, so rows that come in between move nothing: walking on shows
each row once.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Annotated, TypeVar

from fastapi import Query
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from shared.web.problems import Problem

Cursor = Annotated[str, Query(max_length=400, pattern=r"^[A-Za-z0-9_=-]*$")]
"""As `next` told it; empty for the first page."""
T = TypeVar("T")


def cursor_of(key: object) -> str:
    """The mark after a row of this key."""
    return urlsafe_b64encode(to_json(key)).decode()


def key_of(cursor: str, kind: TypeAdapter[T]) -> T | None:
    """The key behind a mark; None for the first page."""
    if not cursor:
        return None
    try:
        return kind.validate_json(urlsafe_b64decode(cursor))
    except (Error, ValidationError, ValueError):
        raise Problem(
            422,
            "CURSOR_UNKNOWN",
            "This is no mark of ours for a next page. Begin with the first page.",
            "다음 쪽을 가리키는 표시가 아닙니다. 첫 쪽부터 다시 보아 주세요.",
            where="after",
        ) from None
