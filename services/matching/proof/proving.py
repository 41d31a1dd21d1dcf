"""When is the certificate made, and who repairs? At night by the clock, and whenever an operator asks.

The first shard has it made for all, by a process of its own (`python -m services.matching.proof.proving`), while
everything goes on. Each shard then makes the lists anew that were found wrong of it, a few at a time, if that was asked
for. Asked, found and repaired are rows: a restart goes on where it was.
"""

import threading
from collections.abc import Callable
from typing import ClassVar

import structlog
from sqlalchemy import Engine

from services.matching import store
from services.matching.matcher import Matcher
from services.matching.own_process import OwnJob, taken
from services.matching.proof import proofs
from services.matching.proof.certificate import examine
from services.matching.steps import step_by_step
from services.matching.tables import ProofRow
from shared.database import reading, transaction

LOOK_SECONDS = 1.0


class ProofJob(OwnJob):
    """Which proof is to be made."""

    module: ClassVar[str] = "services.matching.proof.proving"

    number: int


Run = Callable[[ProofJob, threading.Event], None]


class Proving:
    """One shard's part in proofs; a thread of its own calls `work`.

    Args:
        hour: in Korea, from which on the clock asks once a day.
        run: does a job beside and returns when it is done; raises if it was not.
    """

    name = "proving"

    def __init__(self, engine: Engine, matcher: Matcher, hour: int, job: Callable[[int], ProofJob], run: Run) -> None:
        self.closing = threading.Event()
        self._engine, self._matcher, self._hour, self._job, self._run = engine, matcher, hour, job, run

    def resume(self) -> None:
        """At the start: what another number of shards was asked for is given up."""
        with transaction(self._engine) as session:
            proofs.drop_of_other_shards(session, self._matcher.shard.count)

    def work(self) -> None:
        """Do what there is to do until told to stop."""
        step_by_step("proof", self.step, self.closing, LOOK_SECONDS)

    def step(self) -> bool:
        """Take the next step of whatever is to be done; whether there was one."""
        shard = self._matcher.shard
        with reading(self._engine) as session:
            wrong = proofs.to_repair(session, str(shard))
            unproven = [row.number for row in proofs.unfinished(session, shard.count) if row.certificate is None]
            tonight = proofs.wanted_tonight(session, self._hour)
        if wrong:
            with self._matcher.lock, transaction(self._engine) as session:
                proof, scopes = wrong
                proofs.repaired(session, proof, str(shard), scopes, self._matcher.repair(scopes, session))
            return True
        if shard.number:
            return False
        if unproven and unproven[0] is not None:
            self._run(self._job(unproven[0]), self.closing)
            self._tell(unproven[0])
            return True
        if not tonight:
            return False
        with transaction(self._engine) as session:
            return proofs.ask_tonight(session, shard.count, self._hour)

    def _tell(self, number: int) -> None:
        with reading(self._engine) as session:
            row = session.get_one(ProofRow, number)
        if row.certificate and not row.certificate["agrees"]:
            structlog.get_logger().error("proof_disagrees", proof=number, wrong=row.certificate["wrong"])


def prove(engine: Engine, number: int) -> None:
    """Make one proof and keep what it found."""
    with reading(engine) as session:
        store.as_of_one_moment(session)
        row = session.get_one(ProofRow, number)
        certificate, lists = examine(session, row.shards)
    with transaction(engine) as session:
        row = session.get_one(ProofRow, number)
        if row.finished_at is None and row.certificate is None:
            proofs.found(session, row, certificate, lists)


def main() -> None:
    """Do the one job that stands on standard input."""
    with taken(ProofJob) as (job, engine):
        prove(engine, job.number)


if __name__ == "__main__":
    main()
