"""How does a list leave the desk as a file? As the address narrows it, with a reason; each name in it is a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from pydantic import StringConstraints
from starlette.responses import Response, StreamingResponse

from services.notify import following, match_lists, referrals
from services.notify.desk import sheets, shown
from services.notify.desk.asked import Asked, AskedReferrals
from services.notify.desk.at_desk import AtDesk, Desk, address_of, may_know_names, reach_of, seekers_of
from services.notify.desk.sheets import Table
from shared.web.catalogue import Language
from shared.web.pages import language_of
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, from_our_form
from shared.web.spreadsheets import MEDIA, as_csv, as_workbook

MOST_ROWS = 1_000
"""Whoever wants more narrows the list: a file of a whole city's people is nobody's work of a day."""

Why = Annotated[
    str,
    Form(),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=70, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$"),
]
"""Kept with every look. Without control characters: some of them are blanks to Python alone."""
FileForm = Annotated[Literal["csv", "xlsx"], Form()]


@dataclass(frozen=True)
class Called:
    """What the people of a file are called in it."""

    names: dict[UUID, str]
    first: str
    """What stands above their column."""


def taking_along(at: Desk) -> APIRouter:
    router = APIRouter(prefix="/desk", include_in_schema=False, dependencies=[Depends(from_our_form)])

    @router.post("/export")
    async def take_calls(request: Request, who: AtDesk, asked: Asked, why: Why, form: FileForm = "csv") -> Response:
        """Today's pairs worth a call."""
        narrowed, language = asked.narrowed(who), language_of(request)
        found = await at.read(lambda session: match_lists.worth_a_call(session, narrowed, 1, MOST_ROWS))
        refuse(too_many=found.more)
        ids = seekers_of(found.pairs)
        called = await call(request, who, ids, f"desk export calls: {why}")
        standings = await at.read(lambda session: referrals.standings_of_seekers(session, ids))
        rows = shown.rows_of(found.pairs, called.names, standings, language)
        return file_of(sheets.of_calls(rows, called.first, language), "calls", form)

    @router.post("/referrals/export")
    async def take_referrals(
        request: Request, who: AtDesk, asked: AskedReferrals, why: Why, form: FileForm = "csv"
    ) -> Response:
        """Where referrals stand."""
        reach, account_id, language = reach_of(who, asked.cafe), asked.account(who), language_of(request)
        found = await at.read(lambda session: following.followed(session, reach, asked.view, account_id, 1, MOST_ROWS))
        refuse(too_many=found.more)
        ids = [one.row.seeker_id for one in found.referrals]
        called = await call(request, who, ids, f"desk export referrals: {why}")
        table = sheets.of_referrals(found.referrals, named(called, language), called.first, language)
        return file_of(table, "referrals", form)

    async def call(request: Request, who: SignedIn, ids: Sequence[UUID], purpose: str) -> Called:
        """Registry records each look before it answers; while it is away the file says that numbers stand for names."""
        if not may_know_names(who):
            return Called({}, sheets.NUMBERED)
        names = await at.names.to_take_along(ids, who, purpose, address_of(request))
        return Called({}, sheets.NAMES_AWAY) if names is None else Called(names, sheets.NAMED)

    return router


def named(called: Called, language: Language) -> sheets.NameOf:
    return lambda seeker_id: shown.name_of(seeker_id, called.names, language)


def refuse(*, too_many: bool) -> None:
    if too_many:
        raise Problem(
            422,
            "TOO_MANY",
            f"A file holds up to {MOST_ROWS} rows. Narrow the list first.",
            f"파일에는 {MOST_ROWS}건까지 담을 수 있습니다. 먼저 목록을 좁혀 주세요.",
        )


def file_of(table: Table, name: str, form: Literal["csv", "xlsx"]) -> Response:
    pieces = as_csv(table.head, table.rows) if form == "csv" else as_workbook(name, table.head, table.rows)
    stamp = referrals.today().isoformat()
    headers = {"Content-Disposition": f'attachment; filename="{name}-{stamp}.{form}"'}
    return StreamingResponse(pieces, media_type=MEDIA[form], headers=headers)
