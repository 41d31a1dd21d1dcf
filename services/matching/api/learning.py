"""What `iljari learn` asks of matching: what decided pairs were worth, and to put learned weights in place."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints, TypeAdapter
from sqlalchemy import Engine
from sqlmodel import Session

from services.matching import store
from services.matching.api.rematches import ShownRematch, runs_already, shown
from services.matching.engine.scorer import PARTS, Rules
from services.matching.rematch import rematches
from services.matching.rematch.rematches import Asked
from shared.contracts import Fact
from shared.contracts.matches import PartName
from shared.database import reading, transaction
from shared.web.cursors import Paged
from shared.web.korean import Word
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow

ENDS = TypeAdapter(tuple[UUID, UUID])
Operator = Annotated[SignedIn, Depends(allow("operator"))]
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]
Weight = Annotated[int, Field(ge=0, le=10_000)]


class DecidedPair(Fact):
    """What each part of a pair was worth when a word of it was first heard, in the order of the parts; -1 unknown."""

    seeker_id: UUID
    posting_id: UUID
    parts: tuple[int, ...]


class ShownWeights(Fact):
    """The weights that count."""

    epoch: int
    weights: dict[PartName, int]
    adopted: bool
    """A person put them in place of the shipped ones."""


class AskedAdoption(Fact):
    """Weights that someone wants to count from now on."""

    weights: dict[PartName, Weight]
    instead_of: Annotated[int, Field(ge=0, le=2**31 - 1)]
    """The epoch beside whose weights she saw them."""
    who: Words
    why: Words


def learning_api(engine: Engine, shard_count: int) -> APIRouter:
    router = APIRouter(prefix="/api/v1/matching")

    @router.get("/weights")
    def show_weights(_who: Operator) -> ShownWeights:
        with reading(engine) as session:
            number, rules = _present(session, shard_count)
        return ShownWeights(epoch=number, weights=rules.weights, adopted=rules.adopted)

    @router.get("/decided-pairs")
    def list_decided_pairs(
        _who: Operator,
        paged: Paged,
    ) -> tuple[DecidedPair, ...]:
        """Pairs of which a counselor, a seeker or a firm has said something, by their ids."""
        with reading(engine) as session:
            found = store.page_of_decided(session, paged.after(ENDS), paged.one_more)
        return tuple(
            DecidedPair(seeker_id=row.seeker_id, posting_id=row.posting_id, parts=tuple(row.parts or ()))
            for row in paged.shown(found, lambda row: (row.seeker_id, row.posting_id))
        )

    @router.post("/weights", status_code=202)
    def adopt_weights(_who: Operator, asked: AskedAdoption) -> ShownRematch:
        """Match everything anew under these weights, in the background; `back` returns to the present ones."""
        try:
            with transaction(engine) as session:
                _check(asked, *_present(session, shard_count))
                adopts = {"weights": asked.weights, "why": asked.why}
                row = rematches.ask(session, Asked(uuid4(), "adopt", asked.who, adopts=adopts), shard_count)
                return shown(row, [])
        except rematches.RunningAlready as running:
            raise runs_already(running.running) from running

    return router


def _present(session: Session, shard_count: int) -> tuple[int, Rules]:
    number = store.present_epoch(session, shard_count)
    return number, store.epoch(session, number).rules


def _check(asked: AskedAdoption, epoch: int, rules: Rules) -> None:
    total = sum(rules.weights.values())
    if asked.weights.keys() != set(PARTS) or sum(asked.weights.values()) != total:
        raise Problem(
            422, "WEIGHTS_WRONG", f"Name a weight for each part; together they are {total}.",
            f"모든 항목의 가중치를 적어 주세요. 합은 {total}입니다.", where="weights", hint=", ".join(PARTS),
        )  # fmt: skip
    if asked.instead_of != epoch:
        raise Problem(
            409, "OTHER_EPOCH", f"Meanwhile epoch {epoch} is the present one.",
            f"그 사이 기준 {Word(epoch):으로/로} 바뀌었습니다.", where="instead_of",
            hint="Run `iljari learn` again and look.",
        )  # fmt: skip
    if asked.weights == rules.weights:
        raise Problem(
            409, "WEIGHTS_THE_SAME", "These weights count already.", "이미 쓰고 있는 가중치입니다.", where="weights",
            hint="Nothing is to be done.",
        )  # fmt: skip
