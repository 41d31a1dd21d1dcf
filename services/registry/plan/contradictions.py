"""Where does the plan disagree with itself? General rules over any entries; none knows a number or a name.

A rule compares two things that are both there: what is merely missing is "no data", not a contradiction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from services.registry.plan.derived import figure
from services.registry.plan.entries import Event, Milestone, Noted, OpeningSummary, Statement, Target

Rule = Literal["parts", "log", "dash", "targets", "heading"]
"""Total ≠ sum of parts; stated ≠ log; a dash where there is an entry; two targets for a year; heading ≠ parts."""


@dataclass(frozen=True, order=True)
class Side:
    """What is said, by which entries, and where they have it from."""

    says: str
    refs: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, order=True)
class Contradiction:
    """What disagrees with what, and by how much."""

    rule: Rule
    about: str
    """The figure, in the names of `Statement.figure`, or the entry's ref."""
    one: Side
    other: Side
    difference: int | None
    """The other less the one; None where it is no matter of numbers."""


def contradictions(noted: Iterable[Noted]) -> list[Contradiction]:
    """All of them, in an order that does not depend on the entries'."""
    held = sorted(noted, key=lambda entry: entry.ref)
    found = [*_parts(held), *_statements(held), *_targets(held), *_headings(held)]
    return sorted(found, key=lambda it: (it.rule, it.about, it.one, it.other))


def _parts(held: Sequence[Noted]) -> Iterator[Contradiction]:
    for entry in held:
        if isinstance(entry.facts, OpeningSummary | Milestone) and entry.facts.parts:
            counts = [part.count for part in entry.facts.parts]
            if sum(counts) != entry.facts.count:
                said = f"{' + '.join(map(str, counts))} = {sum(counts)}"
                yield Contradiction(
                    "parts", entry.ref, _side(str(entry.facts.count), [entry]), _side(said, [entry]),
                    sum(counts) - entry.facts.count,
                )  # fmt: skip


def _statements(held: Sequence[Noted]) -> Iterator[Contradiction]:
    by_ref = {entry.ref: entry for entry in held}
    for entry in held:
        if not isinstance(entry.facts, Statement):
            continue
        made = figure(held, entry.facts.figure)
        if made.value is None or made.value == entry.facts.value:
            continue
        stated = entry.facts.value
        log = [by_ref[ref] for ref in made.refs]
        yield Contradiction(
            "dash" if stated is None else "log",
            entry.facts.figure,
            _side("–" if stated is None else str(stated), [entry]),
            _side(f"{made.value}{_people(log)}", log),
            None if stated is None else made.value - stated,
        )


def _targets(held: Sequence[Noted]) -> Iterator[Contradiction]:
    aims = [(entry, entry.facts) for entry in held if isinstance(entry.facts, Target)]
    aims.sort(key=lambda aim: (aim[1].year, str(aim[1].stated_on or ""), aim[0].ref))
    for (first, one), (second, other) in pairwise(aims):
        if one.year == other.year and one.count != other.count:
            yield Contradiction(
                "targets", f"target.{one.year}", _side(_dated(one), [first]), _side(_dated(other), [second]),
                other.count - one.count,
            )  # fmt: skip


def _headings(held: Sequence[Noted]) -> Iterator[Contradiction]:
    for entry in held:
        if not isinstance(entry.facts, OpeningSummary) or entry.facts.heading is None:
            continue
        others = [p for p in entry.facts.parts if p.partnership not in (None, entry.facts.heading)]
        if others:
            said = ", ".join(f"{part.partnership} {part.count}" for part in others)
            yield Contradiction(
                "heading", entry.ref, _side(f"{entry.facts.heading} {entry.facts.count}", [entry]),
                _side(said, [entry]), None,
            )  # fmt: skip


def _side(says: str, entries: Sequence[Noted]) -> Side:
    sources = dict.fromkeys(entry.facts.source for entry in entries)
    return Side(says, tuple(entry.ref for entry in entries), tuple(sources))


def _people(log: Sequence[Noted]) -> str:
    asked = [entry.facts.asked for entry in log if isinstance(entry.facts, Event) and entry.facts.asked is not None]
    return f" ({sum(asked):,}명)" if asked else ""


def _dated(target: Target) -> str:
    return f"{target.count} ({target.stated_on or '–'})"
