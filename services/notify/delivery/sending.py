"""Bringing digests to people: each delivery is one identity, each attempt is on the record before it begins.

A claim, the question where to, an attempt noted and committed, the sending, and how it ended: whoever is killed between
the last three leaves an attempt of which nobody knows the end. It is counted as unknown and made again under the same
identity, so that whoever looks at the id sees it once. Nothing is given up without a reason that stands in its row.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID, uuid4

import structlog
from anyio import to_thread
from sqlalchemy import Engine, delete, func, update
from sqlmodel import Session, col, select

from services.notify.delivery.addresses import Address, Addresses, Found, RegistryAway
from services.notify.delivery.categories import KINDS, Category, Channel, Recipient
from services.notify.delivery.channels import Outcome, Way
from services.notify.delivery.digests import Filler, messages_of, recipient_of, seal_due
from services.notify.delivery.messages import News, tell
from services.notify.delivery.preferences import habit_of, wants
from services.notify.delivery.quiet_hours import first_chance
from services.notify.delivery.retries import PATIENCE, wait_after
from services.notify.delivery.wording import as_letter, letter_of, still_true
from services.notify.settings import NotifySettings
from services.notify.tables import Attempt, Delivery, Digest, Message, PairStanding, SeekerCard, SuppressedAddress
from shared.clock import now
from shared.contracts import DeliveryFailed
from shared.database import reading, transaction
from shared.outbox import stage

LEASE = timedelta(minutes=2)
"""Longer than any attempt may take; a claim that is older lost its worker."""
CLAIMED_AT_ONCE = 50
AWAY = timedelta(seconds=30)
"""How long a delivery waits for registry before it is asked again: nobody's attempt, nobody's fault."""
TURN_SECONDS = 1.0
HANDS = 4
THROTTLED = ("email", "apprise")
"""People's ways: machines take what comes."""
KEPT = timedelta(days=180)
OPEN_STATES = ("waiting", "claimed")


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours to bring until the lease is over."""

    delivery: Delivery
    token: UUID
    taken: float
    """On the monotonic clock: one that is set plays no part."""

    @property
    def lapsed(self) -> bool:
        return time.monotonic() - self.taken > LEASE.total_seconds()


class Courier:
    """Seals digests and brings them.

    Args:
        ways: how each channel sends; a channel without one is refused, with that as its reason.
        fillers: what a digest of a kind is filled with when its window closes.
        hands: how many are sent at the same time by one way.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it works with
        self,
        engine: Engine,
        settings: NotifySettings,
        addresses: Addresses,
        ways: Mapping[str, Way],
        fillers: Mapping[str, Filler],
        hands: int = HANDS,
    ) -> None:
        self.engine, self.settings, self.addresses = engine, settings, addresses
        self.ways, self.fillers, self.hands = ways, fillers, hands
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Seal and bring until told to stop, each way by itself: one that is slow holds up no other."""
        brings = [self._keep_at(partial(self.bring_due, channel)) for channel in PATIENCE]
        await asyncio.gather(self._keep_at(partial(seal_due, self.engine, self.fillers)), *brings)

    async def stop(self, running: "asyncio.Task[None]") -> None:
        """End what is in flight, and return."""
        self._stopping.set()
        await asyncio.gather(running, return_exceptions=True)

    async def _keep_at(self, work: Callable[[], int]) -> None:
        while not self._stopping.is_set():
            try:
                busy = await to_thread.run_sync(work)
            except Exception as error:
                structlog.get_logger().error("delivery_failed", error=type(error).__name__)
                busy = 0
            if not busy:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), TURN_SECONDS)

    def turn(self) -> int:
        """Do once what is due now; how much that was."""
        return seal_due(self.engine, self.fillers) + sum(self.bring_due(channel) for channel in PATIENCE)

    def bring_due(self, channel: str) -> int:
        """Bring by one way what is due; how much that was."""
        claims = self._claim(channel)
        ready = [claim for claim in claims if self._prepared(claim)]
        if not ready:
            return len(claims)
        try:
            found = self.addresses.of([claim.delivery for claim in ready])
        except RegistryAway:
            for claim in ready:
                self._put_off(claim, now() + AWAY, "REGISTRY_AWAY")
            return 0
        self._bring_all(ready, found)
        return len(claims)

    def _bring_all(self, claims: Sequence[Claim], found: Sequence[Found]) -> None:
        if self.hands == 1:  # without a thread: whoever counts this one's calls counts them all
            for claim, where in zip(claims, found, strict=True):
                self._bring(claim, where)
            return
        here = copy_context()  # a clock that stands still stands still for the hands too
        with ThreadPoolExecutor(self.hands) as hands:
            list(hands.map(lambda *one: here.copy().run(self._bring, *one), claims, found))

    def _claim(self, channel: str) -> list[Claim]:
        """Take what is due; of a claim that lapsed, the attempt that was begun has an unknown end."""
        token, taken = uuid4(), time.monotonic()
        with transaction(self.engine) as session:
            due = select(Delivery).where(
                col(Delivery.state).in_(OPEN_STATES), col(Delivery.due_at) <= now(), Delivery.channel == channel
            )
            in_turn = due.order_by(col(Delivery.due_at), col(Delivery.delivery_id)).limit(CLAIMED_AT_ONCE)
            rows = _one_each(session.exec(in_turn.with_for_update(skip_locked=True)))
            for row in rows:
                row.unknown += _close_attempts(session, row.delivery_id)
                row.state, row.claim, row.due_at = "claimed", token, now() + LEASE
                session.add(row)
        return [Claim(row, token, taken) for row in rows]

    def _prepared(self, claim: Claim) -> bool:
        """Whether it may go now: wanted, at this hour, not too many, and something left to say."""
        with transaction(self.engine) as session:
            row = self._ours(session, claim)
            if row is None or self._held_back(session, row):
                return False
            if row.body is None and not self._write(session, row):
                _end(session, row, "expired", "NOTHING_LEFT")
                return False
            claim.delivery.sqlmodel_update(row.model_dump())
            return True

    def _held_back(self, session: Session, row: Delivery) -> bool:
        """Whether something speaks against sending it now; noted in its row."""
        recipient, category = recipient_of(row), cast(Category, row.category)
        at_night = habit_of(session, recipient).at_night or row.channel not in THROTTLED
        chance = first_chance(KINDS[category].rule_class, now(), at_night=at_night)
        if not wants(session, recipient, category, cast(Channel, row.channel)):
            _end(session, row, "refused", "UNSUBSCRIBED")
        elif row.channel not in self.ways:
            _end(session, row, "refused", "CHANNEL_OFF")
        elif chance > now():
            _wait(session, row, chance, "QUIET_HOURS")
        elif (room := self._next_room(session, row)) is not None:
            _wait(session, row, room, "TOO_MANY")
        else:
            return False
        return True

    def _write(self, session: Session, row: Delivery) -> bool:
        """Put it into words once for all attempts; whether anything was left to say."""
        held = [each for each in messages_of(session, row.digest_id) if still_true(session, each)]
        if held:
            row.subject, row.body = letter_of(session, row, held, self.settings)
            session.add(row)
        return bool(held)

    def _next_room(self, session: Session, row: Delivery) -> datetime | None:
        """When there is room again for whoever has had her share of this hour; None where there is."""
        most = self.settings.mails_an_hour
        if row.channel not in THROTTLED or not most:
            return None
        hers = (Delivery.recipient == row.recipient, Delivery.recipient_id == row.recipient_id)
        recent = (Delivery.channel == row.channel, Delivery.state == "sent", col(Delivery.ended_at) > now() - _HOUR)
        sent = select(Delivery.ended_at).where(*hers, *recent).order_by(col(Delivery.ended_at).desc())
        times = session.exec(sent.limit(most)).all()
        return times[-1] + _HOUR if len(times) >= most and times[-1] else None

    def _bring(self, claim: Claim, where: Found) -> None:
        takes = self._not_suppressed(where.addresses)
        if not takes:
            self._refuse(claim, where.refused or ("ADDRESS_FAILING" if where.addresses else "NO_ADDRESS"))
            return
        number = self._begin(claim)
        if number is None:
            return
        outcome = self.ways[claim.delivery.channel].send(as_letter(claim.delivery, self.settings), takes)
        self._settle(claim, number, outcome)

    def _not_suppressed(self, addresses: Sequence[Address]) -> tuple[Address, ...]:
        with reading(self.engine) as session:
            return tuple(one for one in addresses if session.get(SuppressedAddress, one.address_ref) is None)

    def _begin(self, claim: Claim) -> int | None:
        """Note the attempt, committed before anything is sent; None where the claim is no longer ours."""
        if claim.lapsed:
            return None
        with transaction(self.engine) as session:
            row = self._ours(session, claim)
            if row is None:
                return None
            row.attempts += 1
            row.due_at = now() + LEASE
            attempt = Attempt(delivery_id=row.delivery_id, began_at=now())
            session.add_all((row, attempt))
            session.flush()
            return attempt.number

    def _settle(self, claim: Claim, number: int, outcome: Outcome) -> None:
        with transaction(self.engine) as session:
            if attempt := session.get(Attempt, number):
                attempt.outcome, attempt.code = outcome.kind, outcome.code or None
                session.add(attempt)
            for address_ref in outcome.refused:
                self._suppress(session, claim.delivery, address_ref, outcome)
            row = self._ours(session, claim)
            if row is None:
                return
            row.unknown += outcome.kind == "unknown"
            patience = PATIENCE[row.channel]
            if outcome.kind == "sent":
                _end(session, row, "sent", None)
            elif outcome.kind == "permanent":
                self._fail(session, row, outcome.code, told=bool(outcome.refused))
            elif now() - row.made_at > patience.gives_up_after:
                self._fail(session, row, "GAVE_UP", told=False)
            else:
                wait = max(wait_after(patience, row.attempts), outcome.again_after or _NO_TIME)
                _wait(session, row, now() + wait, outcome.code)
        structlog.get_logger().info(
            "delivery", id=str(claim.delivery.delivery_id), outcome=outcome.kind, code=outcome.code
        )

    def _suppress(self, session: Session, row: Delivery, address_ref: UUID, outcome: Outcome) -> None:
        """Use this address no more, and say so: registry marks it, and the counselor hears of it."""
        if session.get(SuppressedAddress, address_ref):
            return
        suppressed = SuppressedAddress(
            address_ref=address_ref,
            recipient=row.recipient,
            recipient_id=row.recipient_id,
            code=outcome.code,
            since=now(),
        )
        session.add(suppressed)
        _say_failed(session, row, outcome.code, permanent=True, address_ref=address_ref)

    def _fail(self, session: Session, row: Delivery, code: str, *, told: bool) -> None:
        """It will not arrive. An address that refused for good was told of before."""
        if not told:
            _say_failed(session, row, code, permanent=False)
        _end(session, row, "failed", code)

    def _refuse(self, claim: Claim, reason: str) -> None:
        with transaction(self.engine) as session:
            if row := self._ours(session, claim):
                _end(session, row, "refused", reason)

    def _put_off(self, claim: Claim, until: datetime, reason: str) -> None:
        with transaction(self.engine) as session:
            if row := self._ours(session, claim):
                _wait(session, row, until, reason)

    def _ours(self, session: Session, claim: Claim) -> Delivery | None:
        """The row, if nobody else has claimed it since."""
        wanted = (Delivery.delivery_id == claim.delivery.delivery_id, Delivery.claim == claim.token)
        return session.exec(select(Delivery).where(*wanted).with_for_update()).first()


_HOUR = timedelta(hours=1)
_NO_TIME = timedelta(0)


def send_again(session: Session, delivery: Delivery) -> None:
    """Bring it once more under the same identity: asked for by an operator or by the agency it is for."""
    delivery.state, delivery.reason, delivery.claim = "waiting", "ASKED_AGAIN", None
    delivery.due_at, delivery.made_at, delivery.ended_at = now(), now(), None
    session.add(delivery)


def figures(session: Session) -> dict[str, int]:
    """Deliveries by state, and attempts of unknown end."""
    states = dict(session.exec(select(Delivery.state, func.count()).group_by(Delivery.state)).all())
    unknown = session.exec(select(func.coalesce(func.sum(Delivery.unknown), 0))).one()
    return {**states, "unknown": int(unknown)}


def purge(session: Session) -> int:
    """Drop what ended long ago; a chore."""
    over = select(Delivery.delivery_id).where(col(Delivery.ended_at) < now() - KEPT)
    session.connection().execute(delete(Attempt).where(col(Attempt.delivery_id).in_(over)))
    done: Any = session.connection().execute(delete(Delivery).where(col(Delivery.ended_at) < now() - KEPT))
    old = col(Digest.sealed_at) < now() - KEPT
    session.connection().execute(
        delete(Message).where(
            col(Message.digest_id).in_(select(Digest.digest_id).where(old)), col(Message.category) != "matches"
        )
    )
    return int(done.rowcount)


def _one_each(rows: Iterable[Delivery]) -> list[Delivery]:
    """The first of each recipient: one whose machine never answers holds up herself alone."""
    return list({(row.recipient, row.recipient_id): row for row in reversed(list(rows))}.values())[::-1]


def _close_attempts(session: Session, delivery_id: UUID) -> int:
    begun = (col(Attempt.delivery_id) == delivery_id, col(Attempt.outcome) == "begun")
    done: Any = session.connection().execute(update(Attempt).where(*begun).values(outcome="unknown"))
    return int(done.rowcount)


def _wait(session: Session, row: Delivery, until: datetime, reason: str) -> None:
    row.state, row.claim, row.due_at, row.reason = "waiting", None, until, reason
    session.add(row)


def _end(session: Session, row: Delivery, state: str, reason: str | None) -> None:
    row.state, row.claim, row.reason, row.ended_at = state, None, reason, now()
    session.add(row)


def _say_failed(
    session: Session, row: Delivery, code: str, *, permanent: bool, address_ref: UUID | None = None
) -> None:
    failed = DeliveryFailed(
        delivery_id=row.delivery_id,
        recipient=row.recipient,
        recipient_id=row.recipient_id,
        channel=row.channel,
        code=code,
        permanent=permanent,
        attempts=max(row.attempts, 1),
        address_ref=address_ref,
    )
    stage(session, failed)
    _tell_counselor(session, row, code)


def _tell_counselor(session: Session, row: Delivery, code: str) -> None:
    """Whoever looks after her hears that mail does not reach her."""
    seeker = session.get(SeekerCard, row.recipient_id) if row.recipient == "seeker" else None
    posting = row.recipient_id if row.recipient == "firm" else None
    cafes = [seeker.cafe_id] if seeker else _cafes_of_posting(session, posting)
    told, key = {"channel": row.channel, "reason": code}, f"{row.delivery_id}|{code}"
    kind, about = f"desk.failed_{row.recipient}", seeker.seeker_id if seeker else None
    desks = [Recipient("counselor", cafe_id) for cafe_id in filter(None, cafes)]
    tell(session, [News(desk, "troubles", kind, key, posting, about, told) for desk in desks])


def _cafes_of_posting(session: Session, posting_id: UUID | None) -> Sequence[UUID | None]:
    if posting_id is None:
        return ()
    return session.exec(select(PairStanding.cafe_id).where(PairStanding.posting_id == posting_id).distinct()).all()
