"""How long until a service that starts has everyone at hand? From a store on disk, beside reading its rows alone."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from services.matching import store
from services.matching.bench.figures import Data, Figure
from services.matching.bench.materials import Patterns
from services.matching.bench.timing import interleaved, median, ratio, seconds_of
from services.matching.engine.profiles import SIDES
from services.matching.engine.scorer import Rules
from services.matching.matcher import Heard, Matcher
from services.matching.shards import Shard
from services.matching.tables import Table
from shared.contracts import PostingPublished, SeekerPublished
from shared.database import SpineTable, open_engine, reading, transaction

SEEKERS, POSTINGS = 600, 200
AT_ONCE = 100
WHOLE = Shard.named("0/1")
_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def figures(patterns: Patterns, rounds: int) -> Iterator[Figure]:
    """A store with its epoch, profiles and lists, taken into memory; a match already made is not made again."""
    with tempfile.TemporaryDirectory(prefix="iljari-bench-") as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'matching.sqlite'}")
        Table.metadata.create_all(engine)
        SpineTable.metadata.create_all(engine)

        def started() -> Matcher:
            matcher = Matcher(engine, Rules(), WHOLE, SEEKERS)
            matcher.start()
            return matcher

        matcher = started()
        events = _events(patterns)
        filled = seconds_of(lambda: _hear_all(matcher, engine, events))
        taken = interleaved({"ours": started, "rows": lambda: _read(engine)}, rounds)
        engine.dispose()
    data = Data("texts", SEEKERS, POSTINGS)
    note = f"{SEEKERS + POSTINGS:,} profiles and their lists"
    yield Figure("a store filled, every match stored", data, "ours", filled, "s", f"{AT_ONCE} events at a time")
    yield Figure("start from the store", data, "ours", median(taken["ours"].clock), "s", note)
    yield Figure(
        "start from the store",
        data,
        "its rows read and parsed",
        median(taken["rows"].clock),
        "s",
        "the same session, json",
    )
    yield Figure("start from the store", data, "ours ÷ its rows", ratio(taken["ours"].clock, taken["rows"].clock), "×")
    each = median(taken["ours"].clock) * 1e3 / (SEEKERS + POSTINGS)
    yield Figure("start from the store, each profile", data, "ours", each, "ms")


def _events(patterns: Patterns) -> list[Heard]:
    seekers, postings = (
        islice(cycle(some), count) for some, count in zip(patterns[::-1], (SEEKERS, POSTINGS), strict=True)
    )
    return [
        *(
            SeekerPublished(seeker_id=UUID(int=at), revision=1, applied_at=_DAY, facts=one)
            for at, one in enumerate(seekers)
        ),
        *(
            PostingPublished(posting_id=UUID(int=at), revision=1, agency_name="-", accepted_at=_DAY, facts=one)
            for at, one in enumerate(postings)
        ),
    ]


def _hear_all(matcher: Matcher, engine: Engine, events: Sequence[Heard]) -> None:
    with matcher.lock:
        for first in range(0, len(events), AT_ONCE):
            for step in (matcher.remember, matcher.match):
                with transaction(engine) as session:
                    step(events[first : first + AT_ONCE], session)


def _read(engine: Engine) -> object:
    with reading(engine) as session:
        rows = [row for side in SIDES for row in store.profiles(session, side)]
        return [json.loads(row.facts) for row in rows if row.facts], list(store.own_lists(session, str(WHOLE)))
