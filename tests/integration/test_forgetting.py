"""Does what was said of an erased person leave the outbox, the streams, Redis' log and the database's files?"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis import Redis
from sqlmodel import select

from shared.clock import now
from shared.contracts import SeekerFacts, SeekerPublished, SeekerWithdrawn
from shared.database import SpineTable, reading, transaction
from shared.forgetting import Forgetter, Forgotten, forget
from shared.outbox import OutboxLine, Relay, stage
from shared.streams import make_group
from tests.servers import LocalRedis
from tests.stores import store_with

pytestmark = pytest.mark.integration

GROUPS = ("matching", "notify")
STREAMS = ("seeker.published.v1", "seeker.withdrawn.v1", "posting.published.v1", "posting.withdrawn.v1")
STREAMS += ("submission.answered.v1", "referral.recorded.v1")


def published(seeker_id: UUID, words: str) -> SeekerPublished:
    return SeekerPublished(seeker_id=seeker_id, revision=1, applied_at=now(), facts=SeekerFacts(summary=words))


class House:
    """A registry's spine on servers of its own."""

    def __init__(self, folder: Path, server: LocalRedis) -> None:
        self.folder, self.redis = folder, Redis.from_url(server.url)
        self.engine = store_with(f"sqlite:///{folder / 'registry.sqlite'}", SpineTable.metadata)
        self.relay = Relay("registry", self.engine, self.redis)
        self.forgetter = Forgetter("registry", self.engine, self.redis, self.relay)

    def say(self, *events: Any) -> None:
        with transaction(self.engine) as session:
            for event in events:
                stage(session, event)
        self.relay.say_all()

    def erase(self, seeker_id: UUID) -> None:
        with transaction(self.engine) as session:
            forget(session, [seeker_id])
            stage(session, SeekerWithdrawn(seeker_id=seeker_id, revision=2, reason="erased"))
        self.relay.say_all()

    def hear(self, *groups: str) -> None:
        for stream in ("seeker.published.v1", "seeker.withdrawn.v1"):
            for group in groups:
                reply: Any = self.redis.xreadgroup(group, "one", {stream: ">"}, count=100)
                for _, entries in reply:
                    self.redis.xack(stream, group, *(entry_id for entry_id, _ in entries))

    def holds(self, words: str) -> set[str]:
        """The files in which these words stand."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return {path.name.split(".")[0] for path in files if words.encode() in path.read_bytes()}


@pytest.fixture
def house(tmp_path: Path, start_redis: Callable[..., LocalRedis], redis_kind: str) -> Iterator[House]:
    folder = tmp_path / "data"
    folder.mkdir()
    server = start_redis(redis_kind, "--appendonly", "yes", "--appendfsync", "always", "--dir", str(folder))
    house = House(folder, server)
    for event in ("seeker.published.v1", "seeker.withdrawn.v1"):
        for group in GROUPS:
            make_group(house.redis, event, group)
    yield house
    house.engine.dispose()
    house.redis.close()


def test_an_erased_person_leaves_every_file_and_the_others_stay(house: House) -> None:
    gone, kept = uuid4(), uuid4()
    house.say(published(gone, "ZEBRA-WORDS"), published(kept, "GIRAFFE-WORDS"))
    assert house.holds("ZEBRA-WORDS") == {"registry", "appendonly"}
    house.erase(gone)
    house.hear(*GROUPS)
    for _ in range(200):
        if house.forgetter.finish():
            break
    assert house.forgetter.count_due() == 0
    wait_for_rewrite(house)
    assert house.holds("ZEBRA-WORDS") == set()
    assert house.holds("GIRAFFE-WORDS") == {"registry"}


def test_nothing_goes_that_somebody_has_still_to_hear(house: House) -> None:
    gone = uuid4()
    house.say(published(gone, "ZEBRA-WORDS"))
    house.erase(gone)
    house.hear("matching")
    assert not house.forgetter.finish()
    assert house.redis.xlen("seeker.withdrawn.v1") == 1
    assert house.forgetter.count_due() == 1
    house.hear("notify")
    assert any(house.forgetter.finish() for _ in range(200))


def test_told_once_more_there_is_nothing_left_to_do(house: House) -> None:
    gone = uuid4()
    house.say(published(gone, "ZEBRA-WORDS"))
    for _ in range(2):
        house.erase(gone)
        house.hear(*GROUPS)
        assert any(house.forgetter.finish() for _ in range(200))
    with reading(house.engine) as session:
        assert len(session.exec(select(Forgotten)).all()) == 1
        assert [line.stream for line in session.exec(select(OutboxLine))] == ["seeker.withdrawn.v1"] * 2


def wait_for_rewrite(house: House) -> None:
    for _ in range(2_000):
        told: Any = house.redis.info("persistence")
        if not told["aof_rewrite_in_progress"] and not told["aof_rewrite_scheduled"]:
            return
    pytest.fail("Redis did not end the rewrite of its log")
