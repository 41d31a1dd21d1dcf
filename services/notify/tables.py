"""What notify keeps: what a pair needs to be shown, by opaque id, and no names."""

import json
import zlib
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import from_json
from sqlalchemy import JSON, Column, Dialect, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from shared.contracts import MatchedPair
from shared.database import UtcDateTime

_notify = registry()


class Table(SQLModel, registry=_notify):
    """Base of notify's tables, with metadata of its own."""

    metadata = _notify.metadata


_PAIRS = TypeAdapter(tuple[MatchedPair, ...])
QUICK = 1
"""The level of zlib: a list of twenty pairs is 25 kB of JSON and packs to a tenth in a fraction of a millisecond."""


def pack(pairs: tuple[MatchedPair, ...]) -> bytes:
    """A list of pairs, as packed JSON."""
    return zlib.compress(_PAIRS.dump_json(pairs), QUICK)


class PackedJson(TypeDecorator[dict[str, Any]]):
    """An object, as packed JSON."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, _dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(json.dumps(value, sort_keys=True).encode(), QUICK)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else json.loads(zlib.decompress(value))


class PostingCard(Table, table=True):
    """What is shown of a posting; empty once it is withdrawn."""

    __tablename__ = "posting_card"
    __table_args__ = (Index("ix_posting_card_newest", "live", "accepted_at"),)

    posting_id: UUID = Field(primary_key=True)
    revision: int = 0
    """The highest that was heard, published or withdrawn."""
    withdrawn_revision: int = 0
    """The highest withdrawal that was heard: pairs made of an earlier revision are void for ever."""
    live: bool = False
    title: str = ""
    employer: str = ""
    place: str = ""
    district: str = ""
    point: list[float] | None = Field(default=None, sa_column=Column(JSON))
    """Where it is, as `shared.places` has it."""
    occupation_code: str = ""
    remote: bool = False
    wage: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    weekly_hours: float | None = None
    work_hours: str = ""
    employment_type: str | None = None
    skills: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    certificates: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    headcount: int = 1
    closes_on: date | None = None
    closing_note: str = ""
    agency_id: UUID | None = Field(default=None, index=True)
    agency_name: str = ""
    source_url: str = ""
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When registry last said that it stands as it is shown."""
    words: str = ""
    """What a search looks through."""


class SeekerCard(Table, table=True):
    """What is shown of a seeker: wishes and skills under an opaque id; empty once she is withdrawn."""

    __tablename__ = "seeker_card"
    __table_args__ = (
        Index("ix_seeker_card_best", "live", "cafe_id", "best_score", "applied_at"),
        Index("ix_seeker_card_best_anywhere", "live", "best_score", "applied_at"),
    )

    seeker_id: UUID = Field(primary_key=True)
    revision: int = 0
    withdrawn_revision: int = 0
    live: bool = False
    cafe_id: UUID | None = None
    skills: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    certificates: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    wishes: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    home: str = ""
    point: list[float] | None = Field(default=None, sa_column=Column(JSON))
    experience_months: int | None = None
    applied_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    words: str = ""
    best_score: int | None = None
    """Of the best pair on her list that is not void: what makes the call worth it."""
    best_posting_id: UUID | None = Field(default=None, index=True)
    best_since: date | None = None
    """The day, KST, on which that pair came to her list; None where it has long been there."""
    best_was_decided: bool = False
    """It was decided about before, and is open again."""
    wakes_on: date | None = Field(default=None, index=True)
    """The day, KST, on which a pair of hers that was postponed comes back."""


class MatchList(Table, table=True):
    """The whole list that matching last said for a scope and shard, best first."""

    __tablename__ = "match_list"
    __table_args__ = (Index("ix_match_list_said", "said_at"),)

    scope: str = Field(primary_key=True)
    scope_id: UUID = Field(primary_key=True)
    shard: str = Field(primary_key=True)
    revision: int = 0
    epoch: int = 0
    said_at: datetime = Field(sa_type=UtcDateTime)
    packed: bytes = Field(default=pack(()), sa_column=Column("pairs", LargeBinary, nullable=False))
    changed_on: date | None = Field(default=None, index=True)
    """The day, KST, as of which it was last said."""
    before: dict[str, Any] | None = Field(default=None, sa_type=PackedJson)
    """A seeker's list as the last days found it: posting and score for each day, KST, on which it was said anew."""

    @property
    def pairs(self) -> tuple[MatchedPair, ...]:
        """The pairs, each checked: five times the work of `as_written`."""
        return _PAIRS.validate_json(zlib.decompress(self.packed))

    @pairs.setter
    def pairs(self, pairs: tuple[MatchedPair, ...]) -> None:
        self.packed = pack(pairs)

    def as_written(self) -> list[dict[str, Any]]:
        """The pairs as JSON has them, for whoever needs little of them."""
        told: list[dict[str, Any]] = from_json(zlib.decompress(self.packed))
        return told


class PairStanding(Table, table=True):
    """Where a pair stands, as registry last said: the present state, while the ledger is registry's."""

    __tablename__ = "referral_state"
    __table_args__ = (Index("ix_referral_state_due", "state", "due_on"),)

    seeker_id: UUID = Field(primary_key=True)
    posting_id: UUID = Field(primary_key=True, index=True)
    referral_id: UUID = Field(unique=True)
    revision: int = 0
    state: str = ""
    decided_by: str = ""
    reason: str | None = None
    cafe_id: UUID | None = Field(default=None, index=True)
    agency_id: UUID | None = Field(default=None, index=True)
    until: date | None = None
    interview_on: date | None = None
    due_on: date | None = None
    confirmed: bool = False
    cause: str | None = None
    refused: str | None = None
    names_shown: bool = False
    changed_at: datetime = Field(sa_type=UtcDateTime, index=True)


class Review(Table, table=True):
    """A counselor's decision about a pair. The last of a pair stands until registry has answered it."""

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_pair", "seeker_id", "posting_id"),)

    number: int | None = Field(default=None, primary_key=True)
    seeker_id: UUID
    posting_id: UUID = Field(index=True)
    account_id: UUID = Field(index=True)
    label: str
    """How she is called whom pages tell as the one who decided."""
    cafe_id: UUID | None = None
    seeker_revision: int
    posting_revision: int
    score: int
    epoch: int
    rank: int | None = None
    """Where the pair stood on the seeker's list when it was decided."""
    decision: str
    reason: str | None = None
    until: date | None = None
    answered_from: int
    """The revision of the pair's standing from which on registry has heard of this."""
    decided_at: datetime = Field(sa_type=UtcDateTime, index=True)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone_by: UUID | None = None


class SubmissionNote(Table, table=True):
    """How many submissions of an agency met with each outcome."""

    __tablename__ = "submission_note"

    agency_id: UUID = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    count: int = 0
    last_at: datetime = Field(sa_type=UtcDateTime)


class KeptPosting(Table, table=True):
    """What stays of a posting for its agency and its firm when it is withdrawn, and what the agency was last told."""

    __tablename__ = "kept_posting"

    posting_id: UUID = Field(primary_key=True)
    revision: int = 0
    agency_id: UUID = Field(index=True)
    source_ref: str
    """The agency's own reference."""
    title: str
    employer: str
    published_at: datetime = Field(sa_type=UtcDateTime)
    notice_revision: int = 0
    """Of the last `match.noticed`."""
    notice_digest: str = ""
    """Of what it said: the same is not said twice."""
    notice_due: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """Since when something may have changed that it has not said."""


class FirmLinksEnded(Table, table=True):
    """The firm's links of a posting that were made until then let nobody in any more."""

    __tablename__ = "firm_links_ended"

    posting_id: UUID = Field(primary_key=True)
    ended_at: datetime = Field(sa_type=UtcDateTime)
    ended_by: str
    """Who ended them, as pages tell."""


class PairAnswer(Table, table=True):
    """What a worker or a firm answered about a pair on a page of ours; it stands until registry has recorded it."""

    __tablename__ = "pair_answer"
    __table_args__ = (Index("ix_pair_answer_pair", "seeker_id", "posting_id"),)

    number: int | None = Field(default=None, primary_key=True)
    seeker_id: UUID
    posting_id: UUID = Field(index=True)
    answered_by: str
    answer: str
    reason: str | None = None
    on_day: date | None = None
    answered_from: int
    """The revision of the pair's standing from which on registry has heard of this."""
    answered_at: datetime = Field(sa_type=UtcDateTime)


class Message(Table, table=True):
    """One thing someone is told: always in her inbox, and in the digest that it is bound to. No names in it."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_inbox", "recipient", "recipient_id", "made_at"),)

    message_id: UUID = Field(primary_key=True)
    """Made of whom it is for and what it is about, so that nothing is told twice."""
    recipient: str
    recipient_id: UUID
    category: str
    code: str
    """Its sentence is `message.{code}`."""
    about_id: UUID | None = Field(default=None, index=True)
    """The posting, booking or session it is about."""
    seeker_id: UUID | None = Field(default=None, index=True)
    """Whom it is about: with her it goes."""
    told: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What the sentence needs beside: days, counts, states."""
    digest_id: UUID = Field(index=True)
    made_at: datetime = Field(sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Digest(Table, table=True):
    """What one recipient is told of one kind within one window; once sealed nothing is added."""

    __tablename__ = "digest"
    __table_args__ = (
        UniqueConstraint("recipient", "recipient_id", "category", "cadence", "opens_at"),
        Index("ix_digest_due", "sealed_at", "closes_at"),
    )

    digest_id: UUID = Field(primary_key=True)
    recipient: str
    recipient_id: UUID
    category: str
    cadence: str
    opens_at: datetime = Field(sa_type=UtcDateTime)
    closes_at: datetime = Field(sa_type=UtcDateTime)
    sealed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Delivery(Table, table=True):
    """One digest by one way: one identity, whatever happens on the way."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("digest_id", "channel"),
        Index("ix_delivery_due", "state", "due_at"),
        Index("ix_delivery_recipient", "recipient", "recipient_id", "channel", "ended_at"),
    )

    delivery_id: UUID = Field(primary_key=True)
    """In the Message-ID and the webhook-id of every attempt."""
    digest_id: UUID = Field(index=True)
    recipient: str
    recipient_id: UUID
    category: str
    channel: str
    state: str
    """`waiting`, `claimed`, and at the end `sent`, `refused`, `failed` or `expired`."""
    reason: str | None = None
    """Why it waits or has ended."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    """When it is looked at next; of a claimed one, when its claim lapses."""
    claim: UUID | None = None
    attempts: int = 0
    unknown: int = 0
    """Attempts of which nobody knows whether they arrived."""
    subject: str | None = None
    body: str | None = None
    """As it was written for the first attempt: the same at every other."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Attempt(Table, table=True):
    """One attempt to send, committed before it begins."""

    __tablename__ = "attempt"

    number: int | None = Field(default=None, primary_key=True)
    delivery_id: UUID = Field(index=True)
    began_at: datetime = Field(sa_type=UtcDateTime)
    outcome: str = "begun"
    """`sent`, `temporary`, `permanent`, or `unknown` where nobody came back to tell."""
    code: str | None = None


class Preference(Table, table=True):
    """What someone chose about one kind of news on one way."""

    __tablename__ = "preference"

    recipient: str = Field(primary_key=True)
    recipient_id: UUID = Field(primary_key=True)
    category: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    wanted: bool
    changed_at: datetime = Field(sa_type=UtcDateTime)


class Habit(Table, table=True):
    """How often someone wants to hear of matches, and whether at night too."""

    __tablename__ = "habit"

    recipient: str = Field(primary_key=True)
    recipient_id: UUID = Field(primary_key=True)
    cadence: str | None = None
    at_night: bool = False
    changed_at: datetime = Field(sa_type=UtcDateTime)


class SuppressedAddress(Table, table=True):
    """An address that refused for good, by registry's digest of it."""

    __tablename__ = "suppressed_address"

    address_ref: UUID = Field(primary_key=True)
    recipient: str
    recipient_id: UUID = Field(index=True)
    code: str
    since: datetime = Field(sa_type=UtcDateTime)


class SessionCard(Table, table=True):
    """What is told of a program's session."""

    __tablename__ = "session_card"

    session_id: UUID = Field(primary_key=True)
    revision: int = 0
    cafe_id: UUID | None = Field(default=None, index=True)
    kind: str = ""
    title: str = ""
    starts_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: str = "planned"


class Enrolment(Table, table=True):
    """Where someone stands with a session, as registry last said."""

    __tablename__ = "enrolment"

    enrolment_id: UUID = Field(primary_key=True)
    revision: int = 0
    session_id: UUID = Field(index=True)
    seeker_id: UUID = Field(index=True)
    state: str = ""


class BookingMark(Table, table=True):
    """The last revision of a booking that was heard, so that late news changes nothing."""

    __tablename__ = "booking_mark"

    booking_id: UUID = Field(primary_key=True)
    revision: int = 0
    seeker_id: UUID = Field(index=True)
