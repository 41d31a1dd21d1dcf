"""The forms of the desk as a browser without scripts sends them, while Redis and registry are away."""

import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine
from sqlmodel import select

from services.notify import referrals, signed_links
from services.notify.settings import NotifySettings
from services.notify.tables import Delivery
from shared.clock import now
from shared.contracts import MatchReviewed, ReferralAnswered
from shared.database import reading, transaction
from shared.outbox import OutboxLine
from shared.web.sign_in import SignedIn
from tests.unit.notify.conftest import OFFICIAL, Hear, seat
from tests.unit.notify.desk.test_desk import headings
from tests.unit.notify.examples import HONGDAE, SILLIM, a_list, a_pair, a_posting, a_referral, a_seeker, id_of

SHE = SignedIn(role="counselor", account_id=UUID(int=0xACC0), cafe_id=HONGDAE, label="홍대카페 상담사")
BOTH = SHE.model_copy(update={"cafe_ids": (HONGDAE, SILLIM)})


@pytest.fixture
def at_desk(desk: TestClient, settings: NotifySettings, hear: Hear) -> TestClient:
    """Three seekers of hers, one of another café, each with one pair."""
    seat(desk, settings, SHE)
    hear(a_posting(0), a_posting(1), *(a_seeker(number) for number in range(3)), a_seeker(3, cafe_id=SILLIM))
    hear(*(a_list("seeker", number, [a_pair(number, number % 2, 9_000 - number)]) for number in range(4)))
    return desk


def key(seeker: int, posting: int | None = None) -> str:
    return f"{id_of('seeker', seeker)}/{id_of('posting', seeker % 2 if posting is None else posting)}"


def send(browser: TestClient, to: str, *pairs: str, page: str = "/desk", **fields: str) -> Response:
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', browser.get(page).text)
    assert token
    return browser.post(to, data={"form_token": token[1], "back": page, "pair": list(pairs), **fields})


def said(engine: Engine, event: type[MatchReviewed | ReferralAnswered]) -> int:
    with reading(engine) as session:
        return sum(line.stream == event.stream for line in session.exec(select(OutboxLine)))


def listed(browser: TestClient, address: str = "/desk") -> list[str]:
    return headings(browser.get(address).text)


def test_she_refers_one_sees_it_done_and_takes_it_back(at_desk: TestClient, engine: Engine) -> None:
    done = send(at_desk, "/desk/decide", key(0), decision="accepted", place="1")
    assert (done.status_code, done.headers["location"]) == (303, "/desk?done=1#place-1")
    page = at_desk.get(done.headers["location"]).text
    assert "알선했습니다" in page
    assert "되돌리기" in page
    assert f"/desk/seekers/{id_of('seeker', 0)}" not in headings(page)
    send(at_desk, "/desk/undo", key(0), page="/desk?done=1")
    assert f"/desk/seekers/{id_of('seeker', 0)}" in listed(at_desk)
    assert said(engine, MatchReviewed) == 2


def test_pressed_twice_on_a_slow_line_it_is_done_once_and_told_as_done(at_desk: TestClient, engine: Engine) -> None:
    addresses = [send(at_desk, "/desk/decide", key(0), decision="accepted").headers["location"] for _ in range(2)]
    assert addresses == ["/desk?done=1"] * 2
    taken = [send(at_desk, "/desk/undo", key(0), page="/desk?done=1").headers["location"] for _ in range(2)]
    assert taken == ["/desk?done=1"] * 2
    assert said(engine, MatchReviewed) == 2


def test_an_answer_that_is_passed_on_twice_is_one_word(at_desk: TestClient, hear: Hear, engine: Engine) -> None:
    hear(a_referral(0, 0))
    for answer in ("agreed", "agreed", "declined"):
        assert send(at_desk, "/desk/answer", key(0), answer=answer).status_code == 303
    with reading(engine) as session:
        lines = session.exec(select(OutboxLine.fields).where(OutboxLine.stream == ReferralAnswered.stream)).all()
    assert len({json.loads(fields)["id"] for fields in lines}) == 2


def test_several_pairs_are_referred_at_once_and_who_was_faster_is_told(at_desk: TestClient, engine: Engine) -> None:
    send(at_desk, "/desk/decide", key(1), decision="dismissed", reason="wage")
    done = send(at_desk, "/desk/decide", key(0), key(1), key(2), decision="accepted")
    assert done.headers["location"] == "/desk?done=2%2C3&refused=1"
    assert "1건은 이미 처리되었거나" in at_desk.get(done.headers["location"]).text
    assert listed(at_desk) == []
    assert said(engine, MatchReviewed) == 3


def test_one_of_several_is_taken_back_and_the_page_goes_on_telling_of_all(at_desk: TestClient) -> None:
    done = send(at_desk, "/desk/decide", key(0), key(1), key(2), decision="accepted").headers["location"]
    assert at_desk.get(done).text.count('<button class="plain">되돌리기') == 3
    after = send(at_desk, "/desk/undo", key(1), page=done, still="1,2,3").headers["location"]
    page = at_desk.get(after).text
    assert (page.count("알선했습니다"), page.count("되돌렸습니다")) == (2, 1)


def test_what_is_missing_is_told_beside_its_field_and_nothing_is_decided(at_desk: TestClient, engine: Engine) -> None:
    for fields, told in (
        ({"decision": "dismissed", "reason": "because"}, "이유를 골라 주세요."),
        ({"decision": "postponed", "until": "soon"}, "날짜를 골라 주세요."),
        ({"decision": "postponed", "until": "2001-01-01"}, "내일부터 90일 안의 날짜를 골라 주세요."),
    ):
        answer = send(at_desk, "/desk/decide", key(0), place="1", **fields)
        page = at_desk.get(answer.headers["location"]).text
        assert f'role="alert">{told}' in page
    answer = send(at_desk, "/desk/decide", decision="accepted")
    assert "먼저 짝을 골라 주세요" in at_desk.get(answer.headers["location"]).text
    assert said(engine, MatchReviewed) == 0


def test_another_cafe_s_seeker_is_not_decided_about_and_official_and_other_sites_not_at_all(
    at_desk: TestClient, settings: NotifySettings, engine: Engine
) -> None:
    assert send(at_desk, "/desk/decide", key(3), decision="accepted").status_code == 404
    assert send(at_desk, "/desk/decide", "nobody", decision="accepted").status_code == 404
    assert at_desk.post("/desk/decide", data={"pair": key(0), "decision": "accepted"}).status_code == 403
    seat(at_desk, settings, OFFICIAL)
    assert '<button class="button" name="decision"' not in at_desk.get("/desk").text
    assert said(engine, MatchReviewed) == 0


def test_the_way_back_is_a_page_of_the_desk(at_desk: TestClient) -> None:
    for back in ("https://elsewhere.example/", "//elsewhere.example", "/sign-out", "/deskside"):
        token = re.search(r'name="form_token" value="([0-9a-f]+)"', at_desk.get("/desk").text)
        assert token
        answer = at_desk.post("/desk/decide", data={"form_token": token[1], "back": back, "decision": "accepted"})
        assert answer.headers["location"] == "/desk?wrong=NONE_CHOSEN"


def test_a_counselor_of_two_cafes_sees_both_and_chooses_one(at_desk: TestClient, settings: NotifySettings) -> None:
    seat(at_desk, settings, BOTH)
    assert len(listed(at_desk)) == 4
    assert listed(at_desk, f"/desk?cafe={SILLIM}") == [f"/desk/seekers/{id_of('seeker', 3)}"]
    assert f'<option value="{SILLIM}"' in at_desk.get("/desk").text
    seat(at_desk, settings, SHE)
    assert at_desk.get(f"/desk?cafe={SILLIM}").status_code == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("district=서울 마포구", [0, 2]),
        ("employment=part_time", [0, 2]),
        ("occupation=13", [1]),
        ("score=90", [0]),
        ("closing=20", [1]),
        ("closing=&score=", [0, 1, 2]),
        ("state=untouched", [0, 1, 2]),
        ("state=returned", []),
        ("words=바리스타&district=서울 강남구", []),
    ],
)
def test_what_narrows_stands_in_the_address(
    desk: TestClient, settings: NotifySettings, hear: Hear, asked: str, found: list[int]
) -> None:
    seat(desk, settings, SHE)
    soon = referrals.today() + timedelta(days=10)
    hear(a_posting(0, closes_on=None), a_posting(1, occupation_code="1331", closes_on=soon))
    hear(*(a_seeker(number) for number in range(3)))
    hear(*(a_list("seeker", number, [a_pair(number, number % 2, 9_000 - number)]) for number in range(3)))
    assert listed(desk, f"/desk?{asked}") == [f"/desk/seekers/{id_of('seeker', number)}" for number in found]


def test_her_referrals_say_where_they_stand_and_take_an_answer(at_desk: TestClient, hear: Hear, engine: Engine) -> None:
    send(at_desk, "/desk/decide", key(0), decision="accepted")
    assert "1건은 기록하는 중입니다" in at_desk.get("/desk/referrals?view=all").text
    hear(a_referral(0, 0))
    page = at_desk.get("/desk/referrals?view=all").text
    assert "제안함" in page
    assert "구직자가 동의함" in page
    answer = send(at_desk, "/desk/answer", key(0), page="/desk/referrals?view=all", answer="agreed")
    assert "답을 전했습니다" in at_desk.get(answer.headers["location"]).text
    assert said(engine, ReferralAnswered) == 1
    assert send(at_desk, "/desk/answer", key(0), answer="hired", on_day="2026-03-02").status_code == 409
    hear(a_referral(0, 0, 2, "interview", interview_on=referrals.today(), due_on=referrals.today()))
    for view in ("due", "interviews", "all"):
        assert "면접 예정" in at_desk.get(f"/desk/referrals?view={view}").text
    assert send(at_desk, "/desk/answer", key(0), answer="hired", on_day="someday").status_code == 422


def test_a_mailed_address_is_told_as_mailed_until_it_is_ended(
    at_desk: TestClient, settings: NotifySettings, hear: Hear, engine: Engine
) -> None:
    send(at_desk, "/desk/decide", key(0), decision="accepted")
    hear(a_referral(0, 0, 2, "interview", interview_on=referrals.today()))
    posting, then = id_of("posting", 0), now() - timedelta(hours=1)
    mail = {"recipient": "firm", "recipient_id": posting, "category": "referrals", "channel": "email", "state": "sent"}
    with transaction(engine) as session:
        session.add(
            Delivery(delivery_id=UUID(int=1), digest_id=UUID(int=2), made_at=then, due_at=then, ended_at=then, **mail)
        )
    assert "주소를 메일로 보냈습니다" in at_desk.get("/desk/referrals?view=all").text
    with transaction(engine) as session:
        signed_links.end(session, posting, "상담사")
    page = at_desk.get("/desk/referrals?view=all").text
    assert "주소를 메일로 보냈습니다" not in page
    assert "업체에 보낼 주소 보기" in page


def test_no_consent_is_noted_unread_nor_while_its_text_cannot_be_shown(
    at_desk: TestClient, hear: Hear, engine: Engine
) -> None:
    send(at_desk, "/desk/decide", key(0), decision="accepted")
    hear(a_referral(0, 0))
    assert f'href="/desk/consent?pair={key(0)}' in at_desk.get("/desk/referrals?view=all").text
    assert send(at_desk, "/desk/answer", key(0), answer="consented").status_code == 422
    aloud = f"/desk/consent?pair={key(0)}"
    assert "지금은 동의 안내문을 불러올 수 없어" in at_desk.get(aloud).text  # registry is away
    refused = send(at_desk, "/desk/consent", key(0), page="/desk/referrals?view=all", text="2026-11")
    assert (refused.status_code, said(engine, ReferralAnswered)) == (409, 0)
    assert "동의는 아직 기록되지 않았습니다" in refused.text
    assert at_desk.get(f"/desk/consent?pair={key(3)}").status_code == 404
    assert at_desk.get("/desk/consent?pair=nobody").status_code == 404
    assert send(at_desk, "/desk/consent", key(3), page="/desk/referrals?view=all").status_code == 404


def test_the_papers_of_what_was_referred_are_one_click_once_recorded(at_desk: TestClient, hear: Hear) -> None:
    done = send(at_desk, "/desk/decide", key(0), key(1), decision="accepted").headers["location"]
    assert "기록이 끝나면" in at_desk.get(done).text
    hear(a_referral(0, 0), a_referral(1, 1))
    page = at_desk.get(done).text
    ids = [id_of("referral", 0), id_of("referral", 1_001)]
    for paper in ("letters", "list"):
        assert f"/papers/referral-{paper}?ids={ids[0]},{ids[1]}" in page


def test_what_changed_since_yesterday_tells_new_risen_and_gone_and_what_moved(at_desk: TestClient, hear: Hear) -> None:
    today = referrals.now()
    week_ago = today - timedelta(days=7)
    hear(a_list("seeker", 0, [a_pair(0, 0, 6_000), a_pair(0, 1, 5_000)], revision=2, occurred_at=week_ago))
    assert "어제부터 목록이 달라진 분이 없습니다" in at_desk.get("/desk/changes").text
    hear(a_posting(2), a_list("seeker", 0, [a_pair(0, 0, 8_000), a_pair(0, 2)], revision=3, occurred_at=today))
    page = at_desk.get("/desk/changes").text
    for told in ("새로 생긴 짝 1", "점수가 오른 짝 1", "빠진 짝 1", "+20"):
        assert told in page
    send(at_desk, "/desk/decide", key(1), decision="accepted")
    hear(a_referral(1, 1, 2, "agreed", decided_by="seeker", occurred_at=today))
    assert "구직자 동의" in at_desk.get("/desk/changes").text


def test_the_version_of_a_desk_changes_with_what_it_shows(at_desk: TestClient, hear: Hear) -> None:
    seen = [at_desk.get("/desk/news").text]
    hear(a_list("seeker", 3, [a_pair(3, 0)], revision=2))
    assert at_desk.get("/desk/news").text == seen[0]  # another café's
    hear(a_list("seeker", 0, [a_pair(0, 0, 5_000)], revision=2))
    seen.append(at_desk.get("/desk/news").text)
    hear(a_referral(0, 0))
    seen.append(at_desk.get("/desk/news").text)
    send(at_desk, "/desk/decide", key(1), decision="accepted")
    seen.append(at_desk.get("/desk/news").text)
    assert len(set(seen)) == 4
