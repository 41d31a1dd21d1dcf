"""Sessions of programs, who is enrolled in them, the counts that outlive both, and what is proposed for a month."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


class ProgramSession(Table, table=True):
    """A session of a program at a café: planned, held or called off."""

    __tablename__ = "program_session"
    __table_args__ = (Index("ix_program_session_cafe", "cafe_id", "starts_at"),)

    session_id: UUID = Field(primary_key=True)
    revision: int = 1
    cafe_id: UUID = Field(foreign_key="cafe.cafe_id")
    kind: str
    """A code of `program_kinds.csv`."""
    title: str
    skill: str = ""
    """What it teaches, as postings call it; empty where it teaches none."""
    starts_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    seats: int
    staff: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Who leads it, by the names the city calls its staff."""
    state: str = "planned"
    """`planned`, `held` or `called_off`."""
    reason: str = ""
    """Why it was called off."""
    made_by: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class Enrolment(Table, table=True):
    """Someone's seat in a session, or her place on its waiting list."""

    __tablename__ = "enrolment"
    __table_args__ = (Index("ix_enrolment_session", "session_id", "state"),)

    enrolment_id: UUID = Field(primary_key=True)
    revision: int = 1
    session_id: UUID = Field(foreign_key="program_session.session_id")
    seeker_id: UUID = Field(foreign_key="seeker.seeker_id", index=True)
    state: str
    """One of `enrolments.EnrolmentState`; a place on the waiting list is over by itself once the session begins."""
    code: str
    """Six digits by which staff know it."""
    from_waiting_list: bool = False
    has_rated: bool = False
    """Whether she said how it was; never what she said."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class SessionUse(Table, table=True):
    """Counts, of nobody: of enrolments whose people were erased, of old ones, and of sessions told by a file."""

    __tablename__ = "session_use"

    session_id: UUID = Field(primary_key=True, foreign_key="program_session.session_id")
    state: str = Field(primary_key=True)
    people: int = 0


class SessionOpinion(Table, table=True):
    """How many found a session so good, 1 to 5: a count, of nobody."""

    __tablename__ = "session_opinion"

    session_id: UUID = Field(primary_key=True, foreign_key="program_session.session_id")
    score: int = Field(primary_key=True)
    people: int = 0


class ProgramProposal(Table, table=True):
    """A session that the season planner proposes for a month, with its numbers, and what staff made of it."""

    __tablename__ = "program_proposal"

    proposal_id: UUID = Field(primary_key=True)
    month: date = Field(index=True)
    """Its first day."""
    number: int
    """Its place in the plan: the most useful first."""
    cafe_id: UUID = Field(foreign_key="cafe.cafe_id")
    kind: str
    skill: str = ""
    week: date
    seats: int
    wanted: float
    """The forecast: how many will want a seat."""
    attended: float
    """The forecast: how many will come."""
    numbers: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """What it was made of; see `season_planner.Numbers`."""
    state: str
    """`proposed`, `accepted` or `refused`."""
    reason: str = ""
    """Why it was refused."""
    session_id: UUID | None = Field(default=None, foreign_key="program_session.session_id")
    """What it became."""
    decided_by: str = ""
    made_at: datetime = Field(sa_type=UtcDateTime)
