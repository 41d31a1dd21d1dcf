"""Lists are found by index: whoever says one of a hundred thousand looks at that one alone."""

from uuid import UUID

import pytest
from sqlalchemy import Engine, event

from services.matching import store
from services.matching.engine.profiles import Scope
from services.matching.tables import ShardRow
from shared.database import transaction

SOME: list[Scope] = [("seeker", UUID(int=1)), ("seeker", UUID(int=2)), ("posting", UUID(int=3))]
SETTLING = ShardRow(shard="0/1", epoch=2, settling=2)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_list_is_looked_for_in_all_lists(engine: Engine) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    with transaction(engine) as session:
        event.listen(engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        store.said(session, "0/1", SOME)
        store.unsettled(session, SETTLING, SOME)
        store.settle(session, SETTLING, SOME)
        questions = [each for each in asked if "_list" in each[0]]
        plans = [session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in questions]
        steps = [str(step[3]) for plan in plans for step in plan]
    assert len(steps) == 6
    assert all(step.startswith("SEARCH") and "scope_id=?" in step for step in steps), steps
