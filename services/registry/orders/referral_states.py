"""Where does a pair stand after what was said of it? Moves as data, and one pure function over them; no rows, no clock.

The words are read in the order in which they were spoken, so it does not matter in which order they were heard. Each
either moves the pair or is refused with a reason; a refused one is kept, and moves the pair when an earlier word that
it needed is heard after all (Employment Security Act, decree 4: acceptance, counselling, referral, outcome).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from services.registry.orders.life_cycle import months_after
from shared.contracts.referrals import Answer, Cause, Decision, ReasonGiven, ReferralState, Refusal

Party = Literal["counselor", "seeker", "firm", "clock", "registry"]
State = ReferralState | Literal[""]
"""Empty: matched, and nobody has said a word that counts."""
Answered = Decision | Answer | Literal["withdrawn"]

BEFORE_REFERRAL: frozenset[State] = frozenset({"proposed", "postponed", "agreed", "consented"})
"""Something is under way and nobody was referred: once one side is gone, so is the pair."""
AWAITING_RESULT: frozenset[State] = frozenset({"referred", "interview", "no_show", "result_due", "unanswered"})
"""A letter went out: the firm owes an answer, also when its order has run out."""
EMPLOYED: frozenset[State] = frozenset({"hired", "retained_1_month", "retained_3_months", "retained_6_months"})
UNDECIDED: frozenset[State] = frozenset({"", "reopened", "withdrawn"})
ENDS_ALL: frozenset[Cause] = frozenset({"seeker_placed", "seeker_erased", "posting_filled"})
"""Causes that end a pair also when a result is awaited; after the others the firm still owes an answer."""
RETAINED: tuple[tuple[int, ReferralState], ...] = (
    (6, "retained_6_months"),
    (3, "retained_3_months"),
    (1, "retained_1_month"),
)


@dataclass(frozen=True)
class Move:
    """By whose word a pair goes from which states to which."""

    answer: Answered
    parties: frozenset[Party]
    sources: frozenset[State]
    to: ReferralState


def _move(answer: Answered, parties: str, sources: Iterable[State], to: ReferralState) -> Move:
    known: tuple[Party, ...] = ("counselor", "seeker", "firm", "clock", "registry")
    return Move(answer, frozenset(each for each in known if each in parties.split()), frozenset(sources), to)


MOVES: tuple[Move, ...] = (
    _move("accepted", "counselor", UNDECIDED | {"postponed"}, "proposed"),
    _move("accepted", "counselor", ["agreed"], "agreed"),
    _move("accepted", "counselor", ["consented"], "consented"),
    _move("dismissed", "counselor", UNDECIDED | {"postponed", "agreed", "consented"}, "dismissed"),
    _move("postponed", "counselor", UNDECIDED | {"postponed"}, "postponed"),
    _move("undone", "counselor", ["proposed", "dismissed", "postponed"], "reopened"),
    _move("agreed", "seeker counselor", UNDECIDED | {"proposed", "postponed", "declined"}, "agreed"),
    _move("consented", "seeker counselor", UNDECIDED | {"proposed", "agreed"}, "consented"),
    _move("declined", "seeker counselor", UNDECIDED | BEFORE_REFERRAL | AWAITING_RESULT, "declined"),
    _move("interview_set", "firm counselor", AWAITING_RESULT, "interview"),
    _move("no_show", "firm counselor", AWAITING_RESULT - {"no_show"}, "no_show"),
    _move("hired", "firm counselor", AWAITING_RESULT | {"not_hired", "withdrawn"}, "hired"),
    _move("not_hired", "firm counselor", AWAITING_RESULT, "not_hired"),
    _move("still_employed", "firm counselor seeker", EMPLOYED, "retained_1_month"),
    _move("left", "firm counselor seeker", EMPLOYED, "left"),
    _move("withdrawn", "registry", BEFORE_REFERRAL | AWAITING_RESULT, "withdrawn"),
)
"""All there is; what is not here is refused. Where a word asks for more than a state, `_objection` says so."""


@dataclass(frozen=True)
class Word:
    """What someone said of a pair."""

    event_id: UUID
    spoken_at: datetime
    day: date
    """The day on which it was spoken, KST."""
    by: Party
    answer: Answered
    reason: ReasonGiven | None = None
    on_day: date | None = None
    until: date | None = None
    consent_text: str | None = None
    cause: Cause | None = None


@dataclass(frozen=True)
class Periods:
    """How long an answer is waited for, in days."""

    answer_days: int = 14
    """From the referral until a firm should have answered at all."""
    result_days: int = 7
    """From the interview until it should have said how it ended; then again until nobody is expected to answer."""


@dataclass(frozen=True)
class Step:
    """A state that a pair came into, when and by whose word."""

    state: ReferralState
    day: date
    by: Party
    event_id: UUID | None = None
    """Of the word; None where only time passed."""


@dataclass(frozen=True)
class Standing:
    """Where a pair stands, and how it came there."""

    state: State = ""
    path: tuple[Step, ...] = ()
    confirmed: bool = False
    """A counselor accepted it."""
    decided_by: Party = "registry"
    reason: ReasonGiven | None = None
    cause: Cause | None = None
    until: date | None = None
    interview_on: date | None = None
    due_on: date | None = None
    consent_text: str | None = None
    consent_by: Party | None = None
    referred_on: date | None = None
    referred_by: UUID | None = None
    """The word that made it a referral: the consent, or the acceptance after it."""
    started_on: date | None = None
    hired_by: UUID | None = None
    ended_on: date | None = None

    @property
    def wakes_on(self) -> date | None:
        """The first day on which time alone changes something."""
        if self.state == "postponed":
            return self.until
        if self.state in ("referred", "interview", "result_due") and self.due_on:
            past = self.interview_on if self.state == "interview" and self.interview_on else self.due_on
            return past + timedelta(days=1)
        return None


def stand(
    words: Iterable[Word], day: date, periods: Periods, struck: dict[UUID, Refusal] | None = None
) -> tuple[Standing, dict[UUID, Refusal]]:
    """Read all words of a pair as of a day: where it stands, and which words changed nothing and why.

    Args:
        struck: words that registry refused for what it knows of others, such as a second firm that hires the same
            person; they are passed over.
    """
    standing, refused = Standing(), dict(struck or {})
    for word in in_order(words):
        if word.event_id in refused:
            continue
        standing = _pass_time(standing, word.day, periods)
        after = take(standing, word, periods)
        if isinstance(after, Standing):
            standing = after
        else:
            refused[word.event_id] = after
    return _pass_time(standing, day, periods), refused


def in_order(words: Iterable[Word]) -> list[Word]:
    """As they were spoken; at the same instant by their ids, so that everyone reads them alike."""
    return sorted({word.event_id: word for word in words}.values(), key=lambda word: (word.spoken_at, word.event_id))


def take(standing: Standing, word: Word, periods: Periods) -> "Standing | Refusal":
    """Where a pair stands after one more word, or why the word changes nothing."""
    moves = [move for move in MOVES if move.answer == word.answer and word.by in move.parties]
    if not moves:
        return "NOT_BY_THIS_PARTY"
    move = next((move for move in moves if standing.state in move.sources), None)
    if move is None:
        return "OTHERS_ACTED" if word.answer == "undone" and standing.path else "NOT_AT_THIS_STAGE"
    if objection := _objection(standing, word):
        return objection
    moved = _moved(standing, word, move.to, periods)
    if moved.state == "consented" and moved.confirmed:
        due = word.day + timedelta(days=periods.answer_days)
        moved = replace(
            _arrived(moved, "referred", word.day, "registry", word.event_id),
            referred_on=word.day,
            referred_by=word.event_id,
            due_on=due,
        )
    return moved


def _objection(standing: Standing, word: Word) -> Refusal | None:  # noqa: PLR0911 - one condition each
    """What a word asks for besides the state."""
    if word.answer in ("dismissed", "accepted") and standing.state in ("agreed", "consented") and standing.confirmed:
        return "OTHERS_ACTED"
    if word.answer == "consented" and not word.consent_text:
        return "CONSENT_TEXT_MISSING"
    if word.answer == "interview_set" and word.on_day is None:
        return "DAY_MISSING"
    if word.answer == "postponed" and word.until is None:
        return "DAY_MISSING"
    if word.answer == "hired" and standing.state == "withdrawn":
        was_on = standing.referred_on and standing.cause == "posting_filled"
        return None if was_on else "NOT_AT_THIS_STAGE"
    if word.answer == "still_employed" and (word.on_day or word.day) < months_after(_started(standing), 1):
        return "TOO_EARLY"
    if word.answer == "left" and word.on_day and word.on_day < _started(standing):
        return "TOO_EARLY"
    return None


def _moved(  # noqa: PLR0911 - what each word brings along
    standing: Standing, word: Word, to: ReferralState, periods: Periods
) -> Standing:
    if word.answer == "still_employed":
        to = _retained(_started(standing), word.on_day or word.day)
    at = _arrived(standing, to, word.day, word.by, word.event_id)
    told = replace(at, reason=word.reason, cause=word.cause, until=None, due_on=None)
    day = word.on_day or word.day
    match word.answer:
        case "accepted":
            return replace(told, confirmed=True)
        case "undone" | "withdrawn":
            return replace(told, confirmed=False)
        case "postponed":
            return replace(told, until=word.until, confirmed=False)
        case "consented":
            return replace(told, consent_text=word.consent_text, consent_by=word.by)
        case "interview_set":
            return replace(told, interview_on=day, due_on=day + timedelta(days=periods.result_days))
        case "no_show":
            return replace(told, due_on=word.day + timedelta(days=periods.result_days))
        case "hired":
            return replace(told, started_on=day, hired_by=word.event_id, due_on=months_after(day, 1))
        case "still_employed":
            return replace(told, due_on=_next_check(_started(standing), to))
        case "left":
            return replace(told, ended_on=day)
        case _:
            return told


def _pass_time(standing: Standing, day: date, periods: Periods) -> Standing:
    """What time alone does, up to a day."""
    while (wakes := standing.wakes_on) and wakes <= day:
        if standing.state == "postponed":
            standing = replace(_arrived(standing, "reopened", wakes, "clock"), until=None, reason=None)
        elif standing.state == "result_due":
            standing = replace(_arrived(standing, "unanswered", wakes, "clock"), due_on=None)
        else:
            due = wakes - timedelta(days=1) + timedelta(days=periods.result_days)
            standing = replace(_arrived(standing, "result_due", wakes, "clock"), due_on=due, reason=None)
    return standing


def _arrived(standing: Standing, state: ReferralState, day: date, by: Party, word: UUID | None = None) -> Standing:
    path = (*standing.path, Step(state, day, by, word))
    return replace(standing, state=state, decided_by=by, path=path)


def _started(standing: Standing) -> date:
    if standing.started_on is None:
        raise ValueError("nobody has started to work here")
    return standing.started_on


def _retained(started: date, day: date) -> ReferralState:
    return next(state for months, state in RETAINED if day >= months_after(started, months))


def _next_check(started: date, state: ReferralState) -> date | None:
    """When the next month of retention is to be asked for; None after the sixth."""
    told = next(months for months, name in RETAINED if name == state)
    later: Sequence[int] = sorted(months for months, _ in RETAINED if months > told)
    return months_after(started, later[0]) if later else None
