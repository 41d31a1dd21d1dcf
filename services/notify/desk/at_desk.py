"""What do all pages of the desk need? The store, how fresh it is, names at the moment of showing, and who asks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

from anyio import to_thread
from fastapi import Depends, Query, Request
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.responses import Response

from services.notify import directory, match_lists, referrals
from services.notify.desk import bar, shown
from services.notify.freshness import freshness, version
from services.notify.match_lists import EveryCafe, OneCafe, Reach, ShownPair, SomeCafes
from services.notify.people import Names
from services.notify.referrals import Pair
from services.notify.reviews import LATEST_DAYS
from services.notify.settings import NotifySettings
from shared.database import reading, transaction
from shared.spine import Spine
from shared.web.catalogue import occupation_name
from shared.web.pages import Pages, language_of
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow

T = TypeVar("T")

TEMPLATES = Path(__file__).parent / "templates"
LAST_PAGE = 500

AtDesk = Annotated[SignedIn, Depends(allow("counselor", "operator", "official"))]
Counselor = Annotated[SignedIn, Depends(allow("counselor"))]
"""Decides; an operator and an official look on."""
PageNumber = Annotated[int, Query(ge=1, le=LAST_PAGE)]
Words = Annotated[str, Query(max_length=100)]


class Desk:
    """What its pages are made with."""

    def __init__(self, engine: Engine, spine: Spine, names: Names, pages: Pages, settings: NotifySettings) -> None:
        self.engine, self.spine, self.names, self.pages, self.settings = engine, spine, names, pages, settings

    async def read(self, question: Callable[[Session], T]) -> T:
        """Ask the store, beside the event loop."""

        def ask() -> T:
            with reading(self.engine) as session:
                return question(session)

        return await to_thread.run_sync(ask)

    async def write(self, change: Callable[[Session], T]) -> T:
        """Change the store in one transaction, beside the event loop."""

        def act() -> T:
            with transaction(self.engine) as session:
                return change(session)

        return await to_thread.run_sync(act)

    async def cafes(self, request: Request, who: SignedIn) -> dict[UUID, str]:
        """The cafés among which she may choose, by name where it is known; none where there is no choice."""
        cafe_ids = await self.read(directory.cafes) if sees_every_cafe(who) else who.cafes
        if len(cafe_ids) < 2:
            return {}
        named, language = await self.names.of_cafes(), language_of(request)
        called = {cafe_id: named.get(cafe_id) or shown.label_of_cafe(cafe_id, language) for cafe_id in cafe_ids}
        return dict(sorted(called.items(), key=lambda cafe: cafe[1]))

    async def heads(self, pairs: Sequence[ShownPair]) -> dict[UUID, int]:
        """How many lists each of the postings heads."""
        postings = [pair.posting.posting_id for pair in pairs]
        return await self.read(lambda session: match_lists.headed_by(session, postings))

    async def show(
        self, request: Request, template: str, who: SignedIn, seeker_ids: Sequence[UUID], **values: Any
    ) -> Response:
        """A page of the desk, with the names of the seekers on it, where their pairs stand, and what was just done."""
        language, day = language_of(request), referrals.today()
        done = await self.read(lambda session: bar.of_address(session, who, request.query_params))
        named = [*seeker_ids, *(review.seeker_id for review in done.reviews)]
        names = await self.of_seekers(request, who, named, f"desk {template}")
        as_of = await self.read(match_lists.last_said_at)
        standings = await self.read(lambda session: referrals.standings_of_seekers(session, seeker_ids))
        return self.pages.show(
            request,
            f"{template}.html",
            names_away=names is None,
            name_of=lambda seeker_id: shown.name_of(seeker_id, names or {}, language),
            rows_of=lambda pairs: shown.rows_of(pairs, names or {}, standings, language),
            folded=lambda rows: shown.folded(rows, self.settings.per_employer),
            crowded_from=self.settings.crowded_from,
            freshness=freshness(as_of, self.spine.seen),
            wage_of=shown.wage_of,
            least_wage=shown.least_wage,
            whole=shown.WHOLE,
            may_decide=who.role == "counselor",
            is_open=lambda standing: referrals.is_open(standing, day),
            reasons=shown.REASONS,
            occupation=lambda code: occupation_name(code, language),
            first_day=shown.days_after(day, 1),
            last_day=shown.days_after(day, LATEST_DAYS),
            next_week=shown.days_after(day, 7),
            today=day,
            done=done,
            version=await self.read(lambda session: version(session, reach_of(who))),
            **values,
        )

    async def of_seekers(
        self, request: Request, who: SignedIn, seeker_ids: Sequence[UUID], purpose: str
    ) -> dict[UUID, str] | None:
        """Their names, where she may know them; None when registry is away."""
        asked = seeker_ids if may_know_names(who) else ()
        return await self.names.of_seekers(asked, who, purpose, address_of(request))


def sees_every_cafe(who: SignedIn) -> bool:
    return who.role in ("operator", "official")


def may_know_names(who: SignedIn) -> bool:
    """An official looks at how matching goes, which needs no names."""
    return who.role in ("counselor", "operator")


def reach_of(who: SignedIn, cafe: str = "") -> Reach:
    """A counselor sees the seekers of her cafés; others all; both those of one café if they ask so."""
    asked = id_of(cafe) if cafe else None
    if sees_every_cafe(who):
        return OneCafe(asked) if asked else EveryCafe()
    if asked and asked not in who.cafes:
        return found_or_nothing(None)
    cafes = (asked,) if asked else who.cafes
    return SomeCafes(cafes) if len(cafes) > 1 else OneCafe(cafes[0] if cafes else None)


def id_of(text: str) -> UUID:
    """The id in an address; what is none is not found, like an id that is unknown."""
    try:
        return UUID(text)
    except ValueError:
        return found_or_nothing(None)


def pair_of(text: str) -> Pair:
    """The pair in a form, as `seeker/posting`."""
    seeker_id, _, posting_id = text.partition("/")
    return id_of(seeker_id), id_of(posting_id)


def found_or_nothing(card: T | None) -> T:
    """What is not there and what is none of the reader's business look alike."""
    if card is None:
        raise Problem(404, "NOT_FOUND", "There is nothing here.", "찾으시는 것이 없습니다.")
    return card


def seekers_of(pairs: Sequence[ShownPair]) -> list[UUID]:
    return [pair.seeker.seeker_id for pair in pairs]


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""
