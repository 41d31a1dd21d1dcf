"""Where does the next page begin? After the last row that was shown, told as a mark that means nothing to its reader.

A page is asked for by its key and not by a count of rows, so rows that come in between move nothing: walking on shows
each row once. The answer's `Link` header (RFC 8288) leads to the next page; the last one has none.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from shared.contracts.envelope import Instant
from shared.web.problems import Problem

MOST = 500
USUAL = 100

Cursor = Annotated[str, Query(max_length=600, pattern=r"^[A-Za-z0-9_=-]*$")]
"""As a page before told it; empty for the first page."""
ID = TypeAdapter(UUID)
"""The key of rows that are told apart by their id alone."""
NUMBER = TypeAdapter(Annotated[int, Field(ge=0, lt=2**31)])
"""Of rows that the database counts."""
MOMENT = TypeAdapter(tuple[Instant, UUID])
"""Of rows by their time; at the same instant by their id."""
T = TypeVar("T")


class Paging:
    """A dependency of a list: from where on and how many rows are asked for; leads to the next page."""

    def __init__(
        self,
        request: Request,
        response: Response,
        after: Cursor = "",
        limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
    ) -> None:
        self._request, self._response, self._after, self.limit = request, response, after, limit

    def after(self, kind: TypeAdapter[T]) -> T | None:
        """The key of the last row that was shown before; None on the first page."""
        return key_of(self._after, kind)

    @property
    def one_more(self) -> int:
        """As many rows as tell whether there is a next page."""
        return self.limit + 1

    def shown(self, found: Sequence[T], key: Callable[[T], object]) -> Sequence[T]:
        """The rows of this page, of `one_more` that were looked up."""
        if len(found) > self.limit:
            cursor = cursor_of(key(found[self.limit - 1]))
            url = self._request.url.include_query_params(after=cursor)
            self._response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        return found[: self.limit]


Paged = Annotated[Paging, Depends(Paging)]


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
