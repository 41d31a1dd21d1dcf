"""What do the pages of workers, firms and agencies share? The store, names when they are shown, a pair in words."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from anyio import to_thread
from fastapi import Request
from sqlalchemy import Engine
from sqlmodel import Session

from services.notify.desk.shown import Slice, slices_of
from services.notify.match_lists import ShownPair
from services.notify.people import Names
from services.notify.settings import NotifySettings
from shared.database import reading, transaction
from shared.web.catalogue import Language
from shared.web.pages import Pages
from shared.web.problems import Problem
from shared.web.spoken import spoken_reason

T = TypeVar("T")

TEMPLATES = Path(__file__).parent / "templates"


class Surface:
    """What the pages are made with."""

    def __init__(self, engine: Engine, names: Names, pages: Pages, settings: NotifySettings) -> None:
        self.engine, self.names, self.pages, self.settings = engine, names, pages, settings

    async def read(self, question: Callable[[Session], T]) -> T:
        """Ask the store, beside the event loop."""
        return await to_thread.run_sync(self._within, reading, question)

    async def write(self, change: Callable[[Session], T]) -> T:
        """Change the store in one transaction, beside the event loop."""
        return await to_thread.run_sync(self._within, transaction, change)

    def _within(self, edge: Callable[..., object], act: Callable[[Session], T]) -> T:
        with edge(self.engine) as session:  # type: ignore[attr-defined]
            return act(session)


@dataclass(frozen=True)
class Why:
    """A pair as it is told: one number, one sentence, and the parts that the number is the sum of."""

    shown: ShownPair
    spoken: str
    slices: tuple[Slice, ...]

    @property
    def points(self) -> int:
        """The score of a hundred."""
        return round(self.shown.pair.score / 100)


def why(shown: ShownPair, language: Language) -> Why:
    return Why(shown, spoken_reason(shown.pair.reasons, language), slices_of(shown.pair.parts))


def id_of(text: str) -> UUID:
    """The id in an address; what is none is not found, like an id that is unknown."""
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None


def not_found() -> Problem:
    """The one answer for what is not there and for what is none of the reader's business."""
    return Problem(404, "NOT_FOUND", "There is nothing here.", "찾으시는 것이 없습니다.")


def place_of(request: Request) -> str:
    return request.client.host if request.client else ""
