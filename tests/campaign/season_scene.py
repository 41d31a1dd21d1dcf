"""A season to be killed: a store with everyone's lists and a rematch asked for, and a program that carries it through.

`python -m tests.campaign.season_scene URL` works as matching does, until there is nothing left to do;
with `edge` behind it, it is killed by its own hand after each block that it has kept.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from random import Random
from uuid import UUID

from sqlmodel import select

from services.matching.engine.batch import Block, Listed, lists_of
from services.matching.engine.index import Index
from services.matching.own_process import run
from services.matching.rematch import rematches
from services.matching.rematch.beside import Job, score_share
from services.matching.rematch.rematches import Asked
from services.matching.rematch.rematching import Rematching
from services.matching.tables import RematchRow, RematchShare
from shared.database import open_engine, reading, transaction
from tests.unit.matching.examples import a_posting, a_seeker, hear, open_store, started

SEASON = UUID(int=67)
TRADES = ("제빵사", "용접공", "운전원", "청소원", "조리사", "경비원", "간호조무사", "사무원", "판매원", "포장원")
SKILLS = ("반죽", "오븐", "포장", "엑셀", "지게차", "용접", "응대", "세척", "납땜", "재고", "회계", "정리")
DEEDS = ("야간에", "주말에", "새벽에", "교대로", "혼자서", "함께", "꼼꼼히", "빠르게")


def prepare(url: str, seekers: int, postings: int) -> None:
    """A city at rest, and a rematch that was asked for."""
    chance, engine = Random(67), open_store(url)

    def says() -> str:
        return f"{chance.choice(TRADES)} {chance.choice(DEEDS)} {' '.join(chance.sample(SKILLS, 3))}"

    people = [
        a_seeker(number, minutes=number, summary=says(), skills=chance.sample(SKILLS, 3)) for number in range(seekers)
    ]
    orders = [
        a_posting(number, minutes=number, title=says(), required_skills=chance.sample(SKILLS, 2))
        for number in range(postings)
    ]
    hear(started(engine), engine, [*people, *orders])
    with transaction(engine) as session:
        rematches.ask(session, Asked(SEASON, "rematch", "operator", "봄 공채"), 1)
    engine.dispose()


def state(url: str) -> str:
    """How far the rematch is, as a killed program left it."""
    engine = open_engine(url)
    with reading(engine) as session:
        row = session.get_one(RematchRow, SEASON)
        share = session.exec(select(RematchShare)).first()
    engine.dispose()
    return "done" if row.finished_at else share.state if share else "asked"


def carry_through(url: str, *, edge: bool) -> None:
    engine = open_engine(url)

    def job(row: RematchRow) -> Job:
        return Job(database_url=url, shard="0/1", rematch_id=row.rematch_id)

    def beside(one: Job, closing: object) -> None:
        score_share(engine, one, _one_block_and_no_more) if edge else run(one, closing)  # type: ignore[arg-type]

    work = Rematching(engine, started(engine), job, beside)
    work.resume()
    while work.step():
        pass
    engine.dispose()


def _one_block_and_no_more(index: Index, blocks: Sequence[Block]) -> Iterator[list[Listed]]:
    yield lists_of(index, blocks[0])
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    carry_through(sys.argv[1], edge="edge" in sys.argv[2:])
