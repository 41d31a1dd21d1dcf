"""What a program sent: its size, kind and JSON, checked before anything is made of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.registry.intake.documents import identifiers
from services.registry.intake.findings import of_wire
from shared.web.problems import Problem
from shared.wire import WireError, strict_document

M = TypeVar("M", bound=BaseModel)

JSON_TYPE = re.compile(r"application/(?:json|[\w.+-]+\+json)\s*(?:;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE)
FORM_LIMIT_BYTES = 64_000
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]
"""Without control characters: some of them are blanks to Python and none to whoever checked before."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class Asked(BaseModel):
    """A request's body: only what it names is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Body(Generic[M]):
    """A dependency: the one JSON object of the body, of at most so many bytes, as a model."""

    def __init__(self, model: type[M], limit: int = FORM_LIMIT_BYTES) -> None:
        self.model, self._limit = model, limit

    async def __call__(self, request: Request) -> M:
        return self.model.model_validate(await self._document(request))

    async def _document(self, request: Request) -> dict[str, Any]:
        if not JSON_TYPE.fullmatch(request.headers.get("content-type", "")):
            raise Problem(
                415, "CONTENT_TYPE", "Send application/json in UTF-8.", "UTF-8 application/json으로 보내 주세요."
            )
        raw = await _bytes_within(request, self._limit)
        try:
            return strict_document(raw, self._limit)
        except WireError as error:
            found = of_wire(error)
            raise Problem(
                400, found.code, found.message, found.message_ko, where=found.where, hint=found.hint
            ) from None


class PlainBody(Body[M]):
    """The same for a form that is not checked as a posting or a seeker is: no resident registration number in it."""

    async def _document(self, request: Request) -> dict[str, Any]:
        document = await super()._document(request)
        for found in identifiers(document):
            raise Problem(422, found.code, found.message, found.message_ko, where=found.where, hint=found.hint)
        return document


async def _bytes_within(request: Request, limit: int) -> bytes:
    told = request.headers.get("content-length", "0")
    raw = bytearray()
    if not told.isdigit() or int(told) > limit:
        raise _too_large(limit)
    async for piece in request.stream():
        raw += piece
        if len(raw) > limit:
            raise _too_large(limit)
    return bytes(raw)


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        "TOO_LARGE",
        f"The body is larger than {limit} bytes.",
        f"본문이 {limit}바이트를 넘습니다.",
        headers={"Connection": "close"},
    )


class UnderWay:
    """Requests that this process has begun and not answered, by the id that a repeat would have."""

    def __init__(self) -> None:
        self._ids: set[UUID] = set()
        self._lock = Lock()

    @contextmanager
    def alone(self, request_id: UUID) -> Iterator[None]:
        """Let one through at a time.

        Raises:
            Problem: the same request is under way.
        """
        with self._lock:
            if request_id in self._ids:
                raise Problem(
                    409,
                    "IN_PROGRESS",
                    "A request under this Idempotency-Key is still being answered.",
                    "같은 Idempotency-Key의 요청을 아직 처리하고 있습니다.",
                    where="Idempotency-Key",
                    hint="Send the same again in a second: it is then answered as the first was.",
                    headers={"Retry-After": "1"},
                )
            self._ids.add(request_id)
        try:
            yield
        finally:
            with self._lock:
                self._ids.discard(request_id)


def idempotency_key(request: Request) -> str:
    """A dependency: the sender's own name for this request, by which a repeat is known."""
    key = request.headers.get("idempotency-key")
    if key is None:
        raise Problem(
            400,
            "IDEMPOTENCY_KEY_REQUIRED",
            "Send the header Idempotency-Key.",
            "Idempotency-Key 머리글이 필요합니다.",
            where="Idempotency-Key",
            hint="Any text of your own that is new for each new request, such as a UUID.",
        )
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise Problem(
            400,
            "IDEMPOTENCY_KEY_INVALID",
            "The key has 1 to 255 visible ASCII characters.",
            "Idempotency-Key는 1~255자의 보이는 ASCII 문자입니다.",
            where="Idempotency-Key",
        )
    return key
