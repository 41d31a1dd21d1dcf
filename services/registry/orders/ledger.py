"""The referral ledger's book-keeping: adds lines, brings the pair's row to what they come to, and says where it stands.

Nothing here knows what a hire means for others; that is `referrals.hearing`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, cast, get_args
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.registry.orders import referral_states as states
from services.registry.orders.referral_states import Answered, Party, Periods, Standing, State, Word
from services.registry.tables import ClockMark, Consent, Posting, Referral, ReferralStep, Seeker
from shared.clock import KST, now
from shared.contracts import ReferralRecorded
from shared.contracts.referrals import Cause, ReasonGiven, Refusal
from shared.outbox import stage

PAIRS = UUID("5f0a3c52-2f0e-5d6b-9a64-0d6a51d0c9b1")
ONE_AT_A_TIME = 0x696C6A72
LOCAL = {"referral_id", "seeker_id", "posting_id", "revision", "state", "decided_by", "reason", "cause", "confirmed",
         "cafe_id", "agency_id", "until", "interview_on", "due_on"}  # fmt: skip
"""What is said of a pair's row as it is."""
NAMED: frozenset[State] = states.AWAITING_RESULT | states.EMPLOYED
"""While a pair stands so, the firm may know who she is, as long as her consent stands."""


def referral_id_of(seeker_id: UUID, posting_id: UUID) -> UUID:
    """A pair has one referral."""
    return uuid5(PAIRS, f"{seeker_id} {posting_id}")


def one_at_a_time(session: Session) -> None:
    """Two firms may hire the same person at once: on PostgreSQL pairs move one transaction at a time."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})


def known_day(session: Session) -> date:
    """The day up to which time may have passed: a clock that leapt is not believed before the sweep believes it."""
    mark = session.get(ClockMark, 1)
    return (min(now(), mark.seen_at) if mark else now()).astimezone(KST).date()


@dataclass
class Pair:
    """A pair with its lines, in the hands of one transaction."""

    session: Session
    row: Referral
    steps: list[ReferralStep]
    standing: Standing = field(default_factory=Standing)
    refused: dict[UUID, Refusal] = field(default_factory=dict)

    def knows(self, event_id: UUID) -> bool:
        return any(step.event_id == event_id for step in self.steps)

    def read(self, day: date) -> Standing:
        struck = {step.strikes: cast(Refusal, step.refusal) for step in self.steps if step.strikes}
        words = [word_of(step) for step in self.steps if step.event_id and not step.strikes]
        periods = Periods(self.row.answer_days, self.row.result_days)
        self.standing, self.refused = states.stand(words, day, periods, struck)
        return self.standing

    def add(self, said_by: str, answer: str = "", **told: Any) -> ReferralStep:
        """One more line; where the pair stands after it is filled in by `write`."""
        instant = told.pop("spoken_at", None) or now()
        step = ReferralStep(
            referral_id=self.row.referral_id,
            revision=self.row.revision + 1,
            said_by=said_by,
            answer=answer,
            state=self.row.state,
            spoken_at=instant,
            heard_at=now(),
            **told,
        )
        self.row.revision += 1
        self.steps.append(step)
        return step


def open_pair(session: Session, seeker_id: UUID, posting_id: UUID, periods: Periods) -> Pair:
    """The pair as the ledger has it, or one of which nothing was said yet."""
    referral_id = referral_id_of(seeker_id, posting_id)
    row = session.get(Referral, referral_id)
    if row is None:
        row = Referral(
            referral_id=referral_id,
            seeker_id=seeker_id,
            posting_id=posting_id,
            revision=0,
            state="",
            answer_days=periods.answer_days,
            result_days=periods.result_days,
            changed_at=now(),
        )
        return Pair(session, row, [])
    return Pair(session, row, list(steps_of(session, referral_id)))


def steps_of(session: Session, referral_id: UUID) -> Sequence[ReferralStep]:
    """A pair's lines in the order in which they were written."""
    lines = select(ReferralStep).where(ReferralStep.referral_id == referral_id)
    return session.exec(lines.order_by(col(ReferralStep.revision))).all()


def write(pair: Pair, fresh: Sequence[ReferralStep]) -> None:
    """Bring the row to where its lines lead, write the new lines, and say where the pair stands.

    A line has the state right after its own word; where the pair stands elsewhere in the end, because a later word had
    waited for this one or time has passed, one more line tells.
    """
    standing = pair.standing
    after = {step.event_id: step.state for step in reversed(standing.path)}
    for step in fresh:
        subject = step.strikes or step.event_id
        step.refusal = pair.refused.get(subject) if subject else None
        moved = step.event_id is not None and step.refusal is None and step.answer
        step.state = after.get(step.event_id, standing.state) if moved else standing.state
    if not fresh or fresh[-1].state != standing.state:
        last = standing.path[-1].by if standing.path else "registry"
        fresh = [*fresh, pair.add(last)]
        fresh[-1].state = standing.state
    _note(pair)
    pair.session.add(pair.row)
    pair.session.add_all(fresh)
    pair.session.flush()
    if standing.state:
        say(pair.session, pair.row, refused=cast("Refusal | None", fresh[-1].refusal))


def say(session: Session, row: Referral, *, refused: Refusal | None = None) -> None:
    """Stage where a pair stands, unless she was erased: then nothing is said of her any more."""
    seeker = session.get(Seeker, row.seeker_id)
    if seeker is None or seeker.state == "erased":
        return
    told = row.model_dump(include=LOCAL)
    shown = names_shown(session, row)
    stage(session, ReferralRecorded.model_validate(told | {"names_shown": shown, "refused": refused}))


def names_shown(session: Session, row: Referral) -> bool:
    """Whether the firm may know who she is: she agreed to it, for this firm, and the pair stands where it needs to."""
    if row.state not in NAMED:
        return False
    posting = session.get(Posting, row.posting_id)
    if posting is None:
        return False
    about = (Consent.seeker_id == row.seeker_id, Consent.purpose == "provision", Consent.recipient == firm_of(posting))
    last = session.exec(select(Consent).where(*about).order_by(col(Consent.number).desc())).first()
    return last is not None and last.revoked_at is None


def firm_of(posting: Posting) -> str:
    """To whom her data may be given when she agrees."""
    return str(posting.facts["employer"])


def absence(session: Session, row: Referral) -> Cause | None:
    """Why the pair cannot be referred today: one side is not there, or its application or order has run out."""
    seeker, posting = session.get(Seeker, row.seeker_id), session.get(Posting, row.posting_id)
    if seeker is None:
        return "seeker_unknown"
    if seeker.state != "active":
        return cause_of("seeker", seeker.state)
    if seeker.valid_until < known_day(session):
        return "seeker_expired"
    if posting is None:
        return "posting_unknown"
    return None if posting.state == "open" else cause_of("posting", posting.state)


def cause_of(side: Literal["seeker", "posting"], state: str) -> Cause:
    """Why a pair is withdrawn of which one side is in this state."""
    causes: tuple[Cause, ...] = get_args(Cause)
    named, else_ = f"{side}_{state}", f"{side}_withdrawn"
    return next(cause for wanted in (named, else_) for cause in causes if cause == wanted)


def seeker_left(session: Session, seeker_id: UUID, state: str) -> None:
    """Her pairs follow her."""
    withdraw_pairs(session, Referral.seeker_id == seeker_id, cause_of("seeker", state))


def posting_left(session: Session, posting_id: UUID, state: str) -> None:
    """Its pairs follow it."""
    withdraw_pairs(session, Referral.posting_id == posting_id, cause_of("posting", state))


def provision_changed(session: Session, seeker_id: UUID, recipient: str) -> None:
    """She took back that this firm may know her, or agreed anew: her pairs with it say so at once."""
    one_at_a_time(session)
    known = (Referral.seeker_id == seeker_id, col(Referral.state).in_(NAMED))
    for row in session.exec(select(Referral).where(*known).order_by(col(Referral.referral_id))).all():
        posting = session.get(Posting, row.posting_id)
        if posting is not None and firm_of(posting) == recipient:
            pair = Pair(session, row, list(steps_of(session, row.referral_id)))
            pair.read(known_day(session))
            write(pair, [pair.add("registry")])


def withdraw_pairs(session: Session, of: Any, cause: Cause) -> int:
    """One side has left: its pairs that this ends are withdrawn; how many.

    Args:
        of: the condition that finds the pairs, on `Referral`.
    """
    ending = states.BEFORE_REFERRAL | (states.AWAITING_RESULT if cause in states.ENDS_ALL else frozenset())
    one_at_a_time(session)
    rows = session.exec(select(Referral).where(of, col(Referral.state).in_(ending)).order_by(Referral.referral_id))  # type: ignore[arg-type]
    count = 0
    for row in rows.all():
        pair = Pair(session, row, list(steps_of(session, row.referral_id)))
        withdrawn = withdraw(pair, cause)
        pair.read(known_day(session))
        write(pair, [withdrawn])
        count += 1
    return count


def withdraw(pair: Pair, cause: Cause) -> ReferralStep:
    """The line by which registry withdraws a pair: spoken after all that it has heard."""
    latest = max((step.spoken_at for step in pair.steps), default=now())
    at = max(latest + timedelta(microseconds=1), now())
    return pair.add("registry", "withdrawn", cause=cause, event_id=_own_event(pair), spoken_at=at)


def strike(pair: Pair, event_id: UUID, refusal: Refusal) -> ReferralStep:
    """The line by which registry refuses a word for what it knows of others."""
    return pair.add("registry", "", strikes=event_id, refusal=refusal)


def word_of(step: ReferralStep) -> Word:
    """A line as what was said."""
    if step.event_id is None:
        raise ValueError("this line says nothing")
    return Word(
        event_id=step.event_id,
        spoken_at=step.spoken_at,
        day=step.spoken_at.astimezone(KST).date(),
        by=next(party for party in get_args(Party) if party == step.said_by),
        answer=cast(Answered, step.answer),
        reason=cast("ReasonGiven | None", step.reason),
        on_day=step.on_day,
        until=step.until,
        consent_text=step.consent_text,
        cause=cast("Cause | None", step.cause),
    )


def say_all_again(session: Session, rows: Iterable[Referral]) -> None:
    """Say where these pairs stand, at their present revision."""
    for row in rows:
        if row.state:
            say(session, row)


def _note(pair: Pair) -> None:
    """Where the pair stands, on its row."""
    row, standing = pair.row, pair.standing
    seeker, posting = pair.session.get(Seeker, row.seeker_id), pair.session.get(Posting, row.posting_id)
    row.cafe_id = seeker.cafe_id if seeker and seeker.cafe_id else row.cafe_id
    row.agency_id = posting.agency_id if posting else row.agency_id
    for name in ("state", "decided_by", "reason", "cause", "confirmed", "until", "interview_on", "due_on",
                 "referred_on", "started_on", "hired_by", "ended_on", "wakes_on"):  # fmt: skip
        setattr(row, name, getattr(standing, name))
    row.path = [{"state": step.state, "day": step.day.isoformat(), "by": step.by} for step in standing.path]
    row.changed_at = now()


def _own_event(pair: Pair) -> UUID:
    """An id for what registry itself says of a pair: the same line is never written twice."""
    return uuid5(pair.row.referral_id, f"registry {pair.row.revision + 1}")
