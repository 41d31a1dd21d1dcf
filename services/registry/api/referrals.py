"""What programs may ask about referrals, under `/api/v1/registry/referrals`: where pairs stand, their lines, labels."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, TypeAdapter
from sqlalchemy import ColumnElement, Engine
from sqlmodel import col, select

from services.registry.access import Operator, not_found, of_cafes
from services.registry.api.bodies import Asked, PlainBody
from services.registry.orders.ledger import steps_of
from services.registry.orders.referral_states import Periods
from services.registry.referrals.hearing import hear_answer
from services.registry.tables import Referral, ReferralStep
from shared.contracts import ReferralAnswered
from shared.contracts.envelope import Instant
from shared.contracts.referrals import Answer, ReasonGiven, ReferralState
from shared.database import beyond, reading, transaction
from shared.web.cursors import ID, Paged
from shared.web.sign_in import SignedIn, allow

LABEL_KEY = TypeAdapter(tuple[Instant, UUID, Annotated[int, Field(ge=0, lt=2**31)]])
LABELS = ("accepted", "dismissed", "undone", "hired", "not_hired")

Looking = Annotated[SignedIn, Depends(allow("operator", "counselor", "agency", "service"))]
Learning = Annotated[SignedIn, Depends(allow("operator", "service"))]


class AnswerAsked(Asked):
    """What the operator notes in someone's stead."""

    answer: Answer
    reason: ReasonGiven | None = None
    on_day: date | None = None
    consent_text: Annotated[str, Query(max_length=40)] | None = None


def referral_api(engine: Engine, periods: Periods, answering: Callable[..., None] = hear_answer) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry/referrals")

    @router.get("")
    def list_referrals(  # noqa: PLR0913, PLR0917 - one filter each
        who: Looking,
        paged: Paged,
        state: ReferralState | None = None,
        cafe: UUID | None = None,
        agency: UUID | None = None,
        seeker: UUID | None = None,
        posting: UUID | None = None,
    ) -> list[dict[str, Any]]:
        """Pairs by their id: a counselor's café's, an agency's own orders', or all."""
        asked = {
            Referral.state: state,
            Referral.cafe_id: cafe,
            Referral.agency_id: agency,
            Referral.seeker_id: seeker,
            Referral.posting_id: posting,
        }
        wanted = [col(column) == value for column, value in asked.items() if value is not None]
        wanted += [col(Referral.referral_id) > last] if (last := paged.after(ID)) else []
        ordered = select(Referral).where(*wanted, *_within(who)).order_by(col(Referral.referral_id))
        with reading(engine) as session:
            found = session.exec(ordered.limit(paged.one_more)).all()
        return [_shown(row) for row in paged.shown(found, lambda row: row.referral_id)]

    @router.get("/labels")
    def list_labels(_who: Learning, paged: Paged) -> list[dict[str, Any]]:
        """What was decided and how it ended, to learn from: accepted, dismissed and why, undone, hired, not hired.

        Each with what the counselor was shown: score, epoch, place on the list.
        """
        said = select(ReferralStep, Referral).join(Referral, col(Referral.referral_id) == ReferralStep.referral_id)
        told = said.where(col(ReferralStep.answer).in_(LABELS), col(ReferralStep.refusal).is_(None))
        key = (col(ReferralStep.heard_at), col(ReferralStep.referral_id), col(ReferralStep.revision))
        ordered = told.where(*beyond(key, paged.after(LABEL_KEY))).order_by(*key).limit(paged.one_more)
        with reading(engine) as session:
            found = session.exec(ordered).all()
        return [_label(*one) for one in paged.shown(found, lambda one: _label_key(one[0]))]

    @router.get("/{referral_id}")
    def show_referral(referral_id: UUID, who: Looking) -> dict[str, Any]:
        """Where a pair stands, and every line about it: also what was refused, and why."""
        with reading(engine) as session:
            row = session.exec(select(Referral).where(Referral.referral_id == referral_id, *_within(who))).first()
            if row is None:
                raise not_found()
            hidden = {"account_id"} if who.role == "agency" else set()
            lines = [step.model_dump(mode="json", exclude=hidden) for step in steps_of(session, referral_id)]
            return _shown(row) | {"lines": lines}

    @router.post("/{referral_id}/answers")
    def note_answer(
        referral_id: UUID, who: Operator, asked: Annotated[AnswerAsked, Depends(PlainBody(AnswerAsked))]
    ) -> dict[str, Any]:
        """Note what someone answered by telephone or letter; what does not fit is kept and told in `refused`."""
        with transaction(engine) as session:
            row = session.get(Referral, referral_id)
            if row is None:
                raise not_found()
            told = ReferralAnswered(
                seeker_id=row.seeker_id,
                posting_id=row.posting_id,
                answered_by="counselor",
                account_id=who.account_id,
                **asked.model_dump(),
            )
            answering(told, session, periods)
            steps = steps_of(session, referral_id)
            mine = next((step for step in steps if step.event_id == told.event_id), None)
            return _shown(row) | {"refused": mine.refusal if mine else None}

    return router


def _within(who: SignedIn) -> list[ColumnElement[bool]]:
    """The condition that keeps pairs out of sight of whom they are no business of."""
    if who.role == "counselor":
        return [of_cafes(col(Referral.cafe_id), who.cafes)]
    return [col(Referral.agency_id) == who.agency_id] if who.role == "agency" else []


def _shown(row: Referral) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude={"answer_days", "result_days", "hired_by"})


def _label_key(step: ReferralStep) -> tuple[datetime, UUID, int]:
    return step.heard_at, step.referral_id, step.revision


def _label(step: ReferralStep, row: Referral) -> dict[str, Any]:
    told = step.model_dump(
        mode="json",
        include={"answer", "reason", "score", "epoch", "rank", "seeker_revision", "posting_revision", "spoken_at"},
    )
    return told | row.model_dump(mode="json", include={"referral_id", "seeker_id", "posting_id", "cafe_id"})
