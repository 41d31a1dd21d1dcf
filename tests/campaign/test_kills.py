"""Services and Valkey killed with kill -9 at random moments while a city works: nothing lost, nothing twice?

`ILJARI_SEED=… make campaign` draws the same schedule again; processes are not deterministic, so the same seed may need
some runs to show the same fault.
"""

import json
import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from redis.exceptions import RedisError

from shared.contracts import AgencyAnswered, MatchesFound, PostingPublished, PostingReceived, SubmissionAnswered
from shared.outbox import stream_of
from tests.campaign.city_scene import NEW_POSTING, POSTINGS, SEEKERS
from tests.campaign.conftest import Report
from tests.campaign.kept import Kept
from tests.campaign.living_city import (
    SERVICES,
    START_SECONDS,
    LivingCity,
    Service,
    as_events,
    living_city,
    new_agency,
)
from tests.servers import wait_until

pytestmark = [
    pytest.mark.campaign,
    # httpcore leaves its socket open when nobody listens at the other end of a unix socket
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

AGENCIES, POSTINGS_AT_LEAST, KILLS_OF_EACH, VALKEY_KILLS = 3, 200, 5, 2
POSTINGS_A_SEEKER = 4
PACE_SECONDS, PAUSE_SECONDS = 0.15, 1.5
"""Means of what passes between two postings, and between two kills."""
AIM_SECONDS = 5.0
"""How long a kill waits for its victim to hold something unacknowledged."""
KINDS = (*POSTINGS, NEW_POSTING)


def test_nothing_is_lost_and_nothing_happens_twice(report: Report) -> None:
    seed = int(os.environ.get("ILJARI_SEED") or random.SystemRandom().randrange(1_000_000))
    chance, started = random.Random(seed), time.monotonic()
    report.tell("random kills", seed=seed)
    with living_city() as city:
        agencies = [new_agency(city, f"가상소개소 {number}") for number in range(AGENCIES)]
        feed, killer = Feed(city, agencies, random.Random(seed + 1)), Killer(city, chance)
        feed.one_more()
        # a notify that holds nothing would ask for everything again, and be told lists twice with good reason
        city.rest(lambda found: len(found["notify posting_card"]) == 1)
        feed.start()
        killer.kill_them_all()
        feed.stop()
        resting = time.monotonic()
        end = city.rest(lambda found: len(receipts(found, agencies)) >= feed.postings)
        rested = time.monotonic() - resting
        certificate = city.certificate()
        digest = city.ask("registry", "/api/v1/registry/digest")
        suppressed = sum(service.suppressed() for service in city.services.values())
    report.tell(
        "random kills",
        kills={name: service.kills for name, service in city.services.items()} | {"valkey": killer.valkey_kills},
        hit_something_unacknowledged=killer.hit_pending,
        repeats_suppressed=suppressed,
        postings=feed.postings,
        seekers=feed.seekers,
        pairs=certificate["pairs"],
        missed=certificate["missed"],
        invented=certificate["invented"],
        different=certificate["different"],
        seconds_to_rest=round(rested, 1),
        seconds=round(time.monotonic() - started),
    )
    assert certificate["agrees"], certificate
    assert (certificate["missed"], certificate["invented"], certificate["different"]) == (0, 0, 0)
    assert (certificate["postings"], certificate["seekers"]) == (digest["postings"], digest["seekers"])
    assert digest["seekers"]["count"] == feed.seekers
    assert certificate["pairs"] > feed.seekers
    every_receipt_is_kept(end, agencies, feed.postings)
    nothing_twice(end, feed.postings)
    assert killer.hit_pending > 0, "no kill found anybody at work: this run shows nothing"
    assert suppressed > 0, "nothing was ever delivered twice: this run shows nothing"


def receipts(found: Kept, agencies: list[UUID]) -> list[dict[str, Any]]:
    """What the agencies were answered, each answer once."""
    streams = [f"stream {stream_of(AgencyAnswered, agency)}" for agency in agencies]
    return [data for stream in streams for _, data in as_events(found.get(stream, []))]


def every_receipt_is_kept(end: Kept, agencies: list[UUID], sent: int) -> None:
    """One answer a submission, and what was accepted is there."""
    answered = receipts(end, agencies)
    assert Counter(answer["submission_id"] for answer in answered).most_common(1)[0][1] == 1
    assert Counter(answer["outcome"] for answer in answered) == {"accepted": sent}
    held = {str(UUID(json.loads(row)["posting_id"])) for row in end["registry posting"]}
    assert {answer["posting_id"] for answer in answered} == held


def nothing_twice(end: Kept, sent: int) -> None:
    """No list is said twice under one revision, no answer is said or counted twice, and notify shows what is held."""
    said = Counter((subject, data["revision"]) for subject, data in as_events(end[f"stream {MatchesFound.stream}"]))
    assert max(said.values()) == 1
    assert len(end[f"stream {SubmissionAnswered.stream}"]) == sent
    assert sum(json.loads(row)["count"] for row in end["notify submission_note"]) == sent
    held, shown = ({_list_of(row) for row in end[f"{service} match_list"]} for service in ("matching", "notify"))
    assert shown == {one for one in held if one[2] > 0}


def _list_of(row: str) -> tuple[str, str, int]:
    values = json.loads(row)
    return values["scope"], values["scope_id"], values["revision"]


class Killer:
    """Kills by a schedule drawn by chance: some of its victims at any moment, some while they are at work."""

    def __init__(self, city: LivingCity, chance: random.Random) -> None:
        self.city, self.chance = city, chance
        self.hit_pending = self.valkey_kills = 0

    def kill_them_all(self) -> None:
        victims = [*SERVICES * KILLS_OF_EACH, *["valkey"] * VALKEY_KILLS]
        self.chance.shuffle(victims)
        for victim in victims:
            aimed, pause = self.chance.random() < 0.5, self.chance.uniform(0, 2 * PAUSE_SECONDS)
            time.sleep(pause)  # the schedule, not a wait for anything
            if victim == "valkey":
                self._kill_valkey()
            else:
                self._kill(self.city.services[victim], aimed=aimed)

    def _kill(self, victim: Service, *, aimed: bool) -> None:
        if aimed:
            wait_until(victim.ready, f"{victim.name} to be ready", victim.last_words, START_SECONDS)
        deadline = time.monotonic() + AIM_SECONDS
        while aimed and not self.city.pending(victim.name) and time.monotonic() < deadline:
            pass
        victim.kill()
        self.hit_pending += self.city.pending(victim.name) > 0
        victim.start()

    def _kill_valkey(self) -> None:
        self.city.valkey.kill()
        self.city.valkey.start()
        self.valkey_kills += 1


class Feed:
    """Agencies and cafés at work. Like every good sender it repeats what it has no answer to, under the same id."""

    def __init__(self, city: LivingCity, agencies: list[UUID], chance: random.Random) -> None:
        self.city, self.agencies, self.chance = city, agencies, chance
        self.postings = self.seekers = 0
        self._enough = threading.Event()
        self._thread = ThreadPoolExecutor(1)

    def start(self) -> None:
        self._work = self._thread.submit(self._feed)

    def stop(self) -> None:
        """At the earliest when enough was sent; raises what went wrong."""
        self._enough.set()
        with self._thread:
            self._work.result()

    def _feed(self) -> None:
        while not (self._enough.is_set() and self.postings >= POSTINGS_AT_LEAST):
            self.one_more()
            if self.chance.random() < 0.1:
                self._send(self.chance.randrange(self.postings))
                self._deliver_again()
            time.sleep(self.chance.uniform(0, 2 * PACE_SECONDS))  # the pace, not a wait for anything

    def one_more(self) -> None:
        if self.postings % POSTINGS_A_SEEKER == 0:
            self._register(self.seekers)
            self.seekers += 1
        self._send(self.postings)
        self.postings += 1

    def _send(self, number: int) -> None:
        document = {"source_ref": f"P-{number}", "employer": f"가상상사 {number}호점", **KINDS[number % len(KINDS)]}
        fields = {"id": f"sending {number}", "data": json.dumps(document, ensure_ascii=False)}
        self._until_done(stream_of(PostingReceived, self.agencies[number % AGENCIES]), fields)

    def _deliver_again(self) -> None:
        """Redis may deliver any entry once more."""
        try:
            entries: Any = self.city.redis.xrevrange(PostingPublished.stream, count=1)
        except RedisError:
            return
        for _, fields in entries:
            self._until_done(PostingPublished.stream, fields)

    def _until_done(self, stream: str, fields: dict[Any, Any]) -> None:
        while True:
            try:
                self.city.redis.xadd(stream, fields)
            except RedisError:
                time.sleep(0.05)
            else:
                return

    def _register(self, number: int) -> None:
        document = {"source_ref": f"S-{number}", **SEEKERS[number % len(SEEKERS)]}
        rows = [{"where": f"line {number}", "document": document}]
        answer = self.city.tell_registry("/api/v1/registry/seekers/batch", {"consent": "invented", "rows": rows})
        assert answer["receipts"][0]["outcome"] in {"accepted", "unchanged"}, answer
