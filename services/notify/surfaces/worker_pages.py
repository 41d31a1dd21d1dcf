"""The worker's pages under `/mine`: her jobs and why, her word on each, consent before anybody learns who she is."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import RedirectResponse, Response

from services.notify import answers
from services.notify.answers import SEEKER_REASONS, Given
from services.notify.desk.shown import WHOLE, wage_of
from services.notify.surfaces.my_jobs import MyJob, job_of, jobs_of
from services.notify.surfaces.surface import Surface, Why, id_of, not_found, why
from shared.contracts.referrals import Answer, ReasonGiven
from shared.web.pages import language_of
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow, from_our_form

Worker = Annotated[SignedIn, Depends(allow("seeker"))]
OFFERED: tuple[Answer, ...] = ("agreed", "declined", "still_employed", "left")


class WordForm(BaseModel):
    """What a form of hers says."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    answer: Answer
    reason: ReasonGiven | None = None


def worker_pages(at: Surface) -> APIRouter:
    router = APIRouter(prefix="/mine", include_in_schema=False)

    @router.get("")
    async def list_jobs(request: Request, who: Worker, told: str = "") -> Response:
        seeker_id = herself(who)
        jobs = await at.read(lambda session: jobs_of(session, seeker_id))
        return at.pages.show(request, "mine.html", jobs=jobs, told=told == "noted", **_furniture(request))

    @router.get("/{posting_id}")
    async def show_job(request: Request, who: Worker, posting_id: str) -> Response:
        return await page(request, herself(who), id_of(posting_id))

    @router.post("/{posting_id}/word", dependencies=[Depends(from_our_form)])
    async def give_word(request: Request, who: Worker, posting_id: str, form: Annotated[WordForm, Form()]) -> Response:
        """Yes, or not for me and why; also that the work is not as it was posted."""
        seeker_id, asked = herself(who), id_of(posting_id)
        await job(seeker_id, asked)
        given = Given(form.answer, form.reason, account_id=who.account_id)
        try:
            if form.answer not in OFFERED:
                raise _consent_has_its_own_form()
            await at.write(lambda session: answers.give(session, "seeker", (seeker_id, asked), given))
        except Problem as problem:
            return await page(request, seeker_id, asked, problem)
        return RedirectResponse(f"/mine/{asked}" if form.answer == "agreed" else "/mine?told=noted", 303)

    @router.post("/{posting_id}/consent", dependencies=[Depends(from_our_form)])
    async def consent(
        request: Request, who: Worker, posting_id: str, text: Annotated[str, Form(max_length=40)] = ""
    ) -> Response:
        """She agrees that this firm is given her data, after the text of that version."""
        seeker_id, asked = herself(who), id_of(posting_id)
        await job(seeker_id, asked)
        present = await at.names.provision_text(asked)
        given = Given("consented", consent_text=text, account_id=who.account_id)
        try:
            if present is None or text != present.version:
                raise _text_changed()
            await at.write(lambda session: answers.give(session, "seeker", (seeker_id, asked), given))
        except Problem as problem:
            return await page(request, seeker_id, asked, problem)
        return RedirectResponse("/mine?told=noted", 303)

    async def job(seeker_id: UUID, posting_id: UUID) -> MyJob:
        found = await at.read(lambda session: job_of(session, seeker_id, posting_id))
        if found is None:
            raise not_found()
        return found

    async def page(request: Request, seeker_id: UUID, posting_id: UUID, problem: Problem | None = None) -> Response:
        found = await job(seeker_id, posting_id)
        open_to = answers.may("seeker", found.seen.state)
        text = await at.names.provision_text(posting_id) if "consented" in open_to else None
        values = {"job": found, "may": open_to, "text": text, "problem": problem, "reasons": SEEKER_REASONS}
        status = problem.status if problem else 200
        return at.pages.show(request, "my_job.html", status=status, **values, **_furniture(request))

    return router


def herself(who: SignedIn) -> UUID:
    """Whose pages these are; a session from before her id stood in it is asked to begin anew."""
    if who.seeker_id is None:
        raise Problem(401, "SIGN_IN_NEEDED", "Sign in first.", "먼저 로그인해 주세요.")
    return who.seeker_id


def _furniture(request: Request) -> dict[str, Any]:
    def why_of(job: MyJob) -> Why | None:
        return why(job.shown, language_of(request)) if job.shown else None

    return {"why_of": why_of, "wage_of": wage_of, "whole": WHOLE}


def _consent_has_its_own_form() -> Problem:
    return Problem(
        422,
        "CONSENT_TEXT_MISSING",
        "Consent is given on its own form, below its text.",
        "동의는 안내문 아래의 양식으로 해 주세요.",
        where="answer",
    )


def _text_changed() -> Problem:
    return Problem(
        409,
        "CONSENT_TEXT_CHANGED",
        "The text has changed or cannot be shown now. Read it again; nothing was agreed to.",
        "안내문이 바뀌었거나 지금 보여 드릴 수 없습니다. 다시 읽어 주세요. 아직 동의되지 않았습니다.",
        where="text",
    )
