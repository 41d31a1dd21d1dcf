"""When does a hiring season want everything matched anew? On the days that an operator set, once each.

Registry only says so; how it is done is matching's, and when people are told of it is notify's: quiet hours and cadence
hold in a season too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID, uuid5

from sqlmodel import Session, col, select

from services.registry.tables import HiringSeason, SeasonRematch
from shared.clock import KST, now
from shared.contracts import RematchFinished, RematchRequested
from shared.outbox import stage

REMATCHES = UUID("5e2a7c0e-62d4-4d0b-9a5e-0f6c3ad1b7d9")
"""The name space of what the calendar asks for."""
CHANGES = ("seekers", "new", "risen", "gone")


@dataclass(frozen=True)
class Planned:
    """A season as it is to be."""

    name: str
    begins_on: date
    ends_on: date
    rematch_days: Sequence[date]
    hour: int


@dataclass(frozen=True)
class Did:
    """What a rematch changed for seekers, as matching told it."""

    seekers: int
    """With at least one pair that is new or has risen."""
    new: int
    risen: int
    gone: int
    finished_at: datetime


class SeasonWrong(ValueError):
    """Why a season cannot be as it was asked for."""


def set_season(session: Session, planned: Planned, who: str) -> HiringSeason:
    """Note a season, or note it anew; what is due stays due, and days on which it was asked are not asked again.

    Raises:
        SeasonWrong: it ends before it begins, or has a day outside.
    """
    days = sorted(set(planned.rematch_days))
    if planned.ends_on < planned.begins_on:
        raise SeasonWrong("ends_on")
    if days and not planned.begins_on <= days[0] <= days[-1] <= planned.ends_on:
        raise SeasonWrong("rematch_days")
    season = HiringSeason(
        name=planned.name,
        begins_on=planned.begins_on,
        ends_on=planned.ends_on,
        rematch_days=[day.isoformat() for day in days],
        hour=planned.hour,
        set_by=who,
        set_at=now(),
    )
    before = session.get(HiringSeason, planned.name)
    if before and _behind(season) <= _behind(before):
        season.set_at = before.set_at
    return session.merge(season)


def end_season(session: Session, name: str) -> HiringSeason | None:
    """It is over: nothing more is asked for. None where there is no such season."""
    season = session.get(HiringSeason, name)
    if season is None:
        return None
    season.ends_on = min(season.ends_on, now().astimezone(KST).date())
    season.rematch_days = [day for day in season.rematch_days if _moment(season, day) <= now()]
    session.add(season)
    return season


def seasons(session: Session) -> Sequence[HiringSeason]:
    """All of them, the newest first."""
    return session.exec(select(HiringSeason).order_by(col(HiringSeason.begins_on).desc(), col(HiringSeason.name))).all()


def asked_days(session: Session) -> dict[str, dict[date, SeasonRematch]]:
    """What was asked for, by season and day."""
    asked: dict[str, dict[date, SeasonRematch]] = {}
    for row in session.exec(select(SeasonRematch).order_by(col(SeasonRematch.day))):
        asked.setdefault(row.season, {})[row.day] = row
    return asked


def ask_what_is_due(session: Session) -> int:
    """Ask for a rematch in each season whose day has come; how many.

    After days without us only the last of them is asked for: two rematches one after the other find the same.
    """
    due = [(season, day) for season in seasons(session) if (day := _last_due(season)) is not None]
    fresh = [(season, day) for season, day in due if session.get(SeasonRematch, (season.name, day)) is None]
    for season, day in fresh:
        asked = SeasonRematch(
            season=season.name, day=day, rematch_id=uuid5(REMATCHES, f"{season.name} {day}"), asked_at=now()
        )
        session.add(asked)
        stage(session, RematchRequested(rematch_id=asked.rematch_id, season=season.name, asked_by="calendar"))
    return len(fresh)


def note_finished(event: RematchFinished, session: Session) -> None:
    """Keep what a rematch of the calendar changed, shard by shard; of any other nothing is kept here."""
    asked = session.exec(select(SeasonRematch).where(SeasonRematch.rematch_id == event.rematch_id)).first()
    if asked is None:
        return
    sums = {name: sum(getattr(each, name) for each in event.changes) for name in CHANGES}
    asked.did = (asked.did or {}) | {event.shard: sums | {"finished_at": event.occurred_at.isoformat()}}
    session.add(asked)


def did(asked: SeasonRematch) -> Did | None:
    """What it changed over all shards; None as long as one of them still works."""
    shards = asked.did or {}
    if not shards or len(shards) < max(int(shard.partition("/")[2]) for shard in shards):
        return None
    sums = {name: sum(each[name] for each in shards.values()) for name in CHANGES}
    return Did(finished_at=max(datetime.fromisoformat(each["finished_at"]) for each in shards.values()), **sums)


def _last_due(season: HiringSeason) -> date | None:
    if now().astimezone(KST).date() > season.ends_on:
        return None
    return max(_due(season), default=None)


def _due(season: HiringSeason) -> Iterator[date]:
    return (
        date.fromisoformat(day) for day in season.rematch_days if season.set_at < _moment(season, day) <= now()
    )  # fmt: skip


def _behind(season: HiringSeason) -> set[datetime]:
    return {moment for day in season.rematch_days if (moment := _moment(season, day)) <= now()}


def _moment(season: HiringSeason, day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(season.hour), KST)
