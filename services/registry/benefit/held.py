"""The pairs of the ledger that figures count, out of the store."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from services.registry.benefit.pairs import Pair, Period, wage_fits
from services.registry.cafes.hours import at_minute
from services.registry.tables import Cafe, Posting, Referral, Seeker
from shared.contracts import Money

ONE_DAY = timedelta(days=1)


def pairs_of(session: Session, period: Period, conditions: Sequence[ColumnElement[bool]] = ()) -> list[Pair]:
    """Every pair with a state in or after the period, as far as the conditions on `Referral` let it be seen."""
    districts = dict(session.exec(select(Cafe.cafe_id, Cafe.district)).all())
    # A state is never heard before its day: what was last changed before the period has no state in it.
    since = at_minute(period.since.first_day - ONE_DAY, 0)
    fits = _wages(session, since, conditions)
    held = select(
        Referral.referral_id, Referral.seeker_id, Referral.posting_id, Referral.state, Referral.path,
        Referral.cafe_id, Referral.agency_id, Referral.started_on, Referral.ended_on,
    ).where(col(Referral.changed_at) >= since, *conditions)  # type: ignore[call-overload]  # fmt: skip
    return [
        Pair(
            referral_id=referral_id,
            seeker_id=seeker_id,
            posting_id=posting_id,
            state=state,
            path=tuple((step["state"], date.fromisoformat(step["day"])) for step in path),
            cafe_id=cafe_id,
            district=districts.get(cafe_id, ""),
            agency_id=agency_id,
            started_on=started_on,
            ended_on=ended_on,
            wage_fits=fits.get(referral_id),
        )
        for referral_id, seeker_id, posting_id, state, path, cafe_id, agency_id, started_on, ended_on
        in session.exec(held)
    ]  # fmt: skip


def _wages(session: Session, since: datetime, conditions: Sequence[ColumnElement[bool]]) -> dict[UUID, bool | None]:
    """Of those who were hired: the posted wage against her wish, as both stand."""
    offered, wished = col(Posting.facts)["wage"], col(Seeker.facts)["wishes", "wage"]
    hired = (
        select(col(Referral.referral_id), offered, wished)
        .join(Posting, col(Posting.posting_id) == Referral.posting_id)
        .join(Seeker, col(Seeker.seeker_id) == Referral.seeker_id)
        .where(col(Referral.started_on).is_not(None), col(Referral.changed_at) >= since, *conditions)
    )
    return {one: wage_fits(_money(posted), _money(hers)) for one, posted, hers in session.exec(hired)}


def _money(told: Any) -> Money | None:
    return Money.model_validate(told) if told else None
