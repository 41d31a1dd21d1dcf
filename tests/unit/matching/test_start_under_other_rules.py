"""A start under other rules makes every list anew, a block a transaction; cut off anywhere, the next start goes on."""

from collections import Counter
from dataclasses import replace
from typing import Self
from uuid import UUID

import pytest
from sqlalchemy import Engine, event
from sqlmodel import select

from services.matching.engine.scorer import Rules
from services.matching.matcher import Heard
from services.matching.tables import MatchList
from shared.database import reading, transaction
from tests.unit.matching.examples import (
    SMALL,
    a_posting,
    a_seeker,
    certified,
    hear,
    no_posting,
    open_store,
    said,
    started,
)

OTHER = replace(SMALL, seeker_list=3, posting_list=3)
MANY = 4


class CutOff(Exception):
    """The process ends before this statement."""


WRITES = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE")


class Writes:
    """Counts what is begun and written in a store, and refuses the statement of a number."""

    def __init__(self, engine: Engine, until: int | None = None) -> None:
        self._engine, self._until, self.begun, self.written = engine, until, 0, 0

    def __enter__(self) -> Self:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(WRITES):
            return
        if self.written == self._until:
            raise CutOff
        self.begun += statement.startswith("BEGIN")
        self.written += 1


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.matching.engine.batch.LARGEST", 2)


def a_city(engine: Engine) -> None:
    """Everyone matched, and of five who came, changed or went since no list made."""
    matcher = started(engine)
    hear(matcher, engine, [*map(a_seeker, range(MANY)), *map(a_posting, range(MANY))])
    late: list[Heard] = [a_posting(MANY), a_posting(1, revision=2, title="매장을 청소할 분"), no_posting(0)]
    late += [a_seeker(MANY), a_seeker(1, revision=2, summary="매장을 청소한다")]
    with matcher.lock, transaction(engine) as session:
        matcher.remember(late, session)


def lists(engine: Engine) -> dict[tuple[str, UUID], tuple[int, int, int, str]]:
    with reading(engine) as session:
        rows = session.exec(select(MatchList)).all()
    return {(row.scope, row.scope_id): (row.revision, row.profile_revision, row.epoch, row.pairs) for row in rows}


def lines_said(engine: Engine) -> dict[tuple[str, UUID], set[tuple[UUID, int]]]:
    newest = {(found.scope, found.scope_id): found for found in said(engine)}
    return {scope: {(pair.posting_id, pair.score) if scope[0] == "seeker" else (pair.seeker_id, pair.score)
                    for pair in found.pairs} for scope, found in newest.items()}  # fmt: skip


@pytest.mark.parametrize("rules", [OTHER, SMALL], ids=["other rules", "the same rules"])
def test_cut_off_before_any_statement_it_comes_to_the_same_end(rules: Rules) -> None:
    undisturbed = open_store()
    a_city(undisturbed)
    with Writes(undisturbed) as whole:
        started(undisturbed, rules)
    assert whole.begun > 3
    assert certified(undisturbed).agrees
    for until in range(whole.written):
        engine = open_store()
        a_city(engine)
        with pytest.raises(CutOff), Writes(engine, until):
            started(engine, rules)
        started(engine, rules)
        assert {scope: row[1:] for scope, row in lists(engine).items()} == {
            scope: row[1:] for scope, row in lists(undisturbed).items()
        }
        assert lines_said(engine) == lines_said(undisturbed)
        assert_nothing_said_twice(engine)
        assert certified(engine).agrees


def assert_nothing_said_twice(engine: Engine) -> None:
    """No list of the same revision, and none as it was said just before."""
    told = Counter((found.scope, found.scope_id, found.revision) for found in said(engine))
    assert set(told.values()) == {1}
    before: dict[tuple[str, UUID], object] = {}
    for found in said(engine):
        assert before.get((found.scope, found.scope_id)) != found.pairs
        before[found.scope, found.scope_id] = found.pairs


def test_a_first_start_of_a_shard_cut_off_goes_on_where_it_was() -> None:
    undisturbed = open_store()
    a_city(undisturbed)
    with Writes(undisturbed) as whole:
        started(undisturbed, shard="0/2")
    for until in range(whole.written):
        engine = open_store()
        a_city(engine)
        with pytest.raises(CutOff), Writes(engine, until):
            started(engine, shard="0/2")
        started(engine, shard="0/2")
        started(engine, shard="1/2")
        assert certified(engine, shards=2).agrees


def test_a_start_without_anything_left_to_be_done_says_nothing(engine: Engine) -> None:
    a_city(engine)
    started(engine, OTHER)
    before, told = lists(engine), len(said(engine))
    started(engine, OTHER)
    assert lists(engine) == before
    assert len(said(engine)) == told


def test_a_scorer_with_other_terms_fits_first_and_then_makes_block_after_block() -> None:
    engine = open_store()
    hear(started(engine, epoch_profiles=2), engine, [*map(a_seeker, range(MANY)), *map(a_posting, range(MANY))])
    of_new = replace(SMALL, scorer=SMALL.scorer + 1)
    with pytest.raises(CutOff), Writes(engine, 8):
        started(engine, of_new, epoch_profiles=2)
    matcher = started(engine, of_new, epoch_profiles=2)
    assert matcher.index.epoch.frequencies is not None
    assert {row[2] for row in lists(engine).values()} == {matcher.index.epoch.number}
