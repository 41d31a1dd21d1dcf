"""When does a database keep what it is given, and what may be asked of it before anything is in it?"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from shared.database import after_commit, open_engine, transaction

PROGRAMS, TIMES = 4, 40


def test_a_new_file_can_be_opened_by_several_at_once(tmp_path: Path) -> None:
    together = Barrier(PROGRAMS)

    def opened(path: Path) -> str:
        engine = open_engine(f"sqlite:///{path}")
        together.wait()
        with engine.connect() as connection:
            mode: str = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        engine.dispose()
        return mode

    with ThreadPoolExecutor(PROGRAMS) as programs:
        for turn in range(TIMES):
            path = tmp_path / f"{turn}.sqlite"
            assert list(programs.map(opened, [path] * PROGRAMS)) == ["wal"] * PROGRAMS


def test_what_is_to_follow_a_commit_follows_no_other_end() -> None:
    done: list[str] = []
    engine = open_engine("sqlite://")
    with transaction(engine) as session:
        after_commit(session, lambda: done.append("first"))
        after_commit(session, lambda: done.append("second"))
        with session.begin_nested():
            assert not done
        assert not done
    assert done == ["first", "second"]
    with pytest.raises(KeyError), transaction(engine) as session:
        after_commit(session, lambda: done.append("never"))
        raise KeyError
    assert done == ["first", "second"]
