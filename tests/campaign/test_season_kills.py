"""A season of 1,000 seekers and 250 postings killed with kill -9 at random moments and at each edge of a block.

Run again, it ends with the same bytes as one that nobody disturbed, and no list is said twice. `ILJARI_SEED=…` draws
the same moments again.
"""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from sqlmodel import col, select

from services.matching.tables import MatchList, NextList
from shared.contracts import RematchFinished
from shared.database import open_engine, reading
from shared.outbox import OutboxLine
from tests.campaign.conftest import Report
from tests.campaign.season_scene import prepare, state
from tests.journey.city import lives, wait_for
from tests.unit.matching.examples import certified, said

pytestmark = [pytest.mark.campaign, pytest.mark.long]

SEEKERS, POSTINGS, KILLS = 1_000, 250, 50
LONGEST_SECONDS = 600.0
GONE_SECONDS = 20.0
"""Until the last process of a season that was killed has ended by itself."""


@dataclass
class Season:
    """One store, and what has been done to it."""

    path: Path
    kills: Counter[str] = field(default_factory=Counter)
    """By the state in which the rematch was left."""

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def program(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.path.parent / "said.txt").open("ab") as log:
            command = [sys.executable, "-m", "tests.campaign.season_scene", self.url, *words]
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parents[2])

    def live(self, seconds: float) -> bool:
        """Let it work so long, then kill it and see that nobody of its is left; whether it was done before."""
        program = self.program()
        try:
            assert program.wait(seconds) == 0, (self.path.parent / "said.txt").read_text()
        except subprocess.TimeoutExpired:
            beside = [child.pid for child in psutil.Process(program.pid).children(recursive=True)]
            program.kill()
            program.wait()
            wait_for(lambda: not any(map(lives, beside)), GONE_SECONDS, "the end of all it had started")
            self.kills[state(self.url)] += 1
            return False
        return True

    def digest(self) -> str:
        """Of every byte of the lists, with their revisions."""
        engine, whole = open_engine(self.url), hashlib.sha256()
        with reading(engine) as session:
            rows = session.exec(select(MatchList).order_by(col(MatchList.scope), col(MatchList.scope_id)))
            for row in rows:
                whole.update(json.dumps(row.model_dump(mode="json"), sort_keys=True).encode())
        engine.dispose()
        return whole.hexdigest()


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store from which every season begins."""
    path = tmp_path_factory.mktemp("begun") / "matching.sqlite"
    prepare(f"sqlite:///{path}", SEEKERS, POSTINGS)
    return path


@pytest.fixture(scope="module")
def undisturbed(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Season, float]:
    """A season that nobody kills, and the seconds that it took."""
    season, started = a_season(begun, tmp_path_factory.mktemp("undisturbed")), time.monotonic()
    assert season.live(LONGEST_SECONDS)
    nothing_is_left_and_nothing_was_said_twice(season)
    return season, time.monotonic() - started


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("ILJARI_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"ILJARI_SEED={seed}")  # noqa: T201 - with what a failure is drawn again
    return random.Random(seed)


def a_season(begun: Path, folder: Path) -> Season:
    return Season(Path(shutil.copy(begun, folder / "matching.sqlite")))


def test_killed_at_random_moments_and_run_again_it_is_the_same_to_the_byte(
    begun: Path, undisturbed: tuple[Season, float], tmp_path: Path, chance: random.Random, report: Report
) -> None:
    alone, seconds = undisturbed
    kills: Counter[str] = Counter()
    seasons = 0
    while kills.total() < KILLS:
        season = a_season(begun, tmp_path)
        while not season.live(chance.uniform(0, seconds)):
            pass
        assert season.digest() == alone.digest(), season.kills
        nothing_is_left_and_nothing_was_said_twice(season)
        kills, seasons = kills + season.kills, seasons + 1
        for path in tmp_path.iterdir():
            path.unlink()
    report.tell(
        "season kills", pairs=SEEKERS * POSTINGS, seconds_undisturbed=round(seconds, 1), seasons=seasons,
        kills=kills.total(), left=dict(kills),
    )  # fmt: skip
    assert {"scoring", "saying"} <= kills.keys(), "some phases were never hit: this run shows little"


def test_killed_at_each_edge_of_a_block_and_run_again_it_is_the_same_to_the_byte(
    begun: Path, undisturbed: tuple[Season, float], tmp_path: Path, report: Report
) -> None:
    season, lives_lost = a_season(begun, tmp_path), 0
    while season.program("edge").wait(LONGEST_SECONDS):
        lives_lost += 1
    assert lives_lost == (SEEKERS + POSTINGS) // 250
    assert season.digest() == undisturbed[0].digest()
    nothing_is_left_and_nothing_was_said_twice(season)
    report.tell("season kills", block_edges=lives_lost)


def nothing_is_left_and_nothing_was_said_twice(season: Season) -> None:
    engine = open_engine(season.url)
    with reading(engine) as session:
        assert session.exec(select(NextList)).first() is None
        finished = session.exec(select(OutboxLine).where(OutboxLine.stream == RematchFinished.stream)).all()
    told = Counter((found.scope, found.scope_id, found.revision) for found in said(engine))
    certificate = certified(engine)
    engine.dispose()
    assert (len(finished), max(told.values())) == (1, 1)
    assert certificate.agrees
