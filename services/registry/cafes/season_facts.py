"""What the season planner is told: closings, seasons, skills and attendance of every running café, from registry's own.

Skills are compared as they are written, blanks and case aside: the alias table is matching's, and services do not ask
each other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.registry.cafes import programs
from services.registry.cafes.hours import at_minute, day_of
from services.registry.cafes.places import running_cafes
from services.registry.cafes.season_planner import MONTHS_BACK, CafeFacts, Learners, Past, Standing, week_of, weeks_of
from services.registry.orders.life_cycle import OPEN
from services.registry.tables import HiringSeason, Posting, Seeker

WEEKS_BACK = 8
TAKEN_BACK = ("suspended", "refused", "withdrawn")
"""Whose closing date hurries nobody; what was merged into another is withdrawn too."""
LOOKING = "active"
"""A seeker's state, as `people.seekers` has it."""


def facts_of(session: Session, month: date) -> list[CafeFacts]:
    """Of every running café, for a month."""
    cafes = running_cafes(session)
    near = _postings_by_district(session)
    people = _skills_by_cafe(session)
    past = _past(session, month)
    in_season = _in_season(session.exec(select(HiringSeason)), month)
    asked = asked_skills(facts for postings in near.values() for facts in postings if facts["open"])
    return [
        CafeFacts(
            cafe.cafe_id,
            len(people[cafe.cafe_id]),
            *_closings(near[cafe.district], month),
            learners(asked, people[cafe.cafe_id]),
            past[cafe.cafe_id],
            in_season,
        )
        for cafe in cafes
    ]


def standing_of(session: Session, month: date) -> Standing:
    """What is not called off of a month's sessions, accepted from a proposal or not."""
    seats: Counter[tuple[UUID, str]] = Counter()
    held: Counter[tuple[UUID, date]] = Counter()
    minutes = 0
    for program in programs.sessions(session, *_month(month)):
        if program.state != "called_off":
            minutes += programs.span_of(program).minutes
            seats[program.cafe_id, program.kind] += program.seats
            held[program.cafe_id, week_of(day_of(program.starts_at))] += 1
    return Standing(minutes / 60, seats, held)


def hours_of_last_month(session: Session, month: date) -> float:
    """Staff hours of the sessions of the month before."""
    return standing_of(session, month.replace(day=1) - timedelta(days=1)).hours


def _closings(postings: Iterable[Mapping[str, Any]], month: date) -> tuple[tuple[int, ...], float]:
    """Open postings that close in each week of a month and the one after it; and how many closed a week before it."""
    postings = list(postings)
    ahead = _closing_days(facts for facts in postings if facts["open"])
    closings = tuple(sum(start <= day < end for day in ahead) for start, end in _weeks(month))
    start = month.replace(day=1)
    before = sum(start - timedelta(weeks=WEEKS_BACK) <= day < start for day in _closing_days(postings))
    return closings, before / WEEKS_BACK


def _weeks(month: date) -> list[tuple[date, date]]:
    """The weeks of a month and the one after it: each its first day, and the first day that is no longer in it."""
    after = (month.replace(day=1) + timedelta(days=31)).replace(day=1)
    return list(pairwise([*weeks_of(month), after, after + timedelta(days=7)]))


def _in_season(calendar: Iterable[HiringSeason], month: date) -> tuple[bool, ...]:
    spans = [(season.begins_on, season.ends_on) for season in calendar]
    return tuple(any(begins < end and start <= ends for begins, ends in spans) for start, end in _weeks(month))


def _closing_days(postings: Iterable[Mapping[str, Any]]) -> list[date]:
    return [date.fromisoformat(facts["closes_on"]) for facts in postings if facts.get("closes_on")]


@dataclass
class AskedSkills:
    """The skills that postings require, by how they are compared."""

    spellings: defaultdict[str, Counter[str]]
    beside: defaultdict[str, set[str]]
    """Of each skill, those that some posting requires together with it."""


def asked_skills(postings: Iterable[Mapping[str, Any]]) -> AskedSkills:
    found = AskedSkills(defaultdict(Counter), defaultdict(set))
    for facts in postings:
        told = {_key(skill): skill for skill in facts.get("required_skills") or ()}
        for key, skill in told.items():
            found.spellings[key][skill] += 1
            found.beside[key] |= told.keys()
    return found


def learners(asked: AskedSkills, people: Iterable[frozenset[str]]) -> dict[str, Learners]:
    """For each skill that is asked for: who shares another skill with such a posting and does not state this one."""
    lacking: Counter[str] = Counter()
    for hers in people:
        lacking.update(set[str]().union(*(asked.beside[key] for key in hers & asked.beside.keys())) - hers)
    return {
        forms.most_common(1)[0][0]: Learners(lacking[key], forms.total())
        for key, forms in sorted(asked.spellings.items())
    }


def _postings_by_district(session: Session) -> defaultdict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    standing = select(Posting.state, Posting.facts).where(col(Posting.state).not_in(TAKEN_BACK))
    for state, facts in session.exec(standing):
        district = (facts.get("place") or {}).get("district") or ""
        found[district].append({**facts, "open": state == OPEN})
    return found


def _skills_by_cafe(session: Session) -> defaultdict[UUID, list[frozenset[str]]]:
    found: defaultdict[UUID, list[frozenset[str]]] = defaultdict(list)
    looking = select(Seeker.cafe_id, Seeker.facts).where(Seeker.state == LOOKING, col(Seeker.cafe_id).is_not(None))
    for cafe_id, facts in session.exec(looking):
        if cafe_id:
            found[cafe_id].append(frozenset(map(_key, facts.get("skills") or ())))
    return found


def _past(session: Session, month: date) -> defaultdict[UUID, dict[str, list[Past]]]:
    """By café and kind, one a month, the latest first; what nobody counted and empty months are left out."""
    found: defaultdict[UUID, dict[str, list[Past]]] = defaultdict(dict)
    last = month.replace(day=1)
    for _ in range(MONTHS_BACK):
        last = (last - timedelta(days=1)).replace(day=1)
        held = [each for each in programs.sessions(session, *_month(last)) if each.state == "held"]
        tallies = programs.tallies(session, [each.session_id for each in held])
        sums: defaultdict[tuple[UUID, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for each in held:
            tally = tallies[each.session_id]
            if not tally.counted:
                continue
            told = sums[each.cafe_id, each.kind]
            counts = (1, tally.seated + tally.waiting, tally.seated, tally.attended)
            told[:] = [one + more for one, more in zip(told, counts, strict=True)]
        for (cafe_id, kind), told in sums.items():
            found[cafe_id].setdefault(kind, []).append(Past(*told))
    return found


def _month(month: date) -> tuple[Any, Any]:
    first = month.replace(day=1)
    return at_minute(first, 0), at_minute((first + timedelta(days=31)).replace(day=1), 0)


def _key(skill: str) -> str:
    return "".join(skill.split()).casefold()


def next_month(instant: Any) -> date:
    """The first day of the month after."""
    return (day_of(instant).replace(day=1) + timedelta(days=31)).replace(day=1)
