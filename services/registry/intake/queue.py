"""Agencies' own streams: one reader for all of them, each entry answered and then removed.

Whatever an agency writes is accepted or returned with its reason, never buried, and never stops the others. An entry
leaves its stream only after its receipt is committed; killed before, it is read again and answered as before. Nothing
new is read from a stream while an older entry of it waits for its answer, so that no revision overtakes another.
"""

import asyncio
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import structlog
from anyio import to_thread
from redis import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from services.registry.intake.door import Arrival, receive
from services.registry.intake.findings import finding, of_wire
from services.registry.intake.losses import tell
from services.registry.intake.trimmed import gap_in, recount
from services.registry.law.rules import Rules
from services.registry.orders.agencies import all_agencies
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency
from shared import telemetry
from shared.clock import now
from shared.contracts import AgencyAnswered, Finding, PostingReceived
from shared.database import reading, transaction
from shared.outbox import stream_of
from shared.trimming import trim_by_age
from shared.wire import Fields, WireError, strict_document

GROUP = "registry"
WAIT_MS = 1_000
LOOK_SECONDS = 1.0
"""How soon a new agency is read, and a broken stream looked at again."""
PAUSE_SECONDS = 1.0
TRIM_SECONDS = 600.0
OWN_PENDING = "0"
"""Position of XREADGROUP: what this consumer was given and had not answered when it was killed."""
LONGEST_ID = 200
EARLIEST = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
LAST_ID = b"18446744073709551615-18446744073709551615"
KNOWN_FIELDS = frozenset({b"data", b"id", b"time", b"traceparent"})

log = structlog.get_logger()


@dataclass(frozen=True)
class Entry:
    """What an agency wrote."""

    agency: Agency
    entry_id: bytes
    fields: Fields


@dataclass
class Streams:
    """The streams that can be read now, by key, and what is wrong with the others."""

    readable: dict[str, Agency] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)
    """Readable ones with an older entry that is not answered yet: nothing newer is read from them."""
    problems: dict[str, str] = field(default_factory=dict)


class IntakeQueue:
    """Reads all agencies' streams into the one door."""

    def __init__(self, settings: RegistrySettings, engine: Engine, vault: Vault, law: Rules | None = None) -> None:
        self.settings, self.engine, self.vault, self.law = settings, engine, vault, law
        self.redis = Redis.from_url(settings.redis_url)
        self.streams = Streams()
        self._closing = asyncio.Event()

    async def run(self) -> None:
        """Read until told to stop. Redis or the database away: wait and go on."""
        looked = trimmed = -math.inf
        clock = asyncio.get_running_loop().time
        while not self._closing.is_set():
            try:
                if clock() - looked > LOOK_SECONDS:
                    await to_thread.run_sync(self._look)
                    await to_thread.run_sync(self._take_older)
                    looked = clock()
                if clock() - trimmed > TRIM_SECONDS:
                    await to_thread.run_sync(self.trim_answers)
                    trimmed = clock()
                if not await to_thread.run_sync(self._take_new, WAIT_MS) and not self._fresh():
                    await self._pause(LOOK_SECONDS)
            except (RedisError, OSError, OperationalError, InterfaceError) as error:
                log.warning("intake_waits", error=type(error).__name__)
                looked = -math.inf
                await self._pause(PAUSE_SECONDS)

    async def stop(self, task: "asyncio.Task[None]") -> None:
        """Let the batch in hand end, then stop."""
        self._closing.set()
        await asyncio.gather(task, return_exceptions=True)
        self.redis.close()

    def drain_once(self) -> int:
        """Take everything there is, pending entries too, and return how many: for counting crash points."""
        self._look()
        taken = self._take_older(idle_ms=0)
        while more := self._take_new(None):
            taken += more
        return taken

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return

    def _look(self) -> None:
        """Which streams there are; groups are made at the very beginning, so that nothing written earlier is missed."""
        with reading(self.engine) as session:
            agencies = {stream_of(PostingReceived, agency.agency_id): agency for agency in all_agencies(session)}
        found = Streams()
        for key, agency in agencies.items():
            problem = self._problem_of(key)
            if problem is None or problem == "STREAM_EXHAUSTED":
                found.readable[key] = agency
            if problem:
                found.problems[key] = problem
        for key in found.problems.keys() - self.streams.problems.keys():
            log.error("agency_stream_broken", stream=key, code=found.problems[key])
        self.streams = found
        for key in found.readable:
            self._note_trimmed(key)

    def _problem_of(self, key: str) -> str | None:
        try:
            self.redis.xgroup_create(key, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                return "STREAM_WRONGTYPE" if "WRONGTYPE" in str(error) else "STREAM_UNREADABLE"
        last: Any = self.redis.xinfo_stream(key)["last-generated-id"]
        return "STREAM_EXHAUSTED" if last == LAST_ID else None

    def _note_trimmed(self, key: str) -> None:
        """Say it loudly where entries were taken away before we read them; what is lost, only its sender has."""
        try:
            gap = gap_in(self.redis, key, GROUP)
            if gap is None:
                return
            if gap.lost > 0:
                with transaction(self.engine) as session:
                    tell(session, self.streams.readable[key].agency_id, gap)
            recount(self.redis, key, GROUP, gap)
        except ResponseError:
            return  # the key or the group is gone, or is no stream any more: the next look says so
        if gap.lost > 0:
            telemetry.TRIMMED.labels("registry", key).inc(gap.lost)
            log.error("agency_stream_broken", stream=key, code="STREAM_TRIMMED", lost=gap.lost)

    def _fresh(self) -> list[str]:
        """The streams of which something new may be read."""
        return [key for key in self.streams.readable if key not in self.streams.behind]

    def _take_new(self, wait_ms: int | None) -> int:
        return self._take_from(dict.fromkeys(self._fresh(), ">"), wait_ms)

    def _take_from(self, keys: dict[Any, Any], wait_ms: int | None) -> int:
        if not keys:
            return 0
        # a fair share each: one agency that sends a flood must not keep the others waiting
        share = max(10, self.settings.intake_batch // len(keys))
        try:
            reply: Any = self.redis.xreadgroup(GROUP, self.settings.consumer, keys, count=share, block=wait_ms)
        except ResponseError:
            self._look()  # a group or a key is gone, or is no stream any more
            return 0
        entries = [
            Entry(self.streams.readable[key.decode()], entry_id, fields)
            for key, found in reply or []
            for entry_id, fields in found
        ]
        taken = self._take(entries)
        for key in {stream_of(PostingReceived, entry.agency.agency_id) for entry in entries}:
            self._note_trimmed(key)  # more may have been written and trimmed right behind what came
        return taken

    def _take_older(self, idle_ms: int | None = None) -> int:
        """What was given out before and never answered, oldest first; then see which streams still wait for some."""
        taken = 0
        while more := self._take_from(dict.fromkeys(self.streams.readable, OWN_PENDING), None):
            taken += more
        taken += self._take_lost(idle_ms)
        self.streams.behind = {key for key in self.streams.readable if self._has_pending(key)}
        return taken

    def _has_pending(self, key: str) -> bool:
        try:
            summary: Any = self.redis.xpending(key, GROUP)
        except ResponseError:
            return True  # the group is gone: the next look makes it again
        return bool(summary["pending"])

    def _take_lost(self, idle_ms: int | None = None) -> int:
        """Entries of a reader that does not come back under its name."""
        idle = self.settings.reclaim_after_ms if idle_ms is None else idle_ms
        taken = 0
        for key, agency in list(self.streams.readable.items()):
            position: Any = b"0-0"
            while True:
                try:
                    position, found, _vanished = self.redis.xautoclaim(
                        key, GROUP, self.settings.consumer, idle, position, count=self.settings.intake_batch
                    )
                except ResponseError:
                    self._look()
                    break
                taken += self._take([Entry(agency, entry_id, fields) for entry_id, fields in found])
                if position == b"0-0":
                    break
        return taken

    def _take(self, entries: Sequence[Entry]) -> int:
        size = self.settings.intake_batch
        for start in range(0, len(entries), size):
            batch = entries[start : start + size]
            if there := [entry for entry in batch if entry.fields]:  # one deleted while pending has no fields left
                self._answer(there)
            self._remove(batch)
        return len(entries)

    def _answer(self, entries: Sequence[Entry]) -> None:
        """Receipts for all in one transaction; one by one if that fails, so that one fault is one entry's alone."""
        try:
            self._receive(entries, [arrival_of(entry) for entry in entries])
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            if len(entries) > 1:
                for entry in entries:
                    self._answer([entry])
                return
            log.error("intake_fault", entry_id=entries[0].entry_id.decode(), error=type(error).__name__)
            self._receive(entries, [_ours_to_mend(entries[0])])

    def _receive(self, entries: Sequence[Entry], arrivals: Sequence[Arrival]) -> None:
        with telemetry.span("take posting.received.v1"), transaction(self.engine) as session:
            for agency, own in _by_agency(entries, arrivals):
                receipts = receive(session, own, agency, self.vault, law=self.law)
                for receipt in receipts:
                    codes = [found.code for found in receipt.findings if found.severity == "refusal"]
                    log.info("received", agency=str(agency.agency_id), outcome=receipt.outcome, codes=codes)

    def trim_answers(self) -> int:
        """Cut agencies' answers that are older than we promise to keep them there; how many entries went."""
        keep = timedelta(hours=self.settings.keep_hours)
        keys = [stream_of(AgencyAnswered, own.agency_id) for own in self.streams.readable.values()]
        return sum(trim_by_age(self.redis, key, keep) for key in keys)

    def _remove(self, entries: Sequence[Entry]) -> None:
        with self.redis.pipeline(transaction=True) as pipe:
            for entry in entries:
                key = stream_of(PostingReceived, entry.agency.agency_id)
                pipe.xack(key, GROUP, entry.entry_id)
                pipe.xdel(key, entry.entry_id)
            pipe.execute()


def _by_agency(entries: Iterable[Entry], arrivals: Iterable[Arrival]) -> Iterable[tuple[Agency, list[Arrival]]]:
    grouped: dict[UUID, tuple[Agency, list[Arrival]]] = {}
    for entry, arrival in zip(entries, arrivals, strict=True):
        grouped.setdefault(entry.agency.agency_id, (entry.agency, []))[1].append(arrival)
    return grouped.values()


def arrival_of(entry: Entry) -> Arrival:
    """The document in an entry, or what is wrong with the entry."""
    where = entry.entry_id.decode("ascii", "replace")
    findings = [finding("ENTRY_FIELD_UNKNOWN", where) for name in entry.fields if name not in KNOWN_FIELDS][:1]
    findings += _of_time(entry.fields.get(b"time"))
    identity, fault = _identity(entry)
    findings += [fault] if fault else []
    raw = entry.fields.get(b"data")
    if raw is None:
        utf8 = all(_is_utf8(name) for name in entry.fields)
        findings.append(finding("ENVELOPE_MISSING" if utf8 else "ENVELOPE_NOT_UTF8", where))
        return Arrival(where, None, "queue", identity, tuple(findings), _all_bytes(entry.fields))
    try:
        return Arrival(where, strict_document(raw), "queue", identity, tuple(findings))
    except WireError as error:
        findings.append(of_wire(error))
        return Arrival(where, None, "queue", identity, tuple(findings), raw)


def _identity(entry: Entry) -> tuple[UUID, Finding | None]:
    """The submission's id: the sender's own, else derived from the stream and the entry."""
    agency_id = entry.agency.agency_id
    derived = uuid5(agency_id, f"entry|{entry.entry_id.decode('ascii', 'replace')}")
    raw = entry.fields.get(b"id")
    if raw is None:
        return derived, None
    if not 0 < len(raw) <= LONGEST_ID or not _is_utf8(raw):
        return derived, finding("EVENT_ID_INVALID", "id")
    return uuid5(agency_id, f"id|{raw.decode()}"), None


def _of_time(raw: bytes | None) -> list[Finding]:
    if raw is None:
        return []
    try:
        instant = datetime.fromisoformat(raw.decode())
    except ValueError:
        return [finding("TIME_INVALID", "time")]
    if instant.tzinfo is None:
        return [finding("TIME_INVALID", "time")]
    return [] if EARLIEST <= instant <= now() + timedelta(days=1) else [finding("TIME_OUT_OF_RANGE", "time")]


def _ours_to_mend(entry: Entry) -> Arrival:
    identity, _ = _identity(entry)
    where = entry.entry_id.decode("ascii", "replace")
    return Arrival(where, None, "queue", identity, (finding("INTAKE_FAULT", where),), _all_bytes(entry.fields))


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _all_bytes(fields: Fields) -> bytes:
    return b"\n".join(name + b"=" + value for name, value in fields.items())
