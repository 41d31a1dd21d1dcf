"""What may be entered into the plan? One model a kind; an entry says its source, and a dash is None, never zero."""

from datetime import date
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from services.registry.cafes.life_cycle import Partnership, VenueType

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]
Ref = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$")]
"""The entry's own name: the same name again is the same entry, changed content its next revision."""
Count = Annotated[int, Field(ge=0, le=10_000_000)]
MillionWon = Annotated[int, Field(ge=0, le=100_000_000)]
Year = Annotated[int, Field(ge=1990, le=2200)]
Quarter = Annotated[int, Field(ge=1, le=4)]

EventType = Literal["briefing", "survey", "advice", "press", "report", "meeting"]
"""설명회·공청회, 설문·만족도조사, 전문가 자문, 언론/방송 보도, 보고서 발간, 회의."""
Term = Literal["in", "after"]
Stage = Literal["planned", "executed"]


class Facts(BaseModel):
    """What every kind has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Line
    """Document and page, or who said it."""
    stated_on: date | None = None
    """The day the source is of; None where it does not say."""


class Part(BaseModel):
    """A share of a count, by whom it is run with, or by type of venue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: Count
    partnership: Partnership | None = None
    venue_type: VenueType | None = None
    label: Note = ""


class Target(Facts):
    """So many cafés by the end of a year."""

    kind: Literal["target"] = "target"
    year: Year
    count: Count
    note: Note = ""


class Milestone(Facts):
    """So many openings planned for a quarter, or for a year where no quarter is told."""

    kind: Literal["milestone"] = "milestone"
    year: Year
    count: Count
    quarter: Quarter | None = None
    parts: tuple[Part, ...] = ()


class Opening(Facts):
    """One café that opened."""

    kind: Literal["opening"] = "opening"
    on: date
    name: Line
    partnership: Partnership | None = None
    venue_type: VenueType | None = None

    @property
    def year(self) -> int:
        return self.on.year

    @property
    def quarter(self) -> int:
        return (self.on.month + 2) // 3


class OpeningSummary(Facts):
    """Openings that the source counts and does not itemise."""

    kind: Literal["opening_summary"] = "opening_summary"
    year: Year
    quarter: Quarter
    count: Count
    heading: Partnership | None = None
    """How the source calls them all."""
    parts: tuple[Part, ...] = ()


class Budget(Facts):
    """Money planned or executed, in million won."""

    kind: Literal["budget"] = "budget"
    stage: Stage
    term: Term
    million_won: MillionWon
    fund: Line
    year: Year | None = None
    until_month: Annotated[int, Field(ge=1, le=12)] | None = None
    """Where the year's money is for its first months only."""

    @model_validator(mode="after")
    def _year_is_told(self) -> Self:
        if self.term == "in" and self.year is None:
            raise PydanticCustomError("year_missing", "within the term the year must be told")
        return self


class Work(Facts):
    """A step of the work breakdown, in a quarter, or over a year where no quarter is told."""

    kind: Literal["work"] = "work"
    name: Line
    year: Year | None = None
    """None: after the term."""
    quarter: Quarter | None = None


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Line
    result: Note = ""


class Decision(BaseModel):
    """What was decided, and the entry that was changed by it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Line
    changed: Ref | None = None


class Event(Facts):
    """Something of the participation log; `summary_count` where the source counts and does not itemise."""

    kind: Literal["event"] = "event"
    type: EventType
    title: Line
    on: date | None = None
    month: Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")] | None = None
    """Where only the month is known."""
    with_whom: Note = ""
    """Bodies, never a person."""
    attended: Count | None = None
    asked: Count | None = None
    """People asked, of a survey."""
    questions: tuple[Question, ...] = ()
    minutes: Note = ""
    decisions: tuple[Decision, ...] = ()
    summary_count: Annotated[int, Field(ge=1, le=100_000)] | None = None

    @property
    def count(self) -> int:
        return self.summary_count or 1


class Support(Facts):
    """What a private firm or agency was given."""

    kind: Literal["support"] = "support"
    what: Line
    given_to: Line
    on: date | None = None
    firms: Count | None = None
    million_won: MillionWon | None = None


class Statement(Facts):
    """A figure that a source states, to be held against the log."""

    kind: Literal["statement"] = "statement"
    figure: Annotated[
        str,
        StringConstraints(
            pattern=r"^(openings|planned_openings|budget_planned|budget_executed)\.(\d{4}|total|after)$"
            r"|^openings\.\d{4}-Q[1-4]$"
            r"|^participation\.(briefing|survey|advice|press|report|meeting)$"
        ),
    ]
    value: Count | None = None
    dash: bool = False
    """Whether the source has a dash where the figure would stand."""

    @model_validator(mode="after")
    def _value_or_dash(self) -> Self:
        if (self.value is None) != self.dash:
            raise PydanticCustomError("value_or_dash", "tell a value, or that the source has a dash: one of the two")
        return self


AnyEntry = Target | Milestone | Opening | OpeningSummary | Budget | Work | Event | Support | Statement
Entry = Annotated[AnyEntry, Field(discriminator="kind")]
ENTRY: TypeAdapter[AnyEntry] = TypeAdapter(Entry)
KINDS: dict[str, type[Facts]] = {model.model_fields["kind"].default: model for model in get_args(AnyEntry)}


class Noted(BaseModel):
    """An entry as it stands in the ledger."""

    model_config = ConfigDict(frozen=True)

    ref: Ref
    revision: int
    facts: Entry
