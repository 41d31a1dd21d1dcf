"""What is left when a service is killed at any instruction of its work, and starts again?

One trial: lay down the moment before the service's turn, kill it before its k-th call of one name, let everything
recover, and compare with a run in which nobody was killed. Then k + 1, until there is no k-th call; then the next name.
"""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol, cast

from redis import Redis

from tests.campaign.fork_server import ForkServer
from tests.campaign.kept import Kept, differences
from tests.campaign.strace import calls_of, kill_before
from tests.servers import local_redis, short_directory

WORKERS = 2


class Scene(Protocol):
    """A module whose functions run in forked children."""

    __name__: str

    @property
    def SERVICES(self) -> tuple[str, ...]:  # noqa: N802 - a constant of the module
        """In the order in which they take their turns."""


@dataclass(frozen=True)
class Moment:
    """Everything that outlives a process, at one moment."""

    files: dict[str, bytes]
    keys: dict[bytes, bytes]


@dataclass(frozen=True)
class Point:
    """Where a service was killed."""

    service: str
    call: str
    k: int

    def __str__(self) -> str:
        return f"killed before {self.call} {self.k} of {self.service}"


@dataclass(frozen=True)
class Story:
    """A run in which nobody was killed: the moment before each turn, and what is kept in the end."""

    moments: dict[str, Moment]
    end: Kept


@dataclass
class Walk:
    """What was found on the way over the points."""

    points: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: dict[Point, list[str]] = field(default_factory=dict)
    seconds: float = 0.0

    def __iadd__(self, other: "Walk") -> "Walk":
        self.points += other.points
        self.broken |= other.broken
        return self

    def figures(self) -> dict[str, Any]:
        services = sorted({service for service, _ in self.points})
        return {
            "points": {s: {call: n for (of, call), n in sorted(self.points.items()) if of == s} for s in services},
            "total": self.points.total(),
            "broken": {str(point): wrong[:5] for point, wrong in self.broken.items()} or 0,
            "seconds": round(self.seconds),
        }


class Rig:
    """A fork server, a Valkey and a directory: where trials are run, one at a time."""

    def __init__(self, scene: Scene, server: ForkServer, redis_url: str, directory: Path) -> None:
        self.scene, self.server, self.redis_url = scene, server, redis_url
        self.redis = Redis.from_url(redis_url)
        self.stores, self.record = directory / "stores", directory / "calls"

    def story(self, bug: str | None = None) -> Story:
        self.lay(Moment({}, {}))
        self.run("begin", bug=bug)
        moments = {}
        for service in self.scene.SERVICES:
            moments[service] = self.keep()
            self.run("drain", service=service, bug=bug)
        return Story(moments, self.run("recover", bug=bug))

    def calls(self, story: Story, service: str) -> Counter[str]:
        """The calls with an effect that the service makes in its turn."""
        self.lay(story.moments[service])
        return calls_of(self.server, self.record, "drain", **self._place(service=service, bug=None))

    def trial(self, story: Story, point: Point, bug: str | None = None) -> list[str] | None:
        """What is not as it should be after the kill; None when it never came to that call."""
        self.lay(story.moments[point.service])
        place = self._place(service=point.service, bug=bug)
        if not kill_before(self.server, point.call, point.k, "drain", **place):
            return None
        return differences(story.end, self.run("recover", bug=bug))

    def run(self, task: str, **arguments: Any) -> Any:
        return self.server.run(task, **self._place(**arguments))

    def lay(self, moment: Moment) -> None:
        shutil.rmtree(self.stores, ignore_errors=True)
        self.stores.mkdir(parents=True)
        for name, content in moment.files.items():
            (self.stores / name).write_bytes(content)
        self.redis.flushall()
        for key, value in moment.keys.items():
            self.redis.restore(key, 0, value)

    def keep(self) -> Moment:
        files = {path.name: path.read_bytes() for path in self.stores.iterdir()}
        keys = cast(list[bytes], self.redis.keys())
        return Moment(files, {key: cast(bytes, self.redis.dump(key)) for key in keys})

    def _place(self, **arguments: Any) -> dict[str, Any]:
        return {"directory": str(self.stores), "redis_url": self.redis_url, **arguments}


@contextmanager
def rig(scene: Scene) -> Iterator[Rig]:
    with short_directory() as directory, local_redis("valkey") as redis:
        server = ForkServer(scene.__name__, directory / "log")
        try:
            yield Rig(scene, server, redis.url, directory)
        finally:
            server.close()


def walk(scene: Scene) -> Walk:
    """Every point of every service. Two workers take the odd and the even k."""
    started, found = time.monotonic(), Walk()
    with ThreadPoolExecutor(WORKERS) as workers:
        for part in workers.map(lambda first: _walk_every(scene, first, WORKERS), range(1, WORKERS + 1)):
            found += part
    found.seconds = time.monotonic() - started
    return found


def _walk_every(scene: Scene, first: int, step: int) -> Walk:
    found = Walk()
    with rig(scene) as here:
        for point, wrong in _trials(here, here.story(), first=first, step=step):
            found.points[point.service, point.call] += 1
            if wrong:
                found.broken[point] = wrong
    return found


def _trials(
    here: Rig, story: Story, bug: str | None = None, *, first: int = 1, step: int = 1
) -> Iterator[tuple[Point, list[str]]]:
    calls = {(s, call): n for s in here.scene.SERVICES for call, n in here.calls(story, s).items()}
    for service, call in sorted(calls, key=lambda pair: calls[pair]):  # a bug shows sooner at what is done seldom
        for k in count(first, step):
            point = Point(service, call, k)
            wrong = here.trial(story, point, bug)
            if wrong is None:
                break
            yield point, wrong


@dataclass(frozen=True)
class Caught:
    """How a planted bug showed itself; by `None` when nobody even had to be killed."""

    by: Point | None
    wrong: list[str]

    def __str__(self) -> str:
        return f"{self.by or 'nobody killed'}: {len(self.wrong)} differences, such as {self.wrong[0]}"


def catch(here: Rig, sound: Story, bug: str) -> Caught | None:
    """The first point at which a planted bug shows."""
    story = here.story(bug)
    if wrong := differences(sound.end, story.end):
        return Caught(None, wrong)
    return next((Caught(point, wrong) for point, wrong in _trials(here, story, bug) if wrong), None)
