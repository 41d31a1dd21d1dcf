"""Told once, never forgotten: the one who sends is killed at every call with an effect, and at random moments.

By mail a copy may come for each kill inside the send window, under the same Message-ID and counted as unknown; a
webhook is called under one id. Nothing is lost silently: each delivery ends as sent.
"""

import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.registry.api.contacts import contact_api
from services.registry.orders.agencies import add_agency
from services.registry.people.contacts import keep_contact
from services.registry.people.master_keys import MasterKeys
from services.registry.people.vault import Vault
from services.registry.tables import Table
from shared.database import SpineTable, open_engine, transaction
from tests.campaign import delivery_scene
from tests.campaign.conftest import Report
from tests.campaign.delivery_scene import AGENCY, DUE_AT, ITEMS, LATER, PLANTED
from tests.campaign.fork_server import ForkServer
from tests.campaign.strace import calls_of, kill_before
from tests.catchers import Hooked, MailServer, mail_server, webhook
from tests.journey.serving import serving
from tests.servers import short_directory

pytestmark = [pytest.mark.campaign, pytest.mark.long, pytest.mark.usefixtures("strace")]

SECTION = "told once: a digest of three by mail and webhook"
WORKERS = 2
RANDOM_KILLS = 200
SEED = 20261129


@dataclass
class Found:
    """What became of some trials."""

    trials: int = 0
    killed: int = 0
    copies: Counter[str] = field(default_factory=Counter)
    """By channel, beyond the one."""
    unknown: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    points: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: "Found") -> "Found":
        self.trials += other.trials
        self.killed += other.killed
        self.points += other.points
        self.copies += other.copies
        self.unknown += other.unknown
        self.lost += other.lost
        self.broken += other.broken
        return self

    def figures(self) -> dict[str, Any]:
        return {
            "trials": self.trials,
            "killed": self.killed,
            "copies": dict(self.copies),
            "unknown outcomes": dict(self.unknown),
            "silent losses": len(self.lost),
            "broken": self.broken[:5] or 0,
        }


@dataclass
class Rig:
    """Registry, a mail server, a webhook, and a place where the sender is killed."""

    server: ForkServer
    folder: Path
    mail: MailServer
    hook: Hooked
    registry_url: str

    @property
    def stores(self) -> Path:
        return self.folder / "stores"

    def prepare(self) -> None:
        self.stores.mkdir()
        self.run("begin")
        shutil.copytree(self.stores, self.folder / "before")

    def lay(self) -> None:
        shutil.rmtree(self.stores)
        shutil.copytree(self.folder / "before", self.stores)
        self.mail.letters.clear()
        self.hook.calls.clear()

    def run(self, task: str, **more: Any) -> Any:
        return self.server.run(task, **self.place(**more))

    def place(self, **more: Any) -> dict[str, Any]:
        where = {"directory": str(self.stores), "registry_url": self.registry_url, "smtp_url": self.mail.url}
        return where | more

    def sending(self, bug: str | None = None) -> dict[str, Any]:
        return self.place(at=DUE_AT.isoformat(), bug=bug)

    def aftermath(self, name: str, *, killed: bool, bug: str | None = None) -> Found:
        """Start the sender again, twice, and see who got what."""
        for at in LATER:
            self.run("bring", at=at.isoformat(), bug=bug)
            rows = {row["channel"]: row for row in self.run("told")}
            if rows and all(row["state"] in ("sent", "refused") for row in rows.values()):
                break
        found = Found(trials=1, killed=killed)
        taken = {
            "email": [(letter["Message-ID"], letter.get_content()) for letter in self.mail.letters],
            "webhook": [(call.headers["webhook-id"], call.body.decode()) for call in self.hook.calls],
        }
        for channel, copies in taken.items():
            row = rows.get(channel)
            if not copies or row is None:
                found.lost.append(f"{name}: nothing came by {channel}")
                continue
            found.copies[channel] += len(copies) - 1
            found.unknown[channel] += row["unknown"]
            found.broken += [f"{name}: {channel}: {wrong}" for wrong in wrongs(channel, copies, row, killed=killed)]
        return found


def wrongs(channel: str, copies: list[tuple[str, str]], row: dict[str, Any], *, killed: bool) -> list[str]:
    """What is not as it was promised."""
    told = []
    if len({identity for identity, _ in copies}) > 1:
        told.append("two identities")
    if len({body for _, body in copies}) > 1:
        told.append("two texts under one identity")
    if len(copies) > 1 + killed:
        told.append(f"{len(copies)} copies")
    if len(copies) - 1 > row["unknown"]:
        told.append("a copy that was not counted as unknown")
    if row["state"] != "sent":
        told.append(f"ended as {row['state']} {row['reason']}")
    items = copies[0][1].count("\n· ") // 2 if channel == "email" else len(json.loads(copies[0][1])["data"]["items"])
    if items != ITEMS:
        told.append(f"{items} items")
    return told


@contextmanager
def rig() -> Iterator[Rig]:
    with ExitStack() as opened:
        folder = opened.enter_context(short_directory())
        mail, hook = opened.enter_context(mail_server()), opened.enter_context(webhook())
        url = opened.enter_context(registry_of(folder, hook.url))
        server = ForkServer(delivery_scene.__name__, folder / "log")
        opened.callback(server.close)
        here = Rig(server, folder, mail, hook, url)
        here.prepare()
        yield here


@contextmanager
def registry_of(folder: Path, hook_url: str) -> Iterator[str]:
    """A registry that knows an agency's mail address and webhook."""
    url = f"sqlite:///{folder}/registry.sqlite"
    engine = open_engine(url)
    for metadata in (Table.metadata, SpineTable.metadata):
        metadata.create_all(engine)
    vault = Vault(MasterKeys(SecretStr("v")), SecretStr("p"))
    with transaction(engine) as session:
        add_agency(session, "마포직업소개소", "무료", AGENCY)
        keep_contact(session, vault, "agency", AGENCY, "email", "agency@example.invalid")
        keep_contact(session, vault, "agency", AGENCY, "webhook", hook_url)
    app = FastAPI()  # the part of it that is asked: no streams are read here
    app.state.settings = delivery_scene.settings_of(str(folder), "", "smtp://127.0.0.1:25")
    app.include_router(contact_api(engine, vault))
    socket = folder / "registry"
    with serving(app, uds=str(socket)):
        yield str(socket)
    engine.dispose()


def at_every_call(here: Rig, first: int, step: int, bug: str | None = None) -> Iterator[Found]:
    """A trial for each k of each call, this worker's share of them."""
    here.lay()
    calls = calls_of(here.server, here.folder / "calls", "bring", **here.sending(bug))
    for call in sorted(calls, key=lambda name: calls[name]):
        for k in count(first, step):
            here.lay()
            if not kill_before(here.server, call, k, "bring", **here.sending(bug)):
                break
            found = here.aftermath(f"killed before {call} {k}", killed=True, bug=bug)
            found.points[call] += 1
            yield found


def at_random(here: Rig, kills: int, chance: random.Random) -> Iterator[Found]:
    here.lay()
    started = time.monotonic()
    here.run("bring", at=DUE_AT.isoformat())
    whole = time.monotonic() - started
    for number in range(kills):
        here.lay()
        moment = chance.uniform(0, whole)
        with here.server.held("bring", **here.sending()) as pid:
            os.kill(pid, signal.SIGCONT)
            time.sleep(moment)  # the moment of the kill is the experiment
            with suppress(ProcessLookupError):  # it was done before
                os.kill(pid, signal.SIGKILL)
        yield here.aftermath(f"kill {number} after {moment:.4f} s", killed=here.server.was_killed())


def shared_out(work: Callable[[Rig, int], Iterator[Found]]) -> Found:
    """Let each worker do its share in a rig of its own."""

    def share(first: int) -> Found:
        found = Found()
        with rig() as here:
            for one in work(here, first):
                found += one
        return found

    whole = Found()
    with ThreadPoolExecutor(WORKERS) as workers:
        for part in workers.map(share, range(1, WORKERS + 1)):
            whole += part
    return whole


def test_killed_before_every_call(report: Report) -> None:
    started = time.monotonic()
    found = shared_out(lambda here, first: at_every_call(here, first, WORKERS))
    seconds = round(time.monotonic() - started)
    report.tell(SECTION, **{"every call": found.figures() | {"points": dict(found.points), "seconds": seconds}})
    assert found.points["sendto"] > 10
    assert found.points["pwrite64"] > 10
    assert not found.lost
    assert not found.broken
    assert sum(found.unknown.values()) > 0, "nobody was ever killed within the send window: this run proves nothing"


def test_killed_at_random(report: Report) -> None:
    started = time.monotonic()
    share = RANDOM_KILLS // WORKERS
    found = shared_out(lambda here, first: at_random(here, share, random.Random(SEED + first)))
    seconds = round(time.monotonic() - started)
    report.tell(SECTION, **{"random kills": found.figures() | {"seed": SEED, "seconds": seconds}})
    assert found.trials == RANDOM_KILLS
    assert found.killed > RANDOM_KILLS // 4
    assert not found.lost
    assert not found.broken


@pytest.mark.parametrize("bug", PLANTED)
def test_every_planted_bug_is_caught(bug: str, report: Report) -> None:
    with rig() as here:
        trials = at_every_call(here, 1, 1, bug)
        caught = next((found for found in trials if found.lost or found.broken), None)
    shown = (caught.lost + caught.broken)[0] if caught else None
    report.tell(SECTION, **{f"planted: {bug}": shown})
    assert caught, "the campaign is blind to this bug"
