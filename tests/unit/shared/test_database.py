"""What may be asked of a database before anything is in it?"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from shared.database import open_engine

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
