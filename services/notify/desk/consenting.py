"""What is read aloud to a seeker before a firm is given her data, and her yes, noted with the version of that text."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from services.notify.answers import Given
from services.notify.desk import bar
from services.notify.desk.at_desk import Counselor, Desk, pair_of
from services.notify.desk.deciding import pass_on, within_reach
from services.notify.referrals import Pair
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, from_our_form

REFERRALS = "/desk/referrals"


def consenting(at: Desk) -> APIRouter:
    router = APIRouter(prefix="/desk/consent", include_in_schema=False)

    @router.get("")
    async def read_aloud(
        request: Request,
        who: Counselor,
        pair: Annotated[str, Query(max_length=80)],
        back: Annotated[str, Query(max_length=2_000)] = REFERRALS,
    ) -> Response:
        return await page(request, who, pair_of(pair), back)

    @router.post("", dependencies=[Depends(from_our_form)])
    async def note(
        request: Request,
        who: Counselor,
        pair: Annotated[str, Form(max_length=80)],
        text: Annotated[str, Form(max_length=40)] = "",
        back: Annotated[str, Form(max_length=2_000)] = REFERRALS,
    ) -> Response:
        """She agreed, after the text of that version was read to her."""
        asked = pair_of(pair)
        present = await at.names.provision_text(asked[1])
        given = Given("consented", consent_text=text)
        try:
            if present is None or text != present.version:
                raise _text_changed()
            await at.write(lambda session: pass_on(session, who, asked, given))
        except Problem as problem:
            if problem.status == 404:
                raise
            return await page(request, who, asked, back, problem)
        return RedirectResponse(bar.back_to(back, told="answered"), 303)

    async def page(request: Request, who: SignedIn, pair: Pair, back: str, problem: Problem | None = None) -> Response:
        await at.read(lambda session: within_reach(session, who, pair))
        values = {
            "pair": pair,
            "text": await at.names.provision_text(pair[1]),
            "problem": problem,
            "back": bar.back_to(back),
            "status": problem.status if problem else 200,
        }
        return await at.show(request, "consent", who, [pair[0]], **values)

    return router


def _text_changed() -> Problem:
    return Problem(
        409,
        "CONSENT_TEXT_CHANGED",
        "The text has changed or cannot be shown now. Read it aloud again; no consent was noted.",
        "안내문이 바뀌었거나 지금 보여 드릴 수 없습니다. 다시 읽어 드려 주세요. 동의는 아직 기록되지 않았습니다.",
        where="text",
    )
