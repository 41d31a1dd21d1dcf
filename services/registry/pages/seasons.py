"""The operator's page of hiring seasons, `/counter/seasons`: which there are, what each did; add, change, end one."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from services.registry import seasons
from services.registry.access import not_found
from services.registry.api.seasons import MOST_DAYS, shown
from services.registry.cafes.hours import day_of
from services.registry.cafes.refusals import Refused
from services.registry.pages.form_fields import Told, day_told, name_told
from services.registry.seasons import Planned, SeasonWrong
from services.registry.tables import HiringSeason
from shared.clock import now
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, allow, from_our_form

Operator = Annotated[SignedIn, Depends(allow("operator"))]
Overseer = Annotated[SignedIn, Depends(allow("operator", "official"))]
FIELDS = ("name", "begins_on", "ends_on", "rematch_days", "hour")
WRONG = {"ends_on": "PERIOD_WRONG", "rematch_days": "DAYS_WRONG"}


def season_form(
    name: Told = "", begins_on: Told = "", ends_on: Told = "", rematch_days: Told = "", hour: Told = ""
) -> dict[str, str]:
    """A dependency: a season as it was typed."""
    return dict(zip(FIELDS, (name, begins_on, ends_on, rematch_days, hour), strict=True))


Typed = Annotated[dict[str, str], Depends(season_form)]


def season_pages(engine: Engine, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/counter/seasons", include_in_schema=False)

    @router.get("")
    def show(request: Request, who: Overseer) -> Response:
        return seasons_page(request, who)

    @router.post("", dependencies=[Depends(from_our_form)])
    def add(request: Request, who: Operator, typed: Typed) -> Response:
        def act(session: Session) -> None:
            planned = planned_told(typed)
            if session.get(HiringSeason, planned.name):
                raise Refused("SEASON_NAME_TAKEN")
            seasons.set_season(session, planned, who.label)

        return acted(request, who, act, typed, "")

    @router.post("/change", dependencies=[Depends(from_our_form)])
    def change(request: Request, who: Operator, typed: Typed) -> Response:
        """Another beginning, end, hour or other days; what was asked for already is not asked for again."""

        def act(session: Session) -> None:
            if session.get(HiringSeason, typed["name"]) is None:
                raise not_found()
            seasons.set_season(session, planned_told(typed), who.label)

        return acted(request, who, act, typed, typed["name"])

    @router.post("/end", dependencies=[Depends(from_our_form)])
    def end(request: Request, who: Operator, name: Told = "") -> Response:
        """It is over today: nothing more is asked for; a rematch that runs goes on."""

        def act(session: Session) -> None:
            if seasons.end_season(session, name) is None:
                raise not_found()

        return acted(request, who, act, {}, name)

    def acted(
        request: Request, who: SignedIn, act: Callable[[Session], None], typed: dict[str, str], name: str
    ) -> Response:
        try:
            with transaction(engine) as session:
                act(session)
        except SeasonWrong as wrong:
            return seasons_page(request, who, Refused(WRONG[str(wrong)], str(wrong)), typed, name)
        except Refused as refused:
            return seasons_page(request, who, refused, typed, name)
        return RedirectResponse("/counter/seasons", 303)

    def seasons_page(
        request: Request,
        who: SignedIn,
        refused: Refused | None = None,
        typed: dict[str, str] | None = None,
        name: str = "",
    ) -> Response:
        """All seasons; what was refused stands where it was typed, at the season of that name or at the new one."""
        with reading(engine) as session:
            listed = [(shown(session, each), typed_of(each)) for each in seasons.seasons(session)]
        values: dict[str, Any] = {"problem": refused and refused.reason, "told": typed or {}, "problem_at": name}
        values |= {"today": day_of(now()), "may_change": who.role == "operator"}
        return pages.show(request, "seasons.html", status=refused.status if refused else 200, listed=listed, **values)

    return router


def planned_told(typed: dict[str, str]) -> Planned:
    """A season, read from its form. Raises `Refused`."""
    return Planned(
        name=name_told(typed["name"], "name"),
        begins_on=day_told(typed["begins_on"], "begins_on"),
        ends_on=day_told(typed["ends_on"], "ends_on"),
        rematch_days=days_told(typed["rematch_days"]),
        hour=hour_told(typed["hour"]),
    )


def days_told(typed: str) -> list[date]:
    """Days divided by commas or spaces. Raises `Refused`."""
    days = [day_told(each, "rematch_days") for each in typed.replace(",", " ").split()]
    if len(days) > MOST_DAYS:
        raise Refused("DAYS_WRONG")
    return days


def hour_told(typed: str) -> int:
    """0 to 23. Raises `Refused`."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 2 and int(typed) <= 23):
        raise Refused("HOUR_WRONG")
    return int(typed)


def typed_of(season: HiringSeason) -> dict[str, str]:
    """What its form says before anybody types."""
    days = {"begins_on": f"{season.begins_on}", "ends_on": f"{season.ends_on}"}
    return days | {"name": season.name, "rematch_days": ", ".join(season.rematch_days), "hour": f"{season.hour}"}
