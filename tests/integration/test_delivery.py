"""From a fact to a letter: registry's addresses, a real mail server, a real webhook, and everything that goes wrong."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from standardwebhooks import Webhook

from services.notify import answers
from services.notify.answers import Given
from services.notify.app import create_app as notify_app
from services.notify.app import ways_of
from services.notify.delivery.addresses import Addresses
from services.notify.delivery.categories import Recipient
from services.notify.delivery.preferences import set_habit, wants
from services.notify.delivery.sending import Courier
from services.notify.settings import NotifySettings
from services.notify.tables import Attempt, Delivery, Digest, Message, Table
from services.notify.telling import FILLERS
from services.registry.app import create_app as registry_app
from services.registry.orders.agencies import add_agency
from services.registry.people.accounts import add_account
from services.registry.people.audit import rows_about
from services.registry.people.contacts import keep_contact
from services.registry.people.master_keys import MasterKeys
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Table as RegistryTable
from shared.clock import stopped_at
from shared.contracts import DeliveryFailed, PostingWithdrawn, ReferralRecorded, SeekerWithdrawn
from shared.database import SpineTable, transaction
from shared.outbox import OutboxLine
from shared.web import firm_links
from shared.web.sign_in import SESSION_COOKIE, SignedIn, make_cookie
from tests.catchers import Hooked, MailServer, mail_server, webhook
from tests.journey.serving import serving
from tests.servers import short_directory
from tests.stores import store_with
from tests.unit.notify.conftest import hear_all
from tests.unit.notify.examples import HONGDAE, a_list, a_pair, a_posting, a_seeker, id_of

pytestmark = pytest.mark.integration

NOON = datetime(2026, 3, 2, 3, 0, 30, tzinfo=UTC)
AGENCY = UUID(int=900)
EMAIL = "kim@example.invalid"


@dataclass
class City:
    """Registry as a server, notify's store, a mail server and a webhook."""

    engine: Engine
    registry: Engine
    vault: Vault
    settings: NotifySettings
    courier: Courier
    mail: MailServer
    hook: Hooked
    stop_registry: Callable[[], None]
    seeker_id: UUID
    at: datetime = NOON
    said: list[Any] = field(default_factory=list)

    def hear(self, *events: Any) -> None:
        with stopped_at(self.at):
            hear_all(self.engine, events)

    def later(self, **time: float) -> None:
        self.at += timedelta(**time)

    def turn(self) -> int:
        """Everything that is due at this moment."""
        with stopped_at(self.at):
            total = 0
            while done := self.courier.turn():
                total += done
            return total

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with Session(self.engine) as session:
            return list(session.exec(select(table).where(*where)))

    def delivery(self, channel: str = "email") -> Delivery:
        (found,) = self.rows(Delivery, Delivery.channel == channel, Delivery.state != "refused")
        return found

    def failures(self) -> list[DeliveryFailed]:
        lines = self.rows(OutboxLine, OutboxLine.stream == DeliveryFailed.stream)
        return [DeliveryFailed.model_validate_json(json.loads(line.fields)["data"]) for line in lines]


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with ExitStack() as opened:
        sockets = opened.enter_context(short_directory())
        mail, hook = opened.enter_context(mail_server()), opened.enter_context(webhook())
        secrets = {"session_key": SecretStr("s"), "operator_token": SecretStr("o"), "service_token": SecretStr("t")}
        url = f"sqlite:///{tmp_path}/registry.sqlite"
        registry = store_with(url, RegistryTable.metadata, SpineTable.metadata)
        no_redis = f"unix://{tmp_path}/no-redis.sock"
        held = RegistrySettings(
            database_url=url, redis_url=no_redis, vault_key=SecretStr("v"), pseudonym_key=SecretStr("p"), **secrets
        )
        stop = opened.enter_context(serving(registry_app(held), uds=str(sockets / "registry")))
        settings = NotifySettings(
            database_url=f"sqlite:///{tmp_path}/notify.sqlite",
            redis_url=no_redis,
            registry_url=str(sockets / "registry"),
            smtp_url=mail.url,
            webhooks_inside=True,
            public_url="https://iljari.example",
            sender_contact="02-000-0000",
            **secrets,
        )
        engine = store_with(settings.database_url, Table.metadata, SpineTable.metadata)
        vault = Vault(MasterKeys(SecretStr("v")), SecretStr("p"))
        addresses = Addresses(settings)
        opened.callback(addresses.close)
        courier = Courier(engine, settings, addresses, ways_of(settings), FILLERS)
        seeker_id = _a_seeker_who_agreed(registry, vault)
        yield City(engine, registry, vault, settings, courier, mail, hook, stop, seeker_id)
        engine.dispose()
        registry.dispose()


def _a_seeker_who_agreed(registry: Engine, vault: Vault, **but: Any) -> UUID:
    document = {"source_ref": f"{uuid4()}", "name": "김하늘", "email": EMAIL, "skills": ["엑셀"]}
    document |= {"consents": ["matching", "messages"]} | but
    with transaction(registry) as session:
        (receipt,) = register(session, [SeekerRow("1", document)], "consent", vault)
    assert receipt.seeker_id
    return receipt.seeker_id


def a_state(city: City, state: str = "proposed", revision: int = 1, number: int = 0, **but: Any) -> ReferralRecorded:
    facts: dict[str, Any] = {
        "referral_id": id_of("referral", number),
        "seeker_id": city.seeker_id,
        "posting_id": id_of("posting", number),
        "revision": revision,
        "state": state,
        "decided_by": "counselor",
        "cafe_id": HONGDAE,
    }
    return ReferralRecorded(**(facts | but))


def her_card(city: City) -> Any:
    return a_seeker(0).model_copy(update={"seeker_id": city.seeker_id})


def propose(city: City, *numbers: int) -> None:
    city.hear(*(a_posting(number) for number in numbers), her_card(city))
    city.hear(*(a_state(city, number=number) for number in numbers))


def test_three_proposals_of_one_minute_are_one_letter(city: City) -> None:
    propose(city, 0, 1, 2)
    city.turn()
    assert not city.mail.letters
    city.later(minutes=1)
    city.turn()
    (letter,) = city.mail.letters
    body = letter.get_content()
    assert letter["To"] == EMAIL
    assert all(title in body for title in ("주말 바리스타", "웹 백엔드 개발자", "요양보호사"))
    assert "김하늘" not in letter.as_string()
    assert letter["Message-ID"] == f"<{city.delivery().delivery_id}@iljari.invalid>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [each.outcome for each in city.rows(Attempt)] == ["sent"]
    with Session(city.registry) as session:
        looks = [row for row in rows_about(session, city.seeker_id) if row.who == "notify"]
    assert [(look.purpose, look.items) for look in looks] == [("messages: proposals", ["email"])]


def test_the_same_fact_again_is_told_once(city: City) -> None:
    propose(city, 0)
    city.hear(a_state(city))
    city.later(minutes=1)
    city.turn()
    city.hear(a_state(city))
    city.later(minutes=5)
    city.turn()
    assert len(city.mail.letters) == 1


def test_two_events_of_one_second_are_one_letter_and_neither_is_lost(city: City) -> None:
    city.at = NOON.replace(second=59)
    propose(city, 0)
    city.hear(a_posting(1), a_state(city, number=1))
    city.later(seconds=1)
    city.turn()
    (letter,) = city.mail.letters
    assert all(title in letter.get_content() for title in ("주말 바리스타", "웹 백엔드 개발자"))


def test_a_clock_set_back_into_a_sealed_window_moves_news_to_the_next(city: City) -> None:
    propose(city, 0)
    city.later(minutes=1)
    city.turn()
    city.later(seconds=-45)
    city.hear(a_posting(1), a_state(city, number=1))
    city.turn()
    assert len(city.mail.letters) == 1
    city.later(minutes=2)
    city.turn()
    city.later(days=1)
    city.turn()
    first, second = (letter.get_content() for letter in city.mail.letters)
    assert ("주말 바리스타" in first, "주말 바리스타" in second) == (True, False)
    assert ("웹 백엔드 개발자" in first, "웹 백엔드 개발자" in second) == (False, True)


def test_at_night_it_waits_until_eight(city: City) -> None:
    city.at = datetime(2026, 3, 2, 11, 58, 59, tzinfo=UTC)  # 20:58:59 KST
    propose(city, 0)
    city.at = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    city.turn()
    waiting = city.delivery()
    assert (waiting.reason, waiting.due_at) == ("QUIET_HOURS", datetime(2026, 3, 2, 23, 0, tzinfo=UTC))
    city.at = datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC)
    city.turn()
    assert not city.mail.letters
    city.later(seconds=1)
    city.turn()
    assert len(city.mail.letters) == 1


def test_a_minute_before_nine_it_still_goes(city: City) -> None:
    city.at = datetime(2026, 3, 2, 11, 58, 30, tzinfo=UTC)
    propose(city, 0)
    city.later(seconds=30)
    city.turn()
    assert len(city.mail.letters) == 1


def test_who_wants_it_at_night_gets_it_at_night(city: City) -> None:
    with transaction(city.engine) as session:
        set_habit(session, Recipient("seeker", city.seeker_id), "daily", at_night=True)
    city.at = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    propose(city, 0)
    city.later(minutes=1)
    city.turn()
    assert len(city.mail.letters) == 1


def test_without_consent_nothing_is_sent_and_the_inbox_has_it(city: City) -> None:
    city.seeker_id = _a_seeker_who_agreed(city.registry, city.vault, consents=["matching"])
    propose(city, 0)
    city.later(minutes=1)
    city.turn()
    (refused,) = city.rows(Delivery)
    assert (refused.state, refused.reason, refused.attempts) == ("refused", "NO_CONSENT", 0)
    assert len(city.rows(Message, Message.recipient == "seeker")) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpcore drops a socket unclosed
def test_registry_away_the_letter_waits(city: City) -> None:
    propose(city, 0)
    city.later(minutes=1)
    city.stop_registry()
    city.turn()
    waiting = city.delivery()
    assert (waiting.state, waiting.reason, waiting.attempts) == ("waiting", "REGISTRY_AWAY", 0)


def test_a_server_that_is_busy_is_tried_again_under_the_same_id(city: City) -> None:
    answers = iter(["451 later", "421 later", "250 taken"])
    seen = []

    def busy(letter: Any) -> str:
        seen.append(letter["Message-ID"])
        return next(answers)

    city.mail.at_end = busy
    propose(city, 0)
    city.later(minutes=1)
    for _ in range(3):
        city.turn()
        city.later(hours=1)
    assert len(set(seen)) == 1
    assert len(seen) == 3
    assert [each.outcome for each in city.rows(Attempt)] == ["temporary", "temporary", "sent"]


def test_an_address_that_refuses_for_good_is_used_no_more(city: City) -> None:
    city.mail.at_address = lambda _address: "550 nobody here"
    propose(city, 0)
    city.later(minutes=1)
    city.turn()
    assert (city.delivery().state, city.delivery().reason) == ("failed", "SMTP_550")
    (failed,) = city.failures()
    assert (failed.recipient, failed.recipient_id, failed.permanent) == ("seeker", city.seeker_id, True)
    assert EMAIL not in failed.model_dump_json()
    told = city.rows(Message, Message.recipient == "counselor", Message.code == "desk.failed_seeker")
    assert [(each.recipient_id, each.seeker_id) for each in told] == [(HONGDAE, city.seeker_id)]
    city.hear(a_state(city, "referred", revision=2))
    city.later(minutes=2)
    city.turn()
    assert {each.reason for each in city.rows(Delivery, Delivery.recipient == "seeker")} == {
        "SMTP_550",
        "ADDRESS_FAILING",
    }


def test_a_server_that_takes_it_and_says_nothing_leaves_an_unknown_end(city: City) -> None:
    city.mail.at_end = lambda _letter: "taken and gone"
    propose(city, 0)
    city.later(minutes=1)
    city.turn()
    assert (city.delivery().unknown, city.delivery().reason) == (1, "SMTP_NO_ANSWER")
    city.mail.at_end = lambda _letter: "250 taken"
    city.later(hours=1)
    city.turn()
    first, second = city.mail.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_content() == second.get_content()
    assert city.delivery().state == "sent"


def test_a_posting_that_is_gone_by_morning_is_not_told(city: City) -> None:
    city.at = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
    propose(city, 0)
    city.later(minutes=1)
    city.turn()
    city.hear(PostingWithdrawn(posting_id=id_of("posting", 0), revision=2, reason="filled"))
    city.at = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    city.turn()
    assert (city.delivery().state, city.delivery().reason) == ("expired", "NOTHING_LEFT")
    assert not city.mail.letters


def test_one_click_stops_at_once_and_is_confirmed(city: City) -> None:
    propose(city, 0)
    city.later(minutes=1)
    city.turn()
    link = city.mail.letters[0]["List-Unsubscribe"].strip("<>").removeprefix("https://iljari.example")
    city.hear(a_state(city, "interview", revision=2, interview_on=date(2026, 3, 5)), a_state(city, number=1))
    city.later(minutes=1)
    browser = TestClient(notify_app(city.settings), base_url="https://iljari.example")  # its own courier stays asleep
    assert browser.get(link).status_code == 200
    with Session(city.engine) as session:
        assert wants(session, Recipient("seeker", city.seeker_id), "proposals", "email"), "looking stops nothing"
    assert browser.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert browser.post(f"{link}x").status_code == 404
    city.turn()
    assert [letter["Subject"] for letter in city.mail.letters] == ["상담사가 권하는 자리 1건", "알선 진행 소식 1건"]
    (confirmed,) = city.rows(Message, Message.code == "stopped")
    assert confirmed.recipient_id == city.seeker_id


def test_no_more_than_so_many_an_hour(city: City) -> None:
    city.settings.mails_an_hour = 2
    for number in range(3):
        propose(city, number)
        city.later(minutes=1)
        city.turn()
    assert len(city.mail.letters) == 2
    city.later(hours=1)
    city.turn()
    assert len(city.mail.letters) == 3


def test_who_is_erased_gets_nothing_that_was_waiting(city: City) -> None:
    propose(city, 0)
    city.hear(a_list("seeker", 0, [a_pair(0, 0)]).model_copy(update={"scope_id": city.seeker_id}))
    city.later(minutes=1)
    city.hear(SeekerWithdrawn(seeker_id=city.seeker_id, revision=5, reason="erased"))
    city.turn()
    assert not city.mail.letters
    hers = f"{city.seeker_id}"
    for table in (Message, Digest, Delivery):
        assert not [row for row in city.rows(table) if hers in row.model_dump_json()]


def test_new_matches_come_in_a_digest_and_each_once(city: City) -> None:
    city.hear(a_posting(0), a_posting(1), her_card(city))
    said = a_list("seeker", 0, [a_pair(0, 0), a_pair(0, 1)])
    hers = [pair.model_copy(update={"seeker_id": city.seeker_id}) for pair in said.pairs]
    list_of = said.model_copy(update={"scope_id": city.seeker_id, "pairs": tuple(hers)})
    city.hear(list_of)
    city.later(minutes=1)
    city.turn()
    assert [letter["Subject"] for letter in city.mail.letters] == ["새 일자리 2건"]
    city.hear(list_of.model_copy(update={"revision": 2, "event_id": uuid4()}))
    city.later(days=2)
    city.turn()
    assert len([letter for letter in city.mail.letters if "새 일자리" in letter["Subject"]]) == 1


def test_a_firm_is_asked_and_reminded_and_then_the_counselor_hears(city: City) -> None:
    from services.notify.telling import remind_firms

    with transaction(city.registry) as session:
        keep_contact(session, city.vault, "firm", id_of("posting", 0), "email", "hr@firm.invalid")
    city.hear(a_posting(0), her_card(city), a_state(city, "referred", due_on=date(2026, 3, 5)))
    city.later(minutes=1)
    city.turn()
    to_firm = [letter for letter in city.mail.letters if letter["To"] == "hr@firm.invalid"]
    assert len(to_firm) == 1
    city.later(days=3)
    for _ in range(2):
        with stopped_at(city.at), transaction(city.engine) as session:
            remind_firms(session)
    city.later(minutes=1)
    city.turn()
    assert len([letter for letter in city.mail.letters if letter["To"] == "hr@firm.invalid"]) == 2
    city.later(days=3)
    with stopped_at(city.at), transaction(city.engine) as session:
        remind_firms(session)
    (told,) = city.rows(Message, Message.code == "desk.unanswered")
    assert told.recipient_id == HONGDAE


def test_a_firm_is_asked_whether_she_is_still_there_once_a_check(city: City) -> None:
    from services.notify.telling import remind_firms

    city.hear(a_posting(0), her_card(city), a_state(city, "hired", decided_by="firm", due_on=date(2026, 4, 2)))
    for days, asked in ((30, 0), (1, 1), (1, 1)):
        city.later(days=days)
        with stopped_at(city.at), transaction(city.engine) as session:
            remind_firms(session)
        assert len(city.rows(Message, Message.code == "firm.retention_due")) == asked


def test_nobody_who_applied_is_left_without_an_answer(city: City) -> None:
    city.hear(a_posting(0), a_posting(1), her_card(city), a_state(city, "unanswered", decided_by="clock"))
    with stopped_at(city.at), transaction(city.engine) as session:
        answers.give(session, "seeker", (city.seeker_id, id_of("posting", 1)), Given("agreed"))
    city.hear(a_state(city, "dismissed", number=1), a_state(city, "dismissed", number=2))
    hers = city.rows(Message, Message.recipient_id == city.seeker_id)
    assert {(told.code, told.about_id) for told in hers} == {
        ("pair.unanswered", id_of("posting", 0)),
        ("pair.dismissed", id_of("posting", 1)),
    }


@pytest.mark.parametrize("known", [True, False])
def test_a_firm_s_link_goes_by_mail_or_is_offered_at_the_desk(city: City, *, known: bool) -> None:
    posting = id_of("posting", 0)
    if known:
        with transaction(city.registry) as session:
            keep_contact(session, city.vault, "firm", posting, "email", "hr@firm.invalid")
    city.hear(a_posting(0), her_card(city), a_state(city, "referred", names_shown=True))
    city.later(minutes=1)
    city.turn()
    # Names are not asked for: without its lifespan the connection would stay open after the loop of the request.
    desk = TestClient(
        notify_app(city.settings.model_copy(update={"registry_url": f"{city.settings.registry_url}.away"}))
    )
    who = SignedIn(role="counselor", cafe_id=HONGDAE, label="상담사")
    with stopped_at(city.at):
        desk.cookies.set(SESSION_COOKIE, make_cookie(city.settings, who))
        page = desk.get("/desk/referrals?view=all&whose=all", headers={"accept": "text/html"}).text
    mails = [letter.get_content() for letter in city.mail.letters if letter["To"] == "hr@firm.invalid"]
    offered = links_to(posting, page, city.settings)
    assert (bool(offered), "메일로 보냈습니다" in page) == (not known, known)
    assert [bool(links_to(posting, mail, city.settings)) for mail in mails] == [True] * known


def links_to(posting_id: UUID, text: str, settings: NotifySettings) -> list[str]:
    """The firm's addresses in a text that lead to this posting."""
    tokens = re.findall(r"https://iljari\.example/firm/([\w.=-]+)", text)
    links = {token: firm_links.read(settings.session_key, token) for token in tokens}
    return [token for token, link in links.items() if link and link.posting_id == posting_id]


def test_counselors_of_a_cafe_get_one_letter_together(city: City) -> None:
    with transaction(city.registry) as session:
        for login in ("one", "two"):
            account = add_account(
                session, login=login, display_name=login, role="counselor", password="x" * 12, cafe_ids=[HONGDAE]
            )
            keep_contact(session, city.vault, "account", account.account_id, "email", f"{login}@cafe.invalid")
    city.hear(a_posting(0), her_card(city), a_state(city, "declined", decided_by="seeker"))
    city.mail.at_address = lambda address: "550 gone" if address.startswith("one") else "250 ok"
    city.later(minutes=1)
    city.turn()
    assert len(city.mail.letters) == 1
    (failed,) = city.failures()
    assert failed.recipient == "counselor"


def hook_up(city: City) -> str:
    with transaction(city.registry) as session:
        agency, _ = add_agency(session, "마포직업소개소", "무료", AGENCY)
        return keep_contact(session, city.vault, "agency", agency.agency_id, "webhook", city.hook.url).secrets[0].secret


def refer(city: City) -> None:
    city.hear(a_posting(0), a_state(city, "referred", agency_id=AGENCY))
    city.later(minutes=1)


def test_a_webhook_is_signed_and_says_nothing_of_anybody(city: City) -> None:
    secret = hook_up(city)
    refer(city)
    city.turn()
    (call,) = city.hook.calls
    signature = Webhook(secret).sign(
        call.headers["webhook-id"],
        datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC),
        call.body.decode(),
    )
    assert call.headers["webhook-signature"] == signature
    document = json.loads(call.body)
    assert document["type"] == "iljari.referrals"
    assert document["data"]["items"][0]["state"] == "referred"
    assert str(city.seeker_id) not in call.body.decode()


def test_a_webhook_keeps_its_id_over_retries_and_honours_the_wait_it_is_asked_for(city: City) -> None:
    hook_up(city)
    city.hook.answer = lambda: (503, {"Retry-After": "3600"}, b"busy")
    refer(city)
    city.turn()
    assert city.delivery("webhook").due_at >= city.at + timedelta(hours=1)
    city.hook.answer = lambda: (200, {}, b"ok")
    city.later(hours=2)
    city.turn()
    assert len({call.headers["webhook-id"] for call in city.hook.calls}) == 1
    assert len({call.body for call in city.hook.calls}) == 1
    assert len({call.headers["webhook-timestamp"] for call in city.hook.calls}) == 2
    assert city.delivery("webhook").state == "sent"


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), ("waiting", "HTTP_302")),
        ((500, {}, b""), ("waiting", "HTTP_500")),
        ((410, {}, b""), ("failed", "HTTP_410")),
        ((200, {}, b"x" * 70_000), ("waiting", "ANSWER_TOO_LONG")),
    ],
)
def test_what_a_webhook_answers_decides(city: City, answer: Any, ends: tuple[str, str]) -> None:
    hook_up(city)
    city.hook.answer = lambda: answer
    refer(city)
    city.turn()
    (row,) = city.rows(Delivery, Delivery.channel == "webhook")
    assert (row.state, row.reason) == ends
    assert len(city.hook.calls) == 1


def test_a_webhook_of_the_inside_is_not_called(city: City) -> None:
    hook_up(city)
    city.courier.ways = ways_of(city.settings.model_copy(update={"webhooks_inside": False}))
    refer(city)
    city.turn()
    (row,) = city.rows(Delivery, Delivery.channel == "webhook")
    assert (row.state, row.reason) == ("failed", "URL_NOT_ALLOWED")
    assert not city.hook.calls


def test_an_agency_asks_for_it_again_and_gets_the_same_id(city: City) -> None:
    from services.notify.delivery.sending import send_again

    hook_up(city)
    refer(city)
    city.turn()
    with stopped_at(city.at), transaction(city.engine) as session:
        send_again(session, session.exec(select(Delivery).where(col(Delivery.channel) == "webhook")).one())
    city.turn()
    assert len({call.headers["webhook-id"] for call in city.hook.calls}) == 1
    assert len(city.hook.calls) == 2
