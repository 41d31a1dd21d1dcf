"""What the season planner is told: closings, skills and attendance of every running café, from registry's own rows.

Skills are compared as they are written, blanks and case aside: the alias table is matching's, and services do not ask
each other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
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
from services.registry.tables import Cafe, Posting, Seeker

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
    return [_facts(cafe, near[cafe.district], people[cafe.cafe_id], past[cafe.cafe_id], month) for cafe in cafes]


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


def _facts(
    cafe: Cafe,
    postings: list[dict[str, Any]],
    people: list[frozenset[str]],
    past: Mapping[str, list[Past]],
    month: date,
) -> CafeFacts:
    open_now = [facts for facts in postings if facts["open"]]
    days = _closing_days(open_now)
    edges = [*weeks_of(month), (month.replace(day=1) + timedelta(days=31)).replace(day=1)]
    closings = [sum(start <= day < end for day in days) for start, end in pairwise(edges)]
    closings.append(sum(edges[-1] <= day < edges[-1] + timedelta(days=7) for day in days))
    start = month.replace(day=1)
    usual = sum(start - timedelta(weeks=WEEKS_BACK) <= day < start for day in _closing_days(postings)) / WEEKS_BACK
    return CafeFacts(cafe.cafe_id, len(people), tuple(closings), usual, learners(open_now, people), past)


def _closing_days(postings: Iterable[Mapping[str, Any]]) -> list[date]:
    return [date.fromisoformat(facts["closes_on"]) for facts in postings if facts.get("closes_on")]


def learners(postings: Iterable[Mapping[str, Any]], people: Iterable[frozenset[str]]) -> dict[str, Learners]:
    """For each skill that is asked for: who shares another skill with such a posting and does not state this one."""
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    wanted: list[frozenset[str]] = []
    for facts in postings:
        told = {_key(skill): skill for skill in facts.get("required_skills") or ()}
        wanted.append(frozenset(told))
        for key, skill in told.items():
            spellings[key][skill] += 1
    lacking: Counter[str] = Counter()
    for hers in people:
        lacking.update({skill for skills in wanted if skills & hers for skill in skills - hers})
    return {
        forms.most_common(1)[0][0]: Learners(lacking[key], forms.total()) for key, forms in sorted(spellings.items())
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
