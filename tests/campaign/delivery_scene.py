"""One digest of three items on its way by mail and by webhook. Run in forked children, which may be killed."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlmodel import Session, col, select

from services.notify.app import ways_of
from services.notify.delivery import sending as delivery
from services.notify.delivery.addresses import Address, Addresses
from services.notify.delivery.channels import Letter, Outcome
from services.notify.delivery.mail import MailWay
from services.notify.delivery.sending import Claim, Courier
from services.notify.settings import NotifySettings
from services.notify.tables import Attempt, Delivery, Table
from services.notify.telling import FILLERS
from shared.clock import stopped_at
from shared.contracts import ReferralRecorded
from shared.database import SpineTable, open_engine, reading
from tests.unit.notify.conftest import hear_all
from tests.unit.notify.examples import a_posting, id_of

AGENCY = UUID(int=900)
ITEMS = 3
HEARD_AT = datetime(2026, 3, 2, 3, 0, 30, tzinfo=UTC)
DUE_AT = HEARD_AT + timedelta(minutes=1)
LATER = (DUE_AT + timedelta(minutes=10), DUE_AT + timedelta(hours=1))
"""When whoever was killed has been started again: its claim has lapsed by then."""


def begin(directory: str, registry_url: str, smtp_url: str, bug: str | None = None) -> None:
    """Hear of three referrals within one window."""
    engine = open_engine(_url(directory))
    Table.metadata.create_all(engine)
    SpineTable.metadata.create_all(engine)
    with stopped_at(HEARD_AT):
        for number in range(ITEMS):
            hear_all(engine, (a_posting(number), _referred(number)))
    engine.dispose()


def bring(directory: str, registry_url: str, smtp_url: str, at: str, bug: str | None = None) -> None:
    """Do everything that is due at a moment, and stop."""
    if bug:
        PLANTED[bug]()
    settings = settings_of(directory, registry_url, smtp_url)
    engine, addresses = open_engine(settings.database_url), Addresses(settings)
    courier = Courier(engine, settings, addresses, ways_of(settings), FILLERS, hands=1)
    with stopped_at(datetime.fromisoformat(at)):
        while courier.turn():
            pass
    addresses.close()
    engine.dispose()


def told(directory: str, registry_url: str, smtp_url: str, bug: str | None = None) -> list[dict[str, Any]]:
    """What the store knows of each delivery in the end."""
    engine = open_engine(_url(directory))
    with reading(engine) as session:
        rows = [_told(session, row) for row in session.exec(select(Delivery).order_by(col(Delivery.channel)))]
    engine.dispose()
    return rows


def settings_of(directory: str, registry_url: str, smtp_url: str) -> NotifySettings:
    return NotifySettings(
        database_url=_url(directory),
        registry_url=registry_url,
        smtp_url=smtp_url,
        webhooks_inside=True,
        public_url="https://iljari.example",
        session_key=SecretStr("s"),
        operator_token=SecretStr("o"),
        service_token=SecretStr("t"),
    )


def _told(session: Session, row: Delivery) -> dict[str, Any]:
    attempts = session.exec(select(Attempt).where(Attempt.delivery_id == row.delivery_id).order_by(col(Attempt.number)))
    return row.model_dump(mode="json", include={"delivery_id", "channel", "state", "reason", "unknown"}) | {
        "attempts": [each.outcome for each in attempts]
    }


def _referred(number: int) -> ReferralRecorded:
    return ReferralRecorded(
        referral_id=id_of("referral", number),
        seeker_id=id_of("seeker", number),
        posting_id=id_of("posting", number),
        revision=1,
        state="consented",
        decided_by="counselor",
        agency_id=AGENCY,
    )


def _url(directory: str) -> str:
    return f"sqlite:///{directory}/notify.sqlite"


def _settle_before_sending() -> None:
    sound = Courier._settle

    def bring(self: Courier, claim: Claim, where: Any) -> None:
        if not where.addresses:
            self._refuse(claim, "NO_ADDRESS")
            return
        number = self._begin(claim)
        sound(self, claim, number or 0, Outcome("sent"))
        self.ways[claim.delivery.channel].send(delivery.as_letter(claim.delivery, self.settings), where.addresses)

    Courier._bring = bring  # type: ignore[method-assign]


def _a_new_message_id_each_time() -> None:
    sound = MailWay.compose

    def compose(self: MailWay, letter: Letter, to: list[str]) -> Any:
        return sound(self, Letter(uuid4(), letter.category, letter.subject, letter.body, letter.headers), to)

    MailWay.compose = compose  # type: ignore[method-assign]


def _attempt_noted_afterwards() -> None:
    def bring(self: Courier, claim: Claim, where: Any) -> None:
        takes: tuple[Address, ...] = where.addresses
        if not takes:
            self._refuse(claim, "NO_ADDRESS")
            return
        letter = delivery.as_letter(claim.delivery, self.settings)
        outcome = self.ways[claim.delivery.channel].send(letter, takes)
        self._settle(claim, self._begin(claim) or 0, outcome)

    Courier._bring = bring  # type: ignore[method-assign]


def _seal_in_two_steps() -> None:
    from services.notify.delivery import digests

    sound = digests.seal

    def seal(session: Session, digest: Any, fillers: Any) -> None:
        digest.sealed_at = delivery.now()
        session.add(digest)
        session.flush()
        session.connection().exec_driver_sql("COMMIT")
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        sound(session, digest, fillers)

    digests.seal = seal


PLANTED: Mapping[str, Callable[[], None]] = {
    "settle before sending": _settle_before_sending,
    "a new Message-ID each time": _a_new_message_id_each_time,
    "attempt noted afterwards": _attempt_noted_afterwards,
    "seal in two transactions": _seal_in_two_steps,
}
"""Bugs that must be caught; none is ever shipped."""
