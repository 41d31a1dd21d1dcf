"""What has run out? Orders and applications end by themselves on their day, in batches; senders are told before.
Where only time had to pass, pairs move on too: a result is due, an answer is not expected any more, a day has come.
And on the days of a hiring season everything is asked to be matched anew.

A clock that leapt must not end everything at once: the newest time at which we looked is kept, and nothing runs out
while the clock stands before it or implausibly far behind it. The operator then says whether the clock is right.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

import structlog
from anyio import to_thread
from sqlalchemy import Engine, func
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session, col, select

from services.registry.intake.notices import tell
from services.registry.orders.life_cycle import LIVING, NOTICE_DAYS, OPEN
from services.registry.orders.postings import Shelf, change, one_at_a_time, today
from services.registry.people import seekers
from services.registry.referrals.hearing import pass_time
from services.registry.seasons import ask_what_is_due
from services.registry.tables import ClockMark, JobOrder, Seeker, Submission
from shared.clock import now
from shared.database import transaction

SWEEP_SECONDS = 60.0
BATCH = 200
PLAY = timedelta(hours=1)
"""A clock may be set back by so little without a word."""
LONGEST_PAUSE = timedelta(days=7)
"""Away for longer, it is the operator who says that so much time has really passed."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Swept:
    """What one sweep did, or why it did nothing."""

    orders: int = 0
    seekers: int = 0
    told: int = 0
    pairs: int = 0
    rematches: int = 0
    refused: str = ""


def sweep(engine: Engine) -> Swept:
    """End what has run out and tell what soon will, a batch a transaction; killed anywhere, the next goes on."""
    with transaction(engine) as session:
        refused = _clock_refused(session)
        if not refused:
            trust_clock(session)
    if refused:
        return Swept(refused=refused)
    day = today()
    return Swept(
        orders=_until_none(engine, lambda session: _expire_orders(session, day)),
        seekers=_until_none(engine, lambda session: _expire_seekers(session, day)),
        told=_until_none(engine, lambda session: _tell_of_the_end(session, day)),
        pairs=_until_none(engine, lambda session: pass_time(session, day)),
        rematches=_until_none(engine, ask_what_is_due),
    )


def trust_clock(session: Session) -> None:
    """Take the present time as right."""
    mark = session.get(ClockMark, 1) or ClockMark(seen_at=now())
    mark.seen_at = now()
    session.add(mark)


def _clock_refused(session: Session) -> str:
    """Why the clock is not believed; empty where it is."""
    newest = _newest(session)
    if newest is None:
        return ""
    if now() < newest - PLAY:
        return f"the clock stands at {now():%Y-%m-%d %H:%M}, before the newest record of {newest:%Y-%m-%d %H:%M} (UTC)"
    if now() > newest + LONGEST_PAUSE:
        return f"the clock leapt from {newest:%Y-%m-%d %H:%M} to {now():%Y-%m-%d %H:%M} (UTC)"
    return ""


def _newest(session: Session) -> datetime | None:
    """When we last looked; before we ever did, when something last came in. Never both: a wrong clock records too."""
    mark = session.get(ClockMark, 1)
    return mark.seen_at if mark else session.exec(select(func.max(Submission.received_at))).one()


def _until_none(engine: Engine, batch: Callable[[Session], int]) -> int:
    total = 0
    while True:
        with transaction(engine) as session:
            done = batch(session)
        total += done
        if done < BATCH:
            return total


def _expire_orders(session: Session, day: date) -> int:
    one_at_a_time(session)
    past = select(JobOrder.order_id).where(col(JobOrder.state).in_(LIVING), col(JobOrder.valid_until) < day)
    ids = session.exec(past.order_by(col(JobOrder.valid_until)).limit(BATCH)).all()
    shelf = Shelf(session, order_ids=ids)
    for order in filter(None, map(shelf.order, ids)):
        change(shelf, order, "expired", "clock")
        tell(session, order, "ORDER_EXPIRED")
    return len(ids)


def _expire_seekers(session: Session, day: date) -> int:
    past = select(Seeker).where(Seeker.state == seekers.ACTIVE, col(Seeker.valid_until) < day).limit(BATCH)
    found = session.exec(past).all()
    for seeker in found:
        seekers.withdraw(session, seeker, "expired")
    return len(found)


def _tell_of_the_end(session: Session, day: date) -> int:
    """Told once for each last day; not of a closing date, which the sender set herself."""
    near = (
        JobOrder.state == OPEN,
        col(JobOrder.valid_until) <= day + timedelta(days=NOTICE_DAYS),
        col(JobOrder.told_until).is_distinct_from(col(JobOrder.valid_until)),
    )
    found = session.exec(select(JobOrder).where(*near).limit(BATCH)).all()
    for order in found:
        order.told_until = order.valid_until
        session.add(order)
        if order.facts.get("closes_on") != order.valid_until.isoformat():
            tell(session, order, "ORDER_EXPIRES", day=order.valid_until)
    return len(found)


class Sweeper:
    """Sweeps as long as the service runs, and remembers why it could not."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.refused = ""
        self._closing = asyncio.Event()

    async def run(self) -> None:
        while not self._closing.is_set():
            try:
                self._note(await to_thread.run_sync(sweep, self.engine))
            except (OperationalError, InterfaceError) as error:
                log.warning("expiry_waits", error=type(error).__name__)
            except Exception as error:
                log.error("expiry_failed", error=type(error).__name__)
            try:
                await asyncio.wait_for(self._closing.wait(), SWEEP_SECONDS)
            except TimeoutError:
                continue

    def _note(self, swept: Swept) -> None:
        if swept.refused and swept.refused != self.refused:
            log.error("clock_leapt", found=swept.refused)
        self.refused = swept.refused
        done = {name: count for name, count in asdict(swept).items() if count and name != "refused"}
        if done:
            log.info("expired", **done)

    async def stop(self, task: "asyncio.Task[None]") -> None:
        """Let the batch in hand end, then stop."""
        self._closing.set()
        await asyncio.gather(task, return_exceptions=True)
