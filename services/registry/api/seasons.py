"""What operators ask of the season calendar, under `/api/v1/registry/seasons`: which there are, set one, end one."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine
from sqlmodel import Session

from services.registry import seasons
from services.registry.access import Operator, not_found
from services.registry.api.bodies import Asked, Name, PlainBody
from services.registry.tables import HiringSeason, SeasonRematch
from shared.database import reading, transaction
from shared.web.problems import Problem

MOST_DAYS = 100
WRONG = {
    "ends_on": ("It would end before it begins.", "끝나는 날이 시작하는 날보다 앞섭니다."),
    "rematch_days": ("A day of matching anew lies outside the season.", "시즌 밖의 날이 있습니다."),
}


class SeasonAsked(Asked):
    """A season, whole: what was set before under this name is replaced."""

    name: Name
    begins_on: date
    ends_on: date
    rematch_days: Annotated[tuple[date, ...], Field(max_length=MOST_DAYS)] = ()
    hour: Annotated[int, Field(ge=0, le=23)] = 3
    """In Korea."""


class SeasonNamed(Asked):
    name: Name


class ShownChanges(BaseModel):
    """What a rematch changed, over all shards."""

    model_config = ConfigDict(from_attributes=True)

    seekers: int
    """With at least one pair that is new or has risen."""
    new: int
    risen: int
    gone: int
    finished_at: datetime


class ShownDay(BaseModel):
    """A day of matching anew; empty where it was not asked for yet, `did` as long as it runs."""

    day: date
    rematch_id: UUID | None
    asked_at: datetime | None
    did: ShownChanges | None = None


class ShownSeason(BaseModel):
    """A season of the calendar."""

    name: str
    begins_on: date
    ends_on: date
    hour: int
    days: tuple[ShownDay, ...]
    set_by: str
    set_at: datetime


def season_api(engine: Engine) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry/seasons")

    @router.get("")
    def list_seasons(_who: Operator) -> tuple[ShownSeason, ...]:
        """All hiring seasons, the newest first, and what was asked for on which day."""
        with reading(engine) as session:
            return tuple(shown(session, season) for season in seasons.seasons(session))

    @router.put("")
    def set_season(who: Operator, asked: Annotated[SeasonAsked, Depends(PlainBody(SeasonAsked))]) -> ShownSeason:
        """Set a season. On each of its days, from the hour on, everything is matched anew, once."""
        planned = seasons.Planned(**asked.model_dump())
        try:
            with transaction(engine) as session:
                season = seasons.set_season(session, planned, who.label)
                session.flush()
                return shown(session, season)
        except seasons.SeasonWrong as wrong:
            where = str(wrong)
            told, told_ko = WRONG[where]
            hint = "Write days as 2027-03-02, none before begins_on or after ends_on."
            raise Problem(422, "SEASON_WRONG", told, told_ko, where=where, hint=hint) from wrong

    @router.post("/end")
    def end_season(_who: Operator, asked: Annotated[SeasonNamed, Depends(PlainBody(SeasonNamed))]) -> ShownSeason:
        """End a season today: nothing more is asked for. What runs already goes on."""
        with transaction(engine) as session:
            season = seasons.end_season(session, asked.name)
            if season is None:
                raise not_found()
            return shown(session, season)

    return router


def shown(session: Session, season: HiringSeason) -> ShownSeason:
    asked = seasons.asked_days(session).get(season.name, {})
    days = sorted({*asked, *map(date.fromisoformat, season.rematch_days)})
    named: dict[str, Any] = season.model_dump(exclude={"rematch_days"})
    return ShownSeason(**named, days=tuple(_day(day, asked) for day in days))


def _day(day: date, asked: dict[date, SeasonRematch]) -> ShownDay:
    row = asked.get(day)
    if row is None:
        return ShownDay(day=day, rematch_id=None, asked_at=None)
    changes = seasons.did(row)
    told = changes and ShownChanges.model_validate(changes)
    return ShownDay(day=day, rematch_id=row.rematch_id, asked_at=row.asked_at, did=told)
