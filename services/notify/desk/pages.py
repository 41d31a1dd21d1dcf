"""The pages of the desk. Each is read from the store alone: it opens while Redis, matching or registry is away."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.notify import directory, match_lists
from services.notify.desk import shown
from services.notify.desk.asked import EMPLOYMENTS, Asked
from services.notify.desk.at_desk import (
    AtDesk,
    Desk,
    PageNumber,
    Words,
    found_or_nothing,
    id_of,
    reach_of,
    seekers_of,
)
from services.notify.desk.consenting import consenting
from services.notify.desk.deciding import deciding
from services.notify.desk.following_pages import following_pages
from services.notify.desk.news import news
from services.notify.desk.taking_along import taking_along
from shared.web.sign_in import signed_in
from shared.web.ways import home_of


def desk(at: Desk) -> APIRouter:
    """`/desk…`, and `/` which leads whoever comes to where she works."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def first(request: Request) -> Response:
        return RedirectResponse(home_of(signed_in(request)), 303)

    @router.get("/desk")
    async def calls(request: Request, who: AtDesk, asked: Asked) -> Response:
        narrowed = asked.narrowed(who)
        found = await at.read(lambda session: match_lists.worth_a_call(session, narrowed, asked.page))
        count = await at.read(lambda session: match_lists.count_calls(session, narrowed))
        values = {
            "found": found,
            "count": count,
            "most": match_lists.MOST_COUNTED,
            "asked": asked,
            "narrowed": narrowed,
            "heads": await at.heads(found.pairs),
            "choices": await at.read(directory.choices),
            "employments": EMPLOYMENTS,
            "cafes": await at.cafes(request, who),
        }
        return await at.show(request, "calls", who, seekers_of(found.pairs), **values)

    @router.get("/desk/seekers")
    async def seekers(
        request: Request, who: AtDesk, page: PageNumber = 1, words: Words = "", cafe: str = ""
    ) -> Response:
        reach = reach_of(who, cafe)
        found = await at.read(lambda session: directory.find_seekers(session, reach, words, page))
        ids = [card.seeker_id for card in found.cards]
        values = {"found": found, "page": page, "words": words, "cafe": cafe, "cafes": await at.cafes(request, who)}
        return await at.show(request, "seekers", who, ids, **values)

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

    for more in (deciding(at), consenting(at), following_pages(at), taking_along(at), news(at)):
        router.include_router(more)
    return router
