"""A store before its season: everyone's profiles and first lists, put as rows. `python -m tests.benchmarks.season_store
FILE [SEEKERS]`

Heard one batch after the other, so many would be said and said again while the city grows. So the profiles are put as
their events would leave them, and their lists are made once, by the function that a rematch makes them with: whatever
the city heard before, it would hold these. Frequencies were frozen when the first ten thousand were known.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy import Engine

from deploy.demo.make_city import make_city
from deploy.schema import upgrade
from services.matching import store
from services.matching.bench.made import FITTED, SEEKERS_A_POSTING
from services.matching.bench.materials import Patterns
from services.matching.bench.season import START, said_by_people
from services.matching.engine.batch import blocks_of
from services.matching.engine.index import Index, document
from services.matching.engine.lists import Held
from services.matching.engine.profiles import SIDES, Facts, Side
from services.matching.engine.scorer import Rules
from services.matching.engine.text import count, fit_frequencies
from services.matching.matcher import take_in
from services.matching.rematch.beside import on_all_cores
from services.matching.settings import MatchingSettings
from services.matching.tables import ProfileRow
from shared.database import open_engine, reading, transaction

SEEKERS, SEED, CAFES = 2_000, 7, 25
AT_ONCE = 2_000
SHARD = "0/1"
LONGEST_AGO = 100_000
"""Minutes within which all came."""


def main(path: Path, seekers: int) -> None:
    """Fill a new store; tells the seconds of each step."""
    engine = open_engine(f"sqlite:///{path}")
    upgrade("matching", engine)
    steps: dict[str, Callable[[], None]] = {
        "profiles put": lambda: put_profiles(engine, seekers),
        "first epoch": lambda: open_first_epoch(engine),
        "first lists": lambda: put_lists(engine),
    }
    for name, step in steps.items():
        started = time.monotonic()
        step()
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201 - so that one sees it grow
    engine.dispose()


def put_profiles(engine: Engine, seekers: int) -> None:
    chance = np.random.default_rng(SEED)
    said = said_by_people(patterns(), seekers, max(1, seekers // SEEKERS_A_POSTING), chance)
    cafes = [an_id(chance) for _ in range(CAFES)]
    for side in SIDES:
        for some in _pages(said[side]):
            with transaction(engine) as session:
                store.keep_profiles(session, [a_row(side, facts, chance, cafes) for facts in some])


def patterns() -> Patterns:
    """What the demo city says."""
    city = make_city(date(2026, 3, 2))
    return Patterns([one.facts for one in city.postings], [one.facts for one in city.seekers])


def an_id(chance: np.random.Generator) -> UUID:
    return UUID(bytes=chance.bytes(16), version=4)


def a_row(side: Side, facts: Facts, chance: np.random.Generator, cafes: Sequence[UUID]) -> ProfileRow:
    return ProfileRow(
        side=side,
        id=an_id(chance),
        revision=1,
        live=True,
        since=START + timedelta(minutes=int(chance.integers(LONGEST_AGO))),
        facts=facts.model_dump_json(exclude_defaults=True),
        cafe_id=cafes[int(chance.integers(len(cafes)))] if side == "seeker" else None,
    )


def open_first_epoch(engine: Engine) -> None:
    with transaction(engine) as session:
        known = [row for side in SIDES for row in store.page(session, side, None, FITTED)]
        documents = [document(store.as_profile(row)).whole for row in known]
        store.open_epoch(session, 0, rules(), fit_frequencies(count(documents)), len(documents))
        store.keep_shard(session, SHARD, 0)


def rules() -> Rules:
    """Those of a service that was told nothing else."""
    secrets = dict.fromkeys(("session_key", "operator_token", "service_token"), "-")
    return MatchingSettings.model_validate({"database_url": "-", **secrets}).rules()


def put_lists(engine: Engine) -> None:
    with reading(engine) as session:
        index = Index(store.epoch(session, 0))
        scopes = list(take_in(index, session, lambda _: True))
    for made in on_all_cores(index, blocks_of(scopes)):
        with transaction(engine) as session:
            kept = [store.Kept(one.scope, Held(1, one.profile_revision, epoch=0), one.pairs) for one in made]
            store.keep_lists(session, SHARD, kept)


def _pages(said: Sequence[Facts]) -> Iterator[Sequence[Facts]]:
    return (said[first : first + AT_ONCE] for first in range(0, len(said), AT_ONCE))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else SEEKERS)
