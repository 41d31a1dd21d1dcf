"""The forms of the desk: decide about one pair or several, take it back, pass on what the two sides answered."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import date
from typing import Annotated, Literal, cast, get_args
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Form
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from services.notify import directory, match_lists, referrals, reviews
from services.notify.answers import Given
from services.notify.desk import bar, shown
from services.notify.desk.at_desk import Counselor, Desk, found_or_nothing, pair_of, reach_of
from services.notify.referrals import Pair
from services.notify.reviews import Verdict
from services.notify.tables import Review
from shared.contracts import ReferralAnswered
from shared.contracts.referrals import Answer, ReasonGiven
from shared.database import transaction
from shared.outbox import stage
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, from_our_form

MOST_AT_ONCE = 50
WORDS = UUID("7e11a7ed-0000-4000-8000-000000000003")

Text = Annotated[str, Form(max_length=2_000)]
Short = Annotated[str, Form(max_length=40)]
Chosen = Annotated[list[str], Form(max_length=MOST_AT_ONCE)]
FromOurForm = Depends(from_our_form)


def deciding(at: Desk) -> APIRouter:
    router = APIRouter(prefix="/desk", include_in_schema=False, dependencies=[FromOurForm])

    @router.post("/decide")
    def decide(  # noqa: PLR0913, PLR0917 - the fields of the form
        who: Counselor,
        decision: Annotated[Literal["accepted", "dismissed", "postponed"], Form()],
        pair: Chosen = [],  # noqa: B006
        reason: Short = "",
        until: Short = "",
        back: Text = bar.HOME,
        place: Short = "",
    ) -> Response:
        """Each of the pairs, as far as nobody was faster."""
        if not pair:
            return RedirectResponse(bar.back_to(back, wrong="NONE_CHOSEN"), 303)
        try:
            verdict = verdict_of(decision, reason, until)
            reviews.check(verdict, referrals.today())
        except Problem as problem:
            told = {"wrong": problem.code, "at": pair[0]}
            return RedirectResponse(bar.back_to(back, place=place, **told), 303)
        with transaction(at.engine) as session:
            made, refused = decide_all(session, who, [pair_of(it) for it in dict.fromkeys(pair)], verdict)
        return RedirectResponse(bar.back_to(back, place=place, done=bar.numbers_of(made), refused=refused), 303)

    @router.post("/undo")
    def undo(who: Counselor, pair: Chosen = [], back: Text = bar.HOME, still: Text = "") -> Response:  # noqa: B006
        """Take decisions back; what somebody has acted on stays. `still` is what the page goes on telling of."""
        taken, wrong = [], ""
        with transaction(at.engine) as session:
            for one in map(pair_of, dict.fromkeys(pair)):
                within_reach(session, who, one)
                try:
                    taken.append(reviews.undo(session, who, one))
                except Problem as problem:
                    wrong = problem.code
            session.flush()
        return RedirectResponse(bar.back_to(back, done=still or bar.numbers_of(taken), wrong=wrong), 303)

    @router.post("/answer")
    def answer(  # noqa: PLR0913, PLR0917 - the fields of the form
        who: Counselor,
        pair: Short_pair,
        answer: Annotated[Answer, Form()],
        reason: Short = "",
        on_day: Short = "",
        back: Text = "/desk/referrals",
    ) -> Response:
        """What the seeker or the firm told the counselor."""
        with transaction(at.engine) as session:
            pass_on(session, who, pair_of(pair), given_of(answer, reason, on_day))
        return RedirectResponse(bar.back_to(back, told="answered"), 303)

    return router


Short_pair = Annotated[str, Form(max_length=80)]


def verdict_of(decision: Literal["accepted", "dismissed", "postponed"], reason: str, until: str) -> Verdict:
    """The decision, with only what belongs to it."""
    given = reason if decision == "dismissed" and reason in get_args(ReasonGiven) else None
    return Verdict(decision, cast(ReasonGiven | None, given), day_of(until) if decision == "postponed" else None)


def given_of(answer: Answer, reason: str, on_day: str) -> Given:
    """The answer, with only what belongs to it."""
    why = cast(ReasonGiven, reason) if reason in get_args(ReasonGiven) else None
    return Given(answer, why, day_of(on_day) if answer in shown.ASKS_DAY else None)


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def decide_all(session: Session, who: SignedIn, pairs: Sequence[Pair], verdict: Verdict) -> tuple[list[Review], int]:
    """What was decided, and how many had been before, or are no longer on a list.

    Pressed twice on a slow line, the second press finds her own decision and tells of it.
    """
    made: list[Review] = []
    for pair in pairs:
        card = found_or_nothing(directory.seeker_within(session, pair[0], reach_of(who)))
        found = match_lists.find_pair(session, card, pair[1])
        standing = referrals.standing_of(session, pair)
        if found and referrals.is_open(standing, referrals.today()):
            made.append(reviews.decide(session, who, found, verdict))
        elif standing and standing.review and reviews.is_same(standing.review, who, verdict):
            made.append(standing.review)
    session.flush()
    return made, len(pairs) - len(made)


def within_reach(session: Session, who: SignedIn, pair: Pair) -> None:
    """Refuse a pair of someone who is none of her business."""
    found_or_nothing(directory.seeker_within(session, pair[0], reach_of(who)))


def pass_on(session: Session, who: SignedIn, pair: Pair, given: Given) -> None:
    """Say it; registry refuses what does not follow from where the pair stands.

    Pressed twice on a slow line it is one word: its id is made of what is said and of where the pair stands.
    """
    within_reach(session, who, pair)
    standing = referrals.standing_of(session, pair)
    if standing is None or given.answer not in shown.ANSWERS.get(standing.state, ()):
        raise Problem(
            409,
            "NOT_THE_NEXT_STEP",
            "This does not follow from where the referral stands. Look at it again.",
            "지금 단계에서 할 수 있는 답이 아닙니다. 화면을 새로 열어 확인해 주세요.",
        )
    if given.answer == "consented" and not given.consent_text:
        raise Problem(
            422,
            "CONSENT_TEXT_MISSING",
            "Read the text of the consent to her first: open it beside the referral.",
            "먼저 동의 안내문을 읽어 드려 주세요. 알선 옆의 단추로 엽니다.",
            where="answer",
        )
    if given.answer in shown.ASKS_DAY and given.on_day is None:
        raise Problem(422, "DAY_NEEDED", "Choose a day.", "날짜를 골라 주세요.", where="on_day")
    told = (*pair, standing.held.revision if standing.held else 0, who.account_id, *astuple(given))
    stage(
        session,
        ReferralAnswered(
            event_id=uuid5(WORDS, "|".join(map(str, told))),
            seeker_id=pair[0],
            posting_id=pair[1],
            answered_by="counselor",
            answer=given.answer,
            reason=given.reason,
            on_day=given.on_day,
            consent_text=given.consent_text,
            account_id=who.account_id,
        ),
    )
