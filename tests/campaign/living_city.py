"""How is a real city run so that anyone in it can be killed? Services as processes, Valkey on a socket."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from redis import Redis

from tests.campaign.kept import Kept, kept, unfinished
from tests.servers import LocalRedis, local_redis, short_directory, wait_until

SERVICES = ("registry", "matching", "notify")
TOKEN = "invented for the campaign, opens nothing"
START_SECONDS = 90
REST_SECONDS = 180


@dataclass
class Service:
    """One service, and how often it was killed."""

    name: str
    directory: Path
    redis_url: str
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    kills: int = field(default=0, init=False)

    @property
    def store(self) -> Path:
        return self.directory / f"{self.name}.sqlite"

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    def start(self) -> None:
        """From the main thread only: its leash is held by the thread that starts it."""
        command = ("-m", "deploy.cli", "serve", self.name, "--socket", str(self.directory / f"{self.name}.s"))
        leash = (sys.executable, "-P", "-m", "deploy.local.leash", str(os.getpid()), sys.executable, "-P", *command)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                leash, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self._told()}
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        transport = httpx.HTTPTransport(uds=str(self.directory / f"{self.name}.s"))
        headers = {"Authorization": f"Bearer {TOKEN} operator"}
        with httpx.Client(transport=transport, base_url="http://city", headers=headers, timeout=60) as client:
            yield client

    def ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.state()
        try:
            with self.client() as client:
                return client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def state(self) -> str:
        ended = self.process.poll() if self.process else "never started"
        return f"{self.name} ended with {ended}\n{self.last_words()}"

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def suppressed(self) -> int:
        """How many deliveries it knew to be repeats, over all its lives."""
        return self.log.read_text(errors="replace").count('"outcome": "duplicate"')

    def _told(self) -> dict[str, str]:
        told = {
            "redis_url": self.redis_url,
            "database_url": f"sqlite:///{self.store}",
            "consumer": "one",
            "session_key": TOKEN,
            **({"vault_key": TOKEN, "pseudonym_key": TOKEN} if self.name == "registry" else {}),
            "operator_token": f"{TOKEN} operator",
            "service_token": f"{TOKEN} service",
            "reclaim_after_ms": "5000",
        }
        return {f"{self.name}_{name}".upper(): value for name, value in told.items()}


class LivingCity:
    """Three services and their Valkey."""

    def __init__(self, directory: Path, valkey: LocalRedis) -> None:
        self.valkey = valkey
        self.redis = Redis.from_url(valkey.url, retry=None)  # its own retries would hide what a kill does to a sender
        self.services = {name: Service(name, directory, valkey.url) for name in SERVICES}

    def start(self) -> None:
        for service in self.services.values():
            service.start()
        for service in self.services.values():
            wait_until(service.ready, f"{service.name} to be ready", service.last_words, START_SECONDS)

    def ask(self, service: str, path: str, **query: str) -> Any:
        with self.services[service].client() as client:
            return client.get(path, params=query).raise_for_status().json()

    def certificate(self) -> Any:
        """Have everything compared with a recompute, and wait for what is found."""
        with self.services["matching"].client() as client:
            asked = client.post("/api/v1/matching/proofs", json={}).raise_for_status().json()

        def found() -> Any:
            return self.ask("matching", f"/api/v1/matching/proofs/{asked['number']}")["certificate"]

        wait_until(found, "the proof to be made", lambda: "", START_SECONDS)
        return found()

    def tell_registry(self, path: str, document: dict[str, Any]) -> Any:
        """As a program that will not take no for an answer: it asks again until it has one."""
        with self.services["registry"].client() as client:
            deadline = time.monotonic() + START_SECONDS
            while True:
                try:
                    answer = client.post(path, json=document)
                except httpx.TransportError:
                    assert time.monotonic() < deadline, (
                        f"registry did not come back\n{self.services['registry'].state()}"
                    )
                    time.sleep(0.1)
                else:
                    return answer.raise_for_status().json()

    def pending(self, service: str) -> int:
        """How many entries its groups were given and have not acknowledged."""
        keys: Any = self.redis.scan_iter(type="STREAM")
        groups = [group for key in keys for group in self.redis.xinfo_groups(key)]
        return sum(group["pending"] for group in groups if group["name"].decode().partition("-")[0] == service)

    def kept(self) -> Kept:
        return kept([service.store for service in self.services.values()], self.redis)

    def rest(self, arrived: Callable[[Kept], bool]) -> Kept:
        """Wait until everything that was sent has arrived and nothing moves any more."""

        def at_rest() -> bool:
            found = self.kept()
            return arrived(found) and not unfinished(found)

        wait_until(at_rest, "the city to come to rest", lambda: "\n".join(unfinished(self.kept())[:50]), REST_SECONDS)
        return self.kept()


@contextmanager
def living_city() -> Iterator[LivingCity]:
    with ExitStack() as stack:
        directory = stack.enter_context(short_directory())
        valkey = stack.enter_context(local_redis("valkey", "--appendfsync", "always"))
        city = LivingCity(directory, valkey)
        for service in city.services.values():
            stack.callback(service.end)
        city.start()
        yield city


def as_events(lines: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """The lines of a stream as subject and data."""
    return [(subject, json.loads(data)) for subject, _, data in (line.partition(" ") for line in lines)]


def new_agency(city: LivingCity, name: str) -> UUID:
    return UUID(city.tell_registry("/api/v1/registry/agencies", {"name": name, "licence": "유료"})["agency_id"])
