"""How long until a counselor sees her desk? `python -m tests.benchmarks.desk_first_view [SEEKERS]`

A store of made-up seekers with twenty pairs each, a real uvicorn, one request after another; Redis and registry away.
Told for a counselor of one café in ten and for the operator, who sees all. Processor time is of server and asker
together; the clock counts on a quiet machine alone.
"""

import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import get_args
from uuid import UUID

import httpx
import uvicorn
from pydantic import SecretStr
from sqlalchemy import Engine

from services.notify.app import create_app
from services.notify.handlers import HEARINGS
from services.notify.settings import NotifySettings
from services.notify.tables import Table
from shared.clock import now
from shared.command import show_table
from shared.contracts import Event, MatchedPair, ReferralRecorded
from shared.contracts.referrals import ReferralState
from shared.database import SpineTable, open_engine, transaction
from shared.web.sign_in import SESSION_COOKIE, SignedIn, make_cookie
from tests.journey.city import wait_for
from tests.unit.notify.examples import a_list, a_pair, a_posting, a_referral, a_seeker, id_of

CAFES = tuple(UUID(int=0xCAFE0001 + number) for number in range(10))
WHO = (
    SignedIn(role="counselor", cafe_id=CAFES[0], label="counselor"),
    SignedIn(role="operator", label="operator"),
)
STATES = get_args(ReferralState)
VIEWS = 50
BATCH = 500


def main(seekers: int) -> None:
    # what the service writes at its end may come after the folder was emptied
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = settings_in(Path(folder))
        engine = open_engine(settings.database_url)
        started, before = time.perf_counter(), time.process_time()
        fill(engine, seekers)
        told = f"filled in {time.perf_counter() - started:.0f} s ({time.process_time() - before:.0f} s of processor)"
        with serving(settings) as url:
            rows = [view(url, settings, who, path) for who in WHO for path in paths()]
        engine.dispose()
    columns = ("who", "page", "processor ms", "first ms", "median ms", "p95 ms")
    show_table(columns, rows, title=f"{seekers} seekers, {told}")


def settings_in(folder: Path) -> NotifySettings:
    return NotifySettings(
        redis_url=f"unix://{folder}/no-redis.sock",
        registry_url=str(folder / "no-registry.sock"),
        database_url=f"sqlite:///{folder}/notify.sqlite",
        session_key=SecretStr("session-key"),
        operator_token=SecretStr("operator-token"),
        service_token=SecretStr("service-token"),
    )


def paths() -> tuple[str, ...]:
    return (
        "/desk",
        "/desk?page=10",
        "/desk?words=바리스타",
        "/desk/referrals?view=all&whose=all",
        "/desk/changes",
        "/desk/seekers",
        f"/desk/seekers/{id_of('seeker', 0)}",
        f"/desk/postings/{id_of('posting', 0)}",
    )


def fill(engine: Engine, seekers: int) -> None:
    """One posting for ten seekers; a seeker has twenty pairs, one of them decided; the first hundred postings fifty."""
    Table.metadata.create_all(engine)
    SpineTable.metadata.create_all(engine)
    chance, postings = random.Random(1), max(20, seekers // 10)
    hear(engine, [a_posting(number) for number in range(postings)])
    hear(engine, [a_seeker(number, cafe_id=cafe_of(number)) for number in range(seekers)])
    for start in range(0, seekers, BATCH):
        numbers = range(start, min(start + BATCH, seekers))
        drawn = {number: chance.sample(range(postings), 20) for number in numbers}
        hear(
            engine,
            [a_list("seeker", n, ranked(chance, [(n, p) for p in drawn[n]]), occurred_at=now()) for n in numbers],
        )
        hear(engine, [referred(n, drawn[n][0]) for n in numbers])
    drawn = {number: chance.sample(range(seekers), min(50, seekers)) for number in range(min(100, postings))}
    hear(engine, [a_list("posting", p, ranked(chance, [(s, p) for s in hers])) for p, hers in drawn.items()])


def referred(seeker: int, posting: int) -> ReferralRecorded:
    state, one_each = STATES[seeker % len(STATES)], id_of("referral", seeker)
    return a_referral(seeker, posting, 1, state, referral_id=one_each, cafe_id=cafe_of(seeker), occurred_at=now())


def cafe_of(number: int) -> UUID:
    return CAFES[number % len(CAFES)]


def ranked(chance: random.Random, pairs: list[tuple[int, int]]) -> list[MatchedPair]:
    found = [a_pair(seeker, posting, chance.randint(3_000, 9_800)) for seeker, posting in pairs]
    return sorted(found, key=lambda pair: -pair.score)


def hear(engine: Engine, events: Sequence[Event]) -> None:
    effect = next(hearing.effect for hearing in HEARINGS if isinstance(events[0], hearing.event))
    for start in range(0, len(events), BATCH):
        with transaction(engine) as session:
            effect(events[start : start + BATCH], session)


@contextmanager
def serving(settings: NotifySettings) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started, 30, "the server to start")
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def view(url: str, settings: NotifySettings, who: SignedIn, path: str) -> tuple[str, ...]:
    cookies = {SESSION_COOKIE: make_cookie(settings, who)}
    times = []
    with httpx.Client(base_url=url, cookies=cookies, headers={"accept": "text/html"}, trust_env=False) as browser:
        before = time.process_time()
        for _ in range(VIEWS):
            started = time.perf_counter()
            browser.get(path).raise_for_status()
            times.append((time.perf_counter() - started) * 1_000)
    processor = (time.process_time() - before) * 1_000 / VIEWS
    figures = processor, times[0], statistics.median(times), statistics.quantiles(times, n=20)[-1]
    return who.role, path, *(f"{figure:.0f}" for figure in figures)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
