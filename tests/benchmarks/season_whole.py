"""Does a hiring season of a whole city go through? `python -m tests.benchmarks.season_whole [SEEKERS [FILE]]`

A real matching process on a store with `synchronous=FULL`, a real Redis with `appendfsync always`, a fifth as many
postings as seekers, and the commands that an operator types. People and postings come, change and go all the time.
Everything is matched anew; the process is killed with SIGKILL while it fits, scores, at edges of blocks, while it is
switching and while it is saying, and started again each time. Then every list is compared with a recompute of
everything, and the season is planned under limits.

FILE: a store as `tests.benchmarks.season_store` makes it; without it one is made here.
"""

import json
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil

from services.matching import store
from services.matching.bench.made import SEEKERS_A_POSTING
from services.matching.engine.profiles import SIDES, Side
from shared.command import show_table
from shared.database import open_engine, reading
from tests.benchmarks import season_store
from tests.benchmarks.season_arrivals import Arrival, Arrivals
from tests.journey.city import COMMAND, lives, wait_for
from tests.servers import local_redis, short_directory
from tests.small_http import Answering, served

SEEKERS, SEED = 2_000, 11
QUIET_SECONDS = 60.0
LONGEST_SECONDS = 7_200.0
LOOK_SECONDS = 0.1
READ_BY_THEN_SECONDS = 60.0
"""Within which the process of a certificate takes its view: registry's digest is taken before, and nobody may come in
between, or all is recomputed once more."""
TOKEN = "for this run only"
REMATCHES = "/api/v1/matching/rematches"
MIB = 2**20
Rows = list[tuple[str, str]]
Progress = dict[str, Any]


def main(seekers: int, filled: Path | None) -> None:
    with local_redis("redis", "--appendfsync", "always") as redis, short_directory() as folder:
        path = folder / "matching.sqlite"
        if filled:
            shutil.copy(filled, path)
        else:
            season_store.main(path, seekers)
        whole = Whole(Service(folder, path, redis.url), Arrivals(redis.url, live(path), SEED))
        with whole.service, whole.arrivals, front(whole) as url:
            rows = [*whole.quiet(), *whole.season(url), *whole.certificate(url), *whole.plan(url), *whole.told()]
            rows += [("memory of Redis", _mebibytes(redis.client().info("memory")["used_memory_peak"]))]
    title = f"{seekers:,} seekers, {seekers // SEEKERS_A_POSTING:,} postings; load {os.getloadavg()[1]:.1f}"
    show_table(("figure", "value"), rows, title=title)


def live(path: Path) -> dict[Side, dict[UUID, int]]:
    engine = open_engine(f"sqlite:///{path}")
    with reading(engine) as session:
        found = {side: dict(store.live_revisions(session, side)) for side in SIDES}
    engine.dispose()
    return found


# --- the process -----------------------------------------------------------------------------------------------------


def a_free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Service:
    """Matching as a process of its own, which may be killed; what of it was seen to take how much memory."""

    folder: Path
    path: Path
    redis_url: str
    port: int = field(default_factory=a_free_port)
    starts: list[float] = field(default_factory=list)
    """Seconds until each start was ready."""
    away: list[tuple[float, float]] = field(default_factory=list)
    peaks: dict[str, int] = field(default_factory=dict)
    """Largest memory in bytes, by who."""

    def __enter__(self) -> "Service":
        key = {"Authorization": f"Bearer {TOKEN}"}
        self._client = httpx.Client(base_url=self.url, headers=key, timeout=LONGEST_SECONDS)
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look_at_memory)
        self.start()
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()
        self.process.terminate()
        self.process.wait()
        self._client.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        settings = {
            "REDIS_URL": self.redis_url,
            "DATABASE_URL": f"sqlite:///{self.path}",
            "PROOF_HOUR": "23",
            **dict.fromkeys(("SESSION_KEY", "OPERATOR_TOKEN", "SERVICE_TOKEN"), TOKEN),
        }
        environment = {**os.environ, **{f"MATCHING_{name}": value for name, value in settings.items()}}
        started = time.monotonic()
        with (self.folder / "log").open("ab") as log:
            command = [*COMMAND, "serve", "matching", "--port", str(self.port)]
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        wait_for(self._is_ready, LONGEST_SECONDS, "matching to be ready")
        self.starts.append(time.monotonic() - started)

    def kill_and_start(self) -> None:
        killed_at = time.monotonic()
        beside = [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]
        self.process.kill()
        self.process.wait()
        wait_for(lambda: not any(map(lives, beside)), LONGEST_SECONDS, "the end of all it had started")
        self.start()
        self.away.append((killed_at, time.monotonic()))

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = self.get("/api/v1/matching/status")
        return told

    def get(self, path: str) -> Any:
        return self._client.get(path).raise_for_status().json()

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, (self.folder / "log").read_text(errors="replace")[-2_000:]
        try:
            return self._client.get("/health/ready").is_success
        except httpx.TransportError:
            return False

    def _look_at_memory(self) -> None:
        while not self._done.wait(0.5):
            for name, peak in _peaks(self.process.pid):
                self.peaks[name] = max(self.peaks.get(name, 0), peak)


def _peaks(pid: int) -> Iterator[tuple[str, int]]:
    """The most memory that the service, its processes beside and their workers have had so far."""
    try:
        service = psutil.Process(pid)
        yield "service", _peak(pid)
        for beside in service.children():
            name = beside.cmdline()[-1].rpartition(".")[2]
            yield name, _peak(beside.pid)
            for worker in beside.children():
                yield f"a worker of {name}", _peak(worker.pid)
    except (psutil.Error, OSError, IndexError):
        return  # it ended meanwhile


def _peak(pid: int) -> int:
    told = Path(f"/proc/{pid}/status").read_text("utf-8")
    return next((int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith("VmHWM")), 0)


@contextmanager
def front(whole: "Whole") -> Iterator[str]:
    """One address for the commands; in registry's place stands who sent everything, and tells the digest of it."""

    class Front(Answering):
        def do_GET(self) -> None:
            if self.path == "/api/v1/registry/digest":
                told = {side: digest.model_dump() for side, digest in whole.arrivals.digests().items()}
                self.answer(200, json.dumps(told).encode())
            else:
                self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
            url = f"{whole.service.url}{self.path}"
            try:
                answer = httpx.request(self.command, url, headers=kept, content=body, timeout=LONGEST_SECONDS)
            except httpx.TransportError:
                self.answer(502, b"{}")
            else:
                self.answer(answer.status_code, answer.content)

    with served(Front) as url:
        yield url


# --- the season ------------------------------------------------------------------------------------------------------


def is_fitting(one: Progress) -> bool:
    return bool(one["state"] == "fitting")


def has_made(share: float) -> Callable[[Progress], bool]:
    return lambda one: one["state"] == "scoring" and one["made"] >= share * one["total"] > 0


def is_scored(one: Progress) -> bool:
    return bool(one["state"] == "scored")


def has_said(share: float) -> Callable[[Progress], bool]:
    return lambda one: one["state"] == "saying" and one["unsaid"] <= (1 - share) * one["total"]


KILLS: Sequence[tuple[str, Callable[[Progress], bool], bool]] = (
    ("fitting", is_fitting, False),
    ("scoring", has_made(0.05), False),
    ("edge of a block", has_made(0.3), True),
    ("edge of a block", has_made(0.7), True),
    ("switching", is_scored, False),
    ("saying", has_said(0.05), False),
    ("saying", has_said(0.6), False),
)
"""In which phase, when, and whether just after a block was kept."""


@dataclass
class Whole:
    """One season, from the quiet before to the plan."""

    service: Service
    arrivals: Arrivals
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Of the monotonic clock, by what went on."""

    def quiet(self) -> Rows:
        with self._during("quiet"):
            time.sleep(QUIET_SECONDS)  # nothing to wait for: this long people come
        return [("start from the store, ready to hear", f"{self.service.starts[0]:.1f} s"), *self._latency("quiet")]

    def season(self, url: str) -> Rows:
        """Everything matched anew by the command, killed on the way and followed again."""
        kills: list[str] = []
        with self._during("season"):
            command = self._command(url, "rematch", "--season", "2027 봄 공채", "--json")
            rematch_id = wait_for(self._newest, LONGEST_SECONDS, "a rematch that was begun")["rematch_id"]
            phases = self._follow(rematch_id, kills)
            command.kill()
            command.wait()
            done = json.loads(self._run(url, "rematch", "--watch", "--json"))
        share = done["shares"][0]
        pairs = len(self.arrivals.live["seeker"]) * len(self.arrivals.live["posting"])
        seconds = self._seconds("season")
        changes = {key: sum(one[key] for one in share["changes"]) for key in ("seekers", "new", "risen", "gone")}
        return [
            ("season, from asked to said, with all kills", f"{seconds:,.0f} s"),
            *((f"season, {name}", f"{spent:,.0f} s") for name, spent in phases.items()),
            ("season, lists", f"{share['total']:,}"),
            ("season, pairs scored a second of scoring", f"{pairs / phases['scoring']:,.0f}"),
            ("season, seekers with changes; pairs new, risen, gone", ", ".join(f"{n:,}" for n in changes.values())),
            ("season, outcome", str(done["outcome"])),
            ("killed with SIGKILL", f"{len(kills)} ×: {', '.join(kills)}"),
            ("started again after a kill, ready to hear", f"{statistics.median(self.service.starts[1:]):.1f} s median"),
            *self._latency("season"),
        ]

    def _follow(self, rematch_id: str, kills: list[str]) -> dict[str, float]:
        """Kill it where it is to be killed; how many seconds it was seen in each phase while it was up."""
        phases: dict[str, float] = {}
        coming, made, looked_at = list(KILLS), 0, time.monotonic()
        while True:
            told = self.service.get(f"{REMATCHES}/{rematch_id}")
            if told["finished_at"]:
                return phases
            share = next(iter(told["shares"]), None)
            if share:
                phases[share["state"]] = phases.get(share["state"], 0) + time.monotonic() - looked_at
            looked_at = time.monotonic()
            if share and coming and coming[0][1](share) and (not coming[0][2] or made < share["made"]):
                kills.append(f"{coming.pop(0)[0]} ({share['made']:,} made, {share['unsaid']:,} unsaid)")
                print(kills[-1], phases, flush=True)  # noqa: T201 - so that one sees how far it is
                self.service.kill_and_start()
                looked_at = time.monotonic()
            made = share["made"] if share else 0
            time.sleep(LOOK_SECONDS)

    def _newest(self) -> Progress | None:
        newest: list[Progress] = self.service.get(REMATCHES)
        return newest[0] if newest else None

    def certificate(self, url: str) -> Rows:
        """By the command, while people come; they rest only until it has taken its view."""
        with self._during("certificate"):
            self.arrivals.resting.set()
            wait_for(self._has_heard, LONGEST_SECONDS, "matching to hear of everyone")
            threading.Thread(target=self._come_again, daemon=True).start()
            told = json.loads(self._run(url, "certify", "--json"))
            self.arrivals.resting.clear()
        same = told["streamed_sha256"] == told["recomputed_sha256"]
        shard = told["by_shard"][0]
        return [
            ("certificate, whole", f"{told['seconds']:,.0f} s"),
            ("certificate, pairs on lists", f"{told['pairs']:,} streamed, {told['recomputed']:,} recomputed"),
            *(("certificate, " + name, f"{told[name]:,}") for name in ("missed", "invented", "different", "wrong")),
            ("certificate, in hand", f"{told['pending']:,}"),
            ("certificate, digests of pairs", f"{'equal' if same else 'OTHERS'}: {told['streamed_sha256'][:16]}"),
            ("certificate, digests of lists", "equal" if shard["streamed_sha256"] == shard["recomputed_sha256"]
             else "OTHERS"),
            ("certificate, holds what was sent", str(all(told["holds_what_registry_holds"].values()))),
            ("certificate, agrees", str(told["agrees"])),
            *self._latency("certificate"),
        ]  # fmt: skip

    def _come_again(self) -> None:
        wait_for(lambda: "proving" in self.service.peaks, LONGEST_SECONDS, "the process of a certificate")
        time.sleep(READ_BY_THEN_SECONDS)  # nobody tells when it has taken its view
        self.arrivals.resting.clear()

    def plan(self, url: str) -> Rows:
        """Three referrals a seeker, two candidates a place, and counselors for one referral a seeker of theirs."""
        capacity = max(1, len(self.arrivals.live["seeker"]) // season_store.CAFES)
        limits = ("--of-seeker", "3", "--of-place", "2", "--of-cafe", str(capacity))
        with self._during("plan"):
            told = json.loads(self._run(url, "assign", *limits, "--json"))
        rows = [("plan, whole", f"{self._seconds('plan'):.0f} s"), ("plan, limits", " ".join(limits))]
        for name in ("plain", "planned"):
            one = told[name]
            rows += [
                (f"{name}: referrals, mean fit", f"{one['referrals']:,}, {one['mean_fit'] / 100:.2f}"),
                (f"{name}: seekers with an offer", f"{one['seekers_with_an_offer']:,} of {one['seekers']:,}"),
                (f"{name}: postings, places with a candidate",
                 f"{one['postings_with_a_candidate']:,} of {one['postings']:,}, "
                 f"{one['places_with_a_candidate']:,} of {one['places']:,}"),
                (f"{name}: largest crowd, referrals beyond a limit",
                 f"{one['largest_crowd']:,}, {one['beyond_capacity']:,}"),
            ]  # fmt: skip
        return [*rows, *self._latency("plan")]

    def told(self) -> Rows:
        """What was heard in all, and the memory of each process."""
        self.arrivals.resting.set()
        wait_for(self._has_heard, LONGEST_SECONDS, "matching to hear of everyone")
        said = self.arrivals.said
        return [
            ("events that came meanwhile", f"{self.arrivals.events:,}"),
            ("lists said, said twice", f"{len(said.by):,}, {said.twice:,}"),
            *((f"memory, {name}", _mebibytes(peak)) for name, peak in self.service.peaks.items()),
            ("store on disk", _mebibytes(sum(one.stat().st_size for one in self.service.folder.glob("matching.sql*")))),
            ("memory, of this program", _mebibytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)),
        ]

    def _has_heard(self) -> bool:
        told = self.service.status()
        return not told["unsaid"] and all(not one["lag"] and not one["pending"] for one in told["streams"])

    @contextmanager
    def _during(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        print(f"{name}…", flush=True)  # noqa: T201 - so that one sees how far it is
        yield
        self.spans[name] = started, time.monotonic()

    def _seconds(self, name: str) -> float:
        first, last = self.spans[name]
        return last - first

    def _latency(self, name: str) -> Rows:
        """From sent to said; those who had to wait for a start, or for those who had, are told apart."""
        came = self.arrivals.between(*self.spans[name])
        waited = [one for one in came if self._was_away(one)]
        both: Mapping[str, Sequence[Arrival]] = {
            name: [one for one in came if one not in waited],
            f"{name}, over a kill": waited,
        }
        return [
            (f"a newcomer's list said, {of}", _tails([one.said_at - one.sent_at for one in some if one.said_at]))
            for of, some in both.items()
            if some
        ]

    def _was_away(self, one: Arrival) -> bool:
        """Whether it waited for a start, or behind those who had come before it."""
        until = one.said_at or one.sent_at
        return any(one.sent_at < self._worked_off(back) and killed < until for killed, back in self.service.away)

    def _worked_off(self, back: float) -> float:
        """When all was said of those who came before this start."""
        return max([back, *(one.said_at for one in self.arrivals.sent if one.sent_at < back and one.said_at)])

    def _run(self, url: str, *words: str) -> str:
        command = self._command(url, *words)
        out, _ = command.communicate(timeout=LONGEST_SECONDS)
        assert command.returncode in {0, 1}, f"{words}: exit {command.returncode}"
        return out

    def _command(self, url: str, *words: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "ILJARI_URL": url, "ILJARI_OPERATOR_TOKEN": TOKEN}
        return subprocess.Popen([*COMMAND, *words], env=environment, stdout=subprocess.PIPE, text=True)


def _tails(seconds: Sequence[float]) -> str:
    if len(seconds) < 2:
        return f"{len(seconds)} came"
    p99 = statistics.quantiles(seconds, n=100)[-1]
    most = f"most {max(seconds) * 1e3:,.0f}"
    return f"p50 {statistics.median(seconds) * 1e3:,.0f} ms, p99 {p99 * 1e3:,.0f} ms, {most} ms of {len(seconds)}"


def _mebibytes(size: float) -> str:
    return f"{size / MIB:,.0f} MiB"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    asked = sys.argv[1:]
    main(int(asked[0]) if asked else SEEKERS, Path(asked[1]) if asked[1:] else None)
