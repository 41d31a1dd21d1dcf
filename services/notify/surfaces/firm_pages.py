"""The firm's page behind its signed link: the people referred for one posting, and its answer on each; no account.

Every way in that does not hold — guessed, changed, ended, taken back — is answered alike.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.responses import RedirectResponse, Response

from services.notify import answers, signed_links
from services.notify.answers import FIRM_REASONS, Given
from services.notify.people import Contact
from services.notify.signed_links import Opened
from services.notify.surfaces import candidates
from services.notify.surfaces.candidates import CandidateShown
from services.notify.surfaces.surface import Surface, id_of, not_found, place_of
from shared.clock import KST
from shared.contracts.referrals import Answer, ReasonGiven
from shared.web import firm_links
from shared.web.pages import language_of
from shared.web.problems import Problem
from shared.web.rate_limits import RateLimit
from shared.web.sign_in import from_our_form
from shared.web.spoken import spoken_reason

OFTEN = "60/minute"
"""So often may one address ask here, which no person does."""


class AnswerForm(BaseModel):
    """What a firm's form says; an empty field says nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    answer: Answer
    reason: ReasonGiven | None = None
    on_day: date | None = None

    @field_validator("reason", "on_day", mode="before")
    @classmethod
    def _nothing(cls, value: object) -> object:
        return value or None


def firm_pages(at: Surface) -> APIRouter:
    limit = RateLimit(OFTEN)
    router = APIRouter(prefix=firm_links.PATH, include_in_schema=False, dependencies=[Depends(limit)])

    @router.get("/{token}")
    async def show(request: Request, token: str, told: str = "") -> Response:
        return await page(request, token, await behind(token), told=told == "noted")

    @router.post("/{token}/candidates/{candidate}", dependencies=[Depends(from_our_form)])
    async def answer(request: Request, token: str, candidate: str, form: Annotated[AnswerForm, Form()]) -> Response:
        """The firm's word on one of those it was referred."""
        opened = await behind(token)
        asked = await one_of(opened.posting.posting_id, id_of(candidate))
        pair, given = (asked.seeker_id, opened.posting.posting_id), Given(form.answer, form.reason, form.on_day)
        try:
            await at.write(lambda session: answers.give(session, "firm", pair, given))
        except Problem as problem:
            return await page(request, token, opened, problem=problem, beside=asked.candidate)
        return RedirectResponse(f"{firm_links.PATH}/{token}?told=noted", 303)

    async def behind(token: str) -> Opened:
        found = await at.read(lambda session: signed_links.opened(session, at.settings, token))
        if found is None:
            raise not_found()
        return found

    async def all_of(posting_id: UUID) -> list[CandidateShown]:
        return await at.read(lambda session: candidates.of_posting(session, at.settings.session_key, posting_id))

    async def one_of(posting_id: UUID, candidate: UUID) -> CandidateShown:
        found = next((one for one in await all_of(posting_id) if one.candidate == candidate), None)
        if found is None:
            raise not_found()
        return found

    async def page(  # noqa: PLR0913 - a page and what was wrong on it
        request: Request,
        token: str,
        opened: Opened,
        *,
        told: bool = False,
        problem: Problem | None = None,
        beside: UUID | None = None,
    ) -> Response:
        posting = opened.posting
        found = await all_of(posting.posting_id)
        known = await contacts(request, opened, found)
        language = language_of(request)
        response = at.pages.show(
            request,
            "firm.html",
            status=problem.status if problem else 200,
            here=f"{firm_links.PATH}/{token}",
            posting=posting,
            until=opened.until,
            found=found,
            contacts=known or {},
            names_away=known is None,
            spoken=lambda one: spoken_reason(one.reasons, language),
            reasons=FIRM_REASONS,
            told=told,
            problem=problem,
            beside=beside,
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    async def contacts(request: Request, opened: Opened, found: Sequence[CandidateShown]) -> dict[UUID, Contact] | None:
        """Who they are, of those alone who agreed to it; registry looks again."""
        agreed = [one.seeker_id for one in found if one.names_shown]
        posting, made_at = opened.posting, opened.link.made_at.astimezone(KST)
        who = f"firm link of {made_at:%F %T} {posting.employer}"
        return await at.names.for_firm(posting.posting_id, agreed, who, place_of(request))

    return router
