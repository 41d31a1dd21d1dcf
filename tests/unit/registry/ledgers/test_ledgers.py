"""Ledgers are made of rows: each sees her own, names only with a reason that is recorded, the erased without one."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.app import create_app
from services.registry.ledgers.books import BOOKS, Book
from services.registry.ledgers.half_year import HalfYear, age_on, half_year_report
from services.registry.ledgers.lines import all_lines, lines
from services.registry.ledgers.reach import Asked, Span, Whose, span_of
from services.registry.ledgers.wording import cells
from services.registry.orders.postings import Shelf, change
from services.registry.pages import ledgers
from services.registry.people.accounts import add_account
from services.registry.people.audit import Look
from services.registry.people.erasure import ErasureRecord, erase
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency, AuditRow, Cafe, JobOrder, Posting, PostingRevision, Seeker, Table
from shared.clock import stopped_at
from shared.database import SpineTable, reading, transaction
from tests.unit.registry.referrals.test_referrals import START, City

NAME, BORN = "홍길순", "1990-03-04"
NOVEMBER = {"since": "2026-11-01", "until": "2026-11-30"}
LATER = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
PASSWORD = "봄날의 책 한 권"


class Books(City):
    """Two people of a café, the first with a name and brought by the agency; she was referred, and hired."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        super().__init__(engine, vault)
        with stopped_at(START), transaction(engine) as session:
            self.cafe = UUID(int=77)
            session.add(Cafe(cafe_id=self.cafe, name="홍대 일자리카페", district="서울 마포구", made_at=START))
            session.flush()
            told = {"source_ref": "0", "summary": "빵", "name": NAME, "birth_date": BORN}
            register(session, [SeekerRow("0", told)], "consent", vault, self.cafe, brought_by=self.agency.agency_id)
            other = [SeekerRow("1", {"source_ref": "1", "summary": "빵", "name": "김다른"})]
            register(session, other, "consent", vault, self.cafe)
        self.hear(*self.referred(), self.answered("hired", on_day=LATER.date()))

    def lines(self, book: Book, whose: Whose | None = None) -> list[Any]:
        with stopped_at(LATER):
            span = span_of(None, None)
        return [line for some in all_lines(self.engine, Asked(book, whose or Whose(), span)) for line in some]


@pytest.fixture
def city(make_engine: Callable[..., Engine], vault: Vault) -> Books:
    return Books(make_engine(Table.metadata, SpineTable.metadata), vault)


def test_orders_with_what_became_of_them(city: Books) -> None:
    filled, open_ = sorted(city.lines("orders"), key=lambda line: line.source_ref)
    assert (filled.employer, filled.state, filled.referred, filled.hired) == ("가게 0", "filled", 1, 1)
    assert [(each.state, each.by) for each in filled.changes] == [("open", "agency"), ("filled", "ledger")]
    assert (open_.state, open_.referred, len(open_.changes)) == ("open", 0, 1)
    assert open_.kept_until.isoformat() == "2028-11-02"


def test_a_refusal_stands_in_the_line_with_its_reason(city: Books) -> None:
    with stopped_at(LATER), transaction(city.engine) as session:
        shelf = Shelf(session)
        order = session.exec(select(JobOrder).where(JobOrder.source_ref == "1")).one()
        change(shelf, order, "refused", "operator", "체불사업주")
    last = next(line for line in city.lines("orders") if line.source_ref == "1").changes[-1]
    assert (last.day, last.state, last.by, last.reason) == (LATER.date(), "refused", "operator", "체불사업주")


def test_applications_of_a_cafe_and_those_an_agency_brought(city: Books) -> None:
    everyone = city.lines("seekers", Whose(cafes=(city.cafe,)))
    assert {line.seeker_id for line in everyone} == set(city.seekers)
    assert [(line.state, line.referred, line.hired) for line in everyone if line.seeker_id == city.seekers[0]] == [
        ("placed", 1, 1)
    ]
    brought = city.lines("seekers", Whose(agency_id=city.agency.agency_id))
    assert [line.seeker_id for line in brought] == [city.seekers[0]]
    assert city.lines("seekers", Whose(cafes=(UUID(int=78),))) == []
    with transaction(city.engine) as session:
        session.get_one(Seeker, city.seekers[1]).cafe_id = None
    assert [line.seeker_id for line in city.lines("seekers", Whose(cafes=()))] == [city.seekers[1]]


def test_placements_tell_the_path_and_the_words_as_they_were_shown(city: Books) -> None:
    with stopped_at(LATER), transaction(city.engine) as session:
        posting = session.get_one(Posting, city.postings[0])
        before = {"state": posting.state, "facts": posting.facts, "until": LATER}
        session.merge(PostingRevision(posting_id=posting.posting_id, revision=1, **before))
        posting.facts = posting.facts | {"title": "다른 일"}
        posting.revision = 9
    [line] = city.lines("placements")
    assert (line.title, line.state, line.started_on) == ("제빵사 0", "hired", LATER.date())
    assert [each.state for each in line.changes] == ["proposed", "agreed", "consented", "referred", "hired"]


def test_walking_on_shows_each_line_once_though_others_come_in_between(city: Books, vault: Vault) -> None:
    asked = Asked("seekers", Whose(), span_of_now())
    seen: list[UUID] = []
    after = None
    with stopped_at(LATER):
        for number in range(2, 6):
            with transaction(city.engine) as session:
                [line] = lines(session, asked, after, 1)
                seen.append(line.seeker_id)
                after = line.key
                early = {"source_ref": f"n{number}", "summary": "빵", "applied_at": "2026-11-01T09:00:00+09:00"}
                late = {"source_ref": f"m{number}", "summary": "빵"}
                register(session, [SeekerRow("", early), SeekerRow("", late)], "invented", vault)
    assert len(seen) == len(set(seen))
    assert set(city.seekers) < set(seen)


def span_of_now() -> Span:
    with stopped_at(LATER):
        return span_of(None, None)


def test_the_erased_stay_as_a_line_without_a_name(city: Books, vault: Vault) -> None:
    with stopped_at(LATER), transaction(city.engine) as session:
        seeker = session.get_one(Seeker, city.seekers[0])
        erase(session, vault, ErasureRecord(None), seeker, Look("구직자", "삭제 요구", action="erase"))
    with reading(city.engine) as session:
        assert session.get_one(Seeker, city.seekers[0]).facts == {}
    [line] = [each for each in city.lines("seekers", Whose(cafes=(city.cafe,))) if each.state == "erased"]
    assert cells(line, {}, "ko")[1:3] == [f"{city.seekers[0].hex[:8].upper()} (삭제됨)", ""]
    [placement] = city.lines("placements", Whose(cafes=(city.cafe,)))
    assert placement.erased


def test_lines_whose_time_is_over_are_not_shown(city: Books) -> None:
    with stopped_at(LATER):
        assert span_of(date(1, 1, 1), date(9999, 12, 31)) == Span(date(2024, 11, 20), LATER.date())


def test_a_half_year_counts_the_lines_of_its_ledgers(city: Books) -> None:
    with stopped_at(datetime(2027, 1, 5, 3, 0, tzinfo=UTC)):
        report = half_year_report(city.engine, Whose(), HalfYear.last(date(2027, 1, 5)))
    assert (report.half.name, report.half.due) == ("2026-H2", date(2027, 1, 20))
    held = {book: city.lines(book) for book in BOOKS}
    assert report.total == Counter(
        orders=len(held["orders"]),
        places=sum(line.headcount for line in held["orders"]),
        applications=len(held["seekers"]),
        referred=len(held["placements"]),
        hired=1,
    )


def test_who_is_hired_after_the_half_year_counts_in_the_next(make_engine: Callable[..., Engine], vault: Vault) -> None:
    city = City(make_engine(Table.metadata, SpineTable.metadata), vault)
    city.hear(*city.referred(), city.answered("hired", on_day=date(2027, 1, 4)))
    with stopped_at(datetime(2027, 7, 5, 3, 0, tzinfo=UTC)):
        first, second = (half_year_report(city.engine, Whose(), HalfYear(*half)) for half in ((2026, 2), (2027, 1)))
    assert [(report.total["referred"], report.total["hired"]) for report in (first, second)] == [(1, 0), (0, 1)]


@pytest.mark.parametrize(
    ("day", "born", "age"),
    [
        (date(2026, 3, 3), "1996-03-04", "under_30"),
        (date(2026, 3, 4), "1996-03-04", "30s"),
        (date(2026, 2, 28), "1966-03-01", "50s"),
        (date(2026, 3, 1), "1966-03-01", "over_60"),
        (date(2026, 3, 1), "1920-03-01", "over_60"),
        (date(2026, 3, 1), "2010-03-01", "under_30"),
        (date(2026, 3, 1), "", "not_held"),
    ],
)
def test_an_age_is_that_of_the_day(day: date, born: str, age: str) -> None:
    assert age_on(day, born) == age


@pytest.mark.parametrize(
    ("day", "name"), [(date(2026, 6, 30), "2025-H2"), (date(2026, 7, 1), "2026-H1"), (date(2027, 1, 1), "2026-H2")]
)
def test_the_half_year_to_report_is_the_last_that_has_ended(day: date, name: str) -> None:
    assert HalfYear.last(day).name == name
    assert HalfYear.named(name) == HalfYear.last(day)


class TestPages:
    """As they come to a browser; the store is SQLite."""

    @pytest.fixture
    def city(self, engine: Engine, vault: Vault) -> Books:
        return Books(engine, vault)

    @pytest.fixture
    def browser(self, city: Books, settings: RegistrySettings) -> Callable[..., TestClient]:
        def browser(role: Any) -> TestClient:
            with transaction(city.engine) as session:
                add_account(
                    session,
                    login=role,
                    display_name="담당",
                    role=role,
                    password=PASSWORD,
                    cafe_ids=[city.cafe] if role == "counselor" else [],
                    agency_id=city.agency.agency_id if role == "agency" else None,
                )
            browser = TestClient(create_app(settings), raise_server_exceptions=False, headers={"Accept": "text/html"})
            browser.get("/sign-in")
            post(browser, "/sign-in", "/sign-in", login=role, password=PASSWORD)
            return browser

        return browser

    def test_a_page_names_nobody_until_someone_says_why(self, city: Books, browser: Callable[..., TestClient]) -> None:
        with stopped_at(LATER):
            counselor = browser("counselor")
            assert NAME not in counselor.get("/ledgers/seekers", params=NOVEMBER).text
            path = "/ledgers/seekers?since=2026-11-01&until=2026-11-30"
            assert post(counselor, path, path, form="page", why=" ").status_code == 422
            named = post(counselor, path, path, form="page", why="점검 준비").text
        assert NAME in named
        assert BORN in named
        with reading(city.engine) as session:
            rows = session.exec(select(AuditRow).where(AuditRow.purpose == "구직접수대장: 점검 준비")).all()
        assert {row.seeker_id for row in rows} == set(city.seekers)
        assert {(row.action, tuple(row.items)) for row in rows} == {("read", ("name", "birth_date"))}

    def test_an_agency_names_those_alone_whom_it_brought(self, browser: Callable[..., TestClient]) -> None:
        with stopped_at(LATER):
            clerk = browser("agency")
            for book in ("seekers", "placements"):
                path = f"/ledgers/{book}"
                named = post(clerk, path, path, form="page", why="점검").text
                assert NAME in named
                assert "김다른" not in named

    def test_the_half_yearly_report_is_an_agency_s_own_with_its_number_and_names_nobody(
        self, city: Books, browser: Callable[..., TestClient]
    ) -> None:
        with transaction(city.engine) as session:
            session.get_one(Agency, city.agency.agency_id).registration_number = "2026-11-3456-01"
        clerk = browser("agency")
        page = clerk.get("/ledgers/half-year", params={"half": "2026-H2"})
        assert page.status_code == 200
        for told in (city.agency.name, "2026-11-3456-01", "2027-01-20"):
            assert told in page.text
        assert NAME not in page.text
        sheet = clerk.get("/ledgers/half-year.xlsx", params={"half": "2026-H2"}).content
        rows = CalamineWorkbook.from_filelike(BytesIO(sheet)).get_sheet_by_index(0).to_python()
        assert rows[0][:3] == ["직종", "구인 (건)", "구인 (명)"]
        total = next(row for row in rows if row[0] == "계")
        assert all(type(count) is float for count in total[1:]), "a spreadsheet adds them up"
        assert [row[0] for row in rows[rows.index(total) :]] == [
            "계", "", "성별·연령", "남", "여", "", city.agency.name, "2026-07-01 ~ 2026-12-31",
            "보고 기한 2027-01-20 (직업안정법 시행규칙 제27조)",
        ]  # fmt: skip
        assert rows[-3][1] == "2026-11-3456-01"
        assert clerk.get("/ledgers/half-year", params={"half": "2026"}).status_code == 422
        assert clerk.get("/ledgers/half-year", params={"agency": str(UUID(int=5))}).status_code == 404

    def test_ages_are_counted_through_the_vault_s_door_and_sex_is_held_of_nobody(
        self, city: Books, browser: Callable[..., TestClient]
    ) -> None:
        with stopped_at(LATER):
            clerk, path = browser("agency"), "/ledgers/half-year?half=2026-H2"
            unasked = clerk.get(path).text
            assert "미보유" in unasked
            assert "30~39세" not in unasked
            assert post(clerk, path, path, why=" ").status_code == 422
            assert post(clerk, path, f"{path}&agency={UUID(int=5)}", why="반기 보고").status_code == 404
            told = post(clerk, path, path, why="반기 보고").text
            sheet = post(clerk, path, path, why="파일로", form="csv").text
        assert "\r\n30~39세,1,1,1\r\n" in sheet
        rows = dict(re.findall(r'<th scope="row">([^<]*)</th>(.*)</tr>', told))
        assert re.findall(r">(\w*)</td>", rows["30~39세"]) == ["1", "1", "1"]
        assert re.findall(r">(\w*)</td>", rows["남"]) == ["미보유"] * 3
        with reading(city.engine) as session:
            for why in ("반기 보고", "파일로"):
                seen = session.exec(select(AuditRow).where(AuditRow.purpose == f"반기 실적보고 2026-H2: {why}")).one()
                assert (seen.seeker_id, seen.action, seen.items) == (city.seekers[0], "read", ["birth_date"])

    def test_an_official_counts_no_ages(self, browser: Callable[..., TestClient]) -> None:
        path = "/ledgers/half-year?half=2026-H2"
        assert post(browser("official"), path, path, why="보고").status_code == 403

    def test_a_file_with_a_reason_is_recorded(self, city: Books, browser: Callable[..., TestClient]) -> None:
        with stopped_at(LATER):
            clerk = browser("agency")
            sent = post(clerk, "/ledgers/orders", "/ledgers/orders", form="xlsx", why="구청 점검")
        rows = CalamineWorkbook.from_filelike(BytesIO(sent.content)).get_sheet_by_index(0).to_python()
        assert rows[0][:4] == ["접수·소개일", "구인번호", "직업소개소", "구인업체"]
        assert sorted(str(row[3]) for row in rows[1:]) == ["가게 0", "가게 1"]
        assert {row[8] for row in rows[1:]} == {1.0}, "a number is one"
        with reading(city.engine) as session:
            row = session.exec(select(AuditRow).where(AuditRow.purpose == "구인접수대장: 구청 점검")).one()
        assert (row.seeker_id, row.action) == (city.agency.agency_id, "export")

    def test_a_page_that_does_not_hold_all_lines_says_so_on_paper_too(
        self, browser: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ledgers, "PAGE_LINES", 1)
        with stopped_at(LATER):
            clerk = browser("agency")
            first = clerk.get("/ledgers/orders").text
            onwards = re.search(r'href="([^"]*after=[^"]*)"', first)
            assert onwards is not None
            last = clerk.get(onwards[1].replace("&amp;", "&")).text
        assert '<p class="late">이 기간의 줄 가운데 1줄입니다' in first, "and `paging` is what paper leaves out"
        assert "이 기간의 줄 가운데" not in last

    def test_csv_with_and_without_names(self, browser: Callable[..., TestClient]) -> None:
        with stopped_at(LATER):
            counselor = browser("counselor")
            path = "/ledgers/placements"
            plain = post(counselor, path, path, form="csv", why="점검").text
            named = post(counselor, path, path, form="csv", why="점검", names="yes").text
        assert "가게 0" in plain
        assert NAME not in plain
        assert NAME in named

    def test_an_official_learns_no_name(self, browser: Callable[..., TestClient]) -> None:
        with stopped_at(LATER):
            official = browser("official")
            assert official.get("/ledgers/placements").status_code == 200
            for form in ("page", "csv"):
                asked = {"form": form, "why": "점검", "names": "yes"}
                assert post(official, "/ledgers/placements", "/ledgers/placements", **asked).status_code == 403

    def test_another_s_is_answered_as_what_does_not_exist(self, browser: Callable[..., TestClient]) -> None:
        with stopped_at(LATER):
            clerk, counselor = browser("agency"), browser("counselor")
            for whom in (UUID(int=5), "nonsense"):
                assert clerk.get("/ledgers/orders", params={"agency": str(whom)}).status_code == 404
                assert counselor.get("/ledgers/seekers", params={"cafe": str(whom)}).status_code == 404
            assert counselor.get("/ledgers/orders").status_code == 404

    def test_days_the_wrong_way_round_and_a_mark_that_is_none_of_ours(self, browser: Callable[..., TestClient]) -> None:
        with stopped_at(LATER):
            counselor = browser("counselor")
            for asked in ({"since": "2026-11-03", "until": "2026-11-02"}, {"after": "bm9uZQ=="}, {"since": "x"}):
                assert counselor.get("/ledgers/seekers", params=asked).status_code == 422


def post(browser: TestClient, page: str, path: str, **form: str) -> Any:
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get(page).text)
    assert token is not None
    return browser.post(path, data=form | {"form_token": token[1]})
