"""The ledgers as pages under `/ledgers`: by days, to be printed, or taken along as a file with the reason recorded."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from sqlmodel import col, select
from starlette.responses import RedirectResponse, Response, StreamingResponse

from services.registry.access import not_found
from services.registry.api.custody import Words, address_of, named
from services.registry.ledgers.books import Book
from services.registry.ledgers.half_year import HalfYear, half_year_ages, half_year_report
from services.registry.ledgers.handing_out import Form as FileForm
from services.registry.ledgers.handing_out import file_of, look_of, names_of, people_of, sheet_of
from services.registry.ledgers.lines import KEYS, lines
from services.registry.ledgers.reach import Asked, Whose, books_of, may_name, span_of, whose_of
from services.registry.ledgers.wording import (
    Ages,
    cells,
    half_year_head,
    half_year_rows,
    half_year_sheet,
    head,
    people_head,
    people_rows,
)
from services.registry.orders.postings import today
from services.registry.people.audit import Look
from services.registry.people.vault import Vault
from services.registry.tables import Agency, Cafe
from shared.database import reading
from shared.web.catalogue import say
from shared.web.cursors import Cursor, cursor_of, key_of
from shared.web.pages import Pages, language_of
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow, from_our_form
from shared.web.spreadsheets import MEDIA

PAGE_LINES = 300
FormWanted = Annotated[Literal["page", "csv", "xlsx"], Form()]
Reporter = Annotated[SignedIn, Depends(allow("agency", "operator", "official"))]
Counter = Annotated[SignedIn, Depends(allow("agency", "operator"))]
"""Who may have birth dates read, to count ages."""
Keeper = Annotated[SignedIn, Depends(allow("counselor", "agency", "operator", "official"))]


class Range:
    """What a page or a form asks for: days, and whose."""

    def __init__(
        self, since: date | None = None, until: date | None = None, agency: str = "", cafe: str = "", after: Cursor = ""
    ) -> None:
        self.span, self.after = span_of(since, until), after
        self.agency, self.cafe = _id_of(agency), _id_of(cafe)

    def of(self, who: SignedIn, book: Book) -> Asked:
        return Asked(book, whose_of(who, book, self.agency, self.cafe), self.span)


Ranged = Annotated[Range, Depends(Range)]


class Half:
    """Which half-year's report, and whose: an agency's own, or the one that is named."""

    def __init__(self, half: str = "", agency: str = "") -> None:
        told = HalfYear.named(half) if half else HalfYear.last(today())
        if told is None:
            raise Problem(422, "HALF_YEAR", "Write it as 2026-H1.", "2026-H1처럼 적어 주세요.", where="half")
        self.half, self.agency = told, _id_of(agency)

    def whose(self, who: SignedIn) -> Whose:
        return whose_of(who, "orders", self.agency)


HalfAsked = Annotated[Half, Depends(Half)]


def ledger_pages(engine: Engine, vault: Vault, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/ledgers", include_in_schema=False)

    @router.get("")
    def first(who: Keeper) -> Response:
        return RedirectResponse(f"/ledgers/{books_of(who)[-1]}", 303)

    @router.get("/half-year")
    def show_half_year(request: Request, who: Reporter, asked: HalfAsked) -> Response:
        """The half-yearly report, to be printed."""
        return half_year_page(request, who, asked)

    @router.post("/half-year", dependencies=[Depends(from_our_form)])
    def show_half_year_ages(
        request: Request, who: Counter, asked: HalfAsked, why: Annotated[Words, Form()], form: FormWanted = "page"
    ) -> Response:
        """The same with ages, for which each person's birth date is read; who, what and why are recorded."""
        if form == "page":
            return half_year_page(request, who, asked, why)
        return half_year_file(request, who, asked, form, why)

    def half_year_page(request: Request, who: SignedIn, asked: Half, why: str = "") -> Response:
        language = language_of(request)
        report = half_year_report(engine, asked.whose(who), asked.half)
        ages = ages_of(request, who, asked, why) if why else None
        with reading(engine) as session:
            agencies = session.exec(select(Agency).order_by(col(Agency.name))).all()
        wanted = who.agency_id or asked.agency
        values: dict[str, Any] = {
            "books": books_of(who),
            "half": asked.half,
            "agencies": agencies if who.role != "agency" else [],
            "owner": next((each for each in agencies if each.agency_id == wanted), None),
            "head": half_year_head(language),
            "rows": half_year_rows(report, language),
            "people_head": people_head(language),
            "people_rows": people_rows(ages, language),
            "may_count_ages": may_name(who),
        }
        return pages.show(request, "half_year.html", **values)

    @router.get("/half-year.{form}")
    def take_half_year(request: Request, form: FileForm, who: Reporter, asked: HalfAsked) -> Response:
        """The same as a file: counts, and nobody's data."""
        return half_year_file(request, who, asked, form)

    def half_year_file(request: Request, who: SignedIn, asked: Half, form: FileForm, why: str = "") -> Response:
        language = language_of(request)
        report = half_year_report(engine, asked.whose(who), asked.half)
        ages = ages_of(request, who, asked, why) if why else None
        with reading(engine) as session:
            owner = session.get(Agency, who.agency_id or asked.agency)
        rows = half_year_sheet(report, ages, owner, language)
        content = sheet_of(say(language, "ledger.half_year"), half_year_head(language), rows, form)
        headers = {"Content-Disposition": f'attachment; filename="half-year-{asked.half.name}.{form}"'}
        return StreamingResponse(content, media_type=MEDIA[form], headers=headers)

    def ages_of(request: Request, who: SignedIn, asked: Half, why: str) -> Ages:
        purpose = f"{say('ko', 'ledger.half_year')} {asked.half.name}: {why}"
        look = Look(named(who), purpose, ("birth_date",), address_of(request))
        return half_year_ages(engine, asked.whose(who), asked.half, partial(people_of, engine, vault, who, look))

    @router.get("/{book}")
    def show(request: Request, book: Book, who: Keeper, ranged: Ranged) -> Response:
        """The lines of these days, without names."""
        return page(request, who, ranged.of(who, book), ranged)

    @router.post("/{book}", dependencies=[Depends(from_our_form)])
    def take(  # noqa: PLR0913, PLR0917 - the fields of the form
        request: Request,
        book: Book,
        who: Keeper,
        ranged: Ranged,
        why: Annotated[Words, Form()],
        form: FormWanted = "page",
        names: Annotated[Literal["yes", ""], Form()] = "",
    ) -> Response:
        """The same with names, or as a file; who, what and why are recorded."""
        asked = ranged.of(who, book)
        if (names or form == "page") and not may_name(who):
            raise Problem(403, "NOT_ALLOWED", "Your role may not do this.", "이 일을 할 권한이 없습니다.")
        if form == "page":
            return page(request, who, asked, ranged, why)
        look = look_of(asked, named(who), why, address_of(request))
        return file_of(engine, vault, who, asked, form, language_of(request), look, named=bool(names))

    def page(request: Request, who: SignedIn, asked: Asked, ranged: Range, why: str = "") -> Response:
        language = language_of(request)
        with reading(engine) as session:
            found = lines(session, asked, key_of(ranged.after, KEYS[asked.book]), PAGE_LINES + 1)
            agencies = session.exec(select(Agency).order_by(col(Agency.name))).all()
            cafes = session.exec(select(Cafe).order_by(col(Cafe.name))).all()
        shown = found[:PAGE_LINES]
        look = look_of(asked, named(who), why, address_of(request)) if why else None
        people = names_of(engine, vault, who, shown, look) if look else {}
        every = who.role in ("operator", "official")
        values: dict[str, Any] = {
            "book": asked.book,
            "books": books_of(who),
            "span": asked.span,
            "head": head(asked.book, language),
            "rows": [cells(line, people, language) for line in shown],
            "next": cursor_of(shown[-1].key) if len(found) > PAGE_LINES else "",
            "agencies": agencies if every else [],
            "cafes": [cafe for cafe in cafes if every or cafe.cafe_id in who.cafes],
            "agency": ranged.agency,
            "cafe": ranged.cafe,
            "owner": _owner(who, ranged, agencies, cafes),
            "may_name": may_name(who) and asked.book != "orders",
            "named": bool(why),
        }
        return pages.show(request, "ledger.html", **values)

    return router


def _owner(who: SignedIn, ranged: Range, agencies: Any, cafes: Any) -> str:
    """Whose ledger it is, by name; nothing where it is everyone's."""
    agency = who.agency_id or ranged.agency
    called = [each.name for each in agencies if each.agency_id == agency]
    wanted = (ranged.cafe,) if ranged.cafe else who.cafes
    return ", ".join(called + [each.name for each in cafes if each.cafe_id in wanted])


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise not_found() from None
