"""The pages of the desk. Each is read from the store alone: it opens while Redis, matching or registry is away."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from services.notify import directory, match_lists
from services.notify.desk import shown
from services.notify.freshness import freshness
from services.notify.match_lists import CallFilter, EveryCafe, OneCafe, Reach, ShownPair
from services.notify.people import Names
from services.notify.settings import NotifySettings
from shared.database import reading
from shared.spine import Spine
from shared.web.pages import Pages, language_of
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow

T = TypeVar("T")

TEMPLATES = Path(__file__).parent / "templates"
LAST_PAGE = 500

AtDesk = Annotated[SignedIn, Depends(allow("counselor", "operator", "official"))]
PageNumber = Annotated[int, Query(ge=1, le=LAST_PAGE)]
Words = Annotated[str, Query(max_length=100)]


class Desk:
    """What all pages of the desk need: the store, the freshness of news, and names at the moment of showing."""

    def __init__(self, engine: Engine, spine: Spine, names: Names, pages: Pages, settings: NotifySettings) -> None:
        self.engine, self.spine, self.names, self.pages, self.settings = engine, spine, names, pages, settings

    async def read(self, question: Callable[[Session], T]) -> T:
        """Ask the store, beside the event loop."""

        def ask() -> T:
            with reading(self.engine) as session:
                return question(session)

        return await to_thread.run_sync(ask)

    async def cafes(self, request: Request) -> dict[UUID, str]:
        """The cafés that look after anyone, by name where it is known."""
        named, language = await self.names.of_cafes(), language_of(request)
        cafe_ids = await self.read(directory.cafes)
        called = {cafe_id: named.get(cafe_id) or shown.label_of_cafe(cafe_id, language) for cafe_id in cafe_ids}
        return dict(sorted(called.items(), key=lambda cafe: cafe[1]))

    async def heads(self, pairs: Sequence[ShownPair]) -> dict[UUID, int]:
        """How many lists each of the postings heads."""
        postings = [pair.posting.posting_id for pair in pairs]
        return await self.read(lambda session: match_lists.headed_by(session, postings))

    async def show(
        self, request: Request, template: str, who: SignedIn, seeker_ids: Sequence[UUID], **values: Any
    ) -> Response:
        """A page of the desk, with the names of the seekers on it."""
        asked = seeker_ids if may_know_names(who) else ()
        place = request.client.host if request.client else ""
        names = await self.names.of_seekers(asked, who, f"desk {template}", place)
        as_of = await self.read(match_lists.last_said_at)
        language = language_of(request)
        return self.pages.show(
            request,
            f"{template}.html",
            names_away=names is None,
            name_of=lambda seeker_id: shown.name_of(seeker_id, names or {}, language),
            rows_of=lambda pairs: shown.rows_of(pairs, names or {}, language),
            folded=lambda rows: shown.folded(rows, self.settings.per_employer),
            crowded_from=self.settings.crowded_from,
            freshness=freshness(as_of, self.spine.seen),
            wage_of=shown.wage_of,
            least_wage=shown.least_wage,
            whole=shown.WHOLE,
            **values,
        )


def desk(at: Desk) -> APIRouter:
    """`/desk…`, and `/` which leads there."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def first() -> Response:
        return RedirectResponse("/desk", 303)

    @router.get("/desk")
    async def calls(request: Request, who: AtDesk, page: PageNumber = 1, words: Words = "", cafe: str = "") -> Response:
        narrowed = CallFilter(reach_of(who, cafe), words)
        found = await at.read(lambda session: match_lists.worth_a_call(session, narrowed, page))
        count = await at.read(lambda session: match_lists.count_calls(session, narrowed))
        values = {"found": found, "count": count, "most": match_lists.MOST_COUNTED, "page": page, "words": words}
        values["heads"] = await at.heads(found.pairs)
        cafes = await at.cafes(request) if sees_every_cafe(who) else {}
        return await at.show(request, "calls", who, seekers_of(found.pairs), **values, cafes=cafes, cafe=cafe)

    @router.get("/desk/seekers")
    async def seekers(request: Request, who: AtDesk, page: PageNumber = 1, words: Words = "") -> Response:
        found = await at.read(lambda session: directory.find_seekers(session, reach_of(who), words, page))
        ids = [card.seeker_id for card in found.cards]
        return await at.show(request, "seekers", who, ids, found=found, page=page, words=words)

    @router.get("/desk/seekers/{seeker_id}")
    async def seeker(request: Request, who: AtDesk, seeker_id: str) -> Response:
        reach, asked = reach_of(who), id_of(seeker_id)
        card = found_or_nothing(await at.read(lambda session: directory.seeker_within(session, asked, reach)))
        pairs = await at.read(lambda session: match_lists.for_seeker(session, card))
        values = {"card": card, "pairs": pairs, "gaps": shown.gaps_of(pairs), "heads": await at.heads(pairs)}
        return await at.show(request, "seeker", who, [card.seeker_id], **values)

    @router.get("/desk/postings")
    async def postings(request: Request, who: AtDesk, page: PageNumber = 1, words: Words = "") -> Response:
        found = await at.read(lambda session: directory.find_postings(session, words, page))
        return await at.show(request, "postings", who, [], found=found, page=page, words=words)

    @router.get("/desk/postings/{posting_id}")
    async def posting(request: Request, who: AtDesk, posting_id: str) -> Response:
        asked = id_of(posting_id)
        card = found_or_nothing(await at.read(lambda session: directory.open_posting(session, asked)))
        pairs = await at.read(lambda session: match_lists.for_posting(session, card, reach_of(who)))
        heads = await at.read(lambda session: match_lists.headed_by(session, [card.posting_id]))
        return await at.show(request, "posting", who, seekers_of(pairs), card=card, pairs=pairs, heads=heads)

    return router


def sees_every_cafe(who: SignedIn) -> bool:
    return who.role in ("operator", "official")


def may_know_names(who: SignedIn) -> bool:
    """An official looks at how matching goes, which needs no names."""
    return who.role in ("counselor", "operator")


def reach_of(who: SignedIn, cafe: str = "") -> Reach:
    """A counselor sees the seekers of her café; others all, or one café's if they ask so."""
    if not sees_every_cafe(who):
        return OneCafe(who.cafe_id)
    return OneCafe(id_of(cafe)) if cafe else EveryCafe()


def id_of(text: str) -> UUID:
    """The id in an address; what is none is not found, like an id that is unknown."""
    try:
        return UUID(text)
    except ValueError:
        return found_or_nothing(None)


def found_or_nothing(card: T | None) -> T:
    """What is not there and what is none of the reader's business look alike."""
    if card is None:
        raise Problem(404, "NOT_FOUND", "There is nothing here.", "찾으시는 것이 없습니다.")
    return card


def seekers_of(pairs: Sequence[ShownPair]) -> list[UUID]:
    return [pair.seeker.seeker_id for pair in pairs]
