"""What operators ask over HTTP of matching everything anew: begin it, watch it, give it up, go back."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends
from pydantic import StringConstraints
from sqlalchemy import Engine

from services.matching.rematch import rematches
from services.matching.rematch.cluster import answers
from services.matching.rematch.progress import Progress, how_far, newest
from services.matching.rematch.rematches import Asked, Kind
from services.matching.tables import RematchRow
from shared.contracts import CafeChanges, Fact
from shared.database import reading, transaction
from shared.web.cursors import NUMBER, Paged
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow

Operator = Annotated[SignedIn, Depends(allow("operator"))]


class AskedRematch(Fact):
    """What is to be done."""

    kind: Literal["rematch", "dry_run", "epoch_only", "back"] = "rematch"
    season: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)] = ""
    cluster: Annotated[str, StringConstraints(pattern=r"^(tcp|tls)://[^ /@]+:[0-9]{1,5}$")] | None = None
    """Where a Dask scheduler listens; without it, this machine's cores."""


class ShownShare(Fact):
    """How far one shard is."""

    shard: str
    state: Literal["fitting", "scoring", "scored", "saying", "done"]
    made: int
    """Lists made."""
    total: int
    unsaid: int
    """Lists that count and are still to be said, where they differ."""
    started_at: datetime
    scored_at: datetime | None
    switched_at: datetime | None
    finished_at: datetime | None
    pairs: int
    """On the seekers' lists of the next epoch."""
    changes: tuple[CafeChanges, ...]


class ShownRematch(Fact):
    """One rematch, and how far its shards are."""

    rematch_id: UUID
    kind: Kind
    season: str
    asked_by: str
    asked_at: datetime
    epoch: int
    shards: int
    adopts: dict[str, Any] | None
    """Of `adopt`: the weights that take the place of those before, and why."""
    finished_at: datetime | None
    outcome: str | None
    shares: tuple[ShownShare, ...]


class ShownInTurn(Fact):
    """A rematch that the calendar asked for while another one ran."""

    rematch_id: UUID
    season: str
    asked_by: str
    asked_at: datetime


def rematch_api(engine: Engine, shard_count: int) -> APIRouter:
    router = APIRouter(prefix="/api/v1/matching/rematches")

    @router.post("", status_code=202)
    def begin_rematch(_who: Operator, asked: AskedRematch) -> ShownRematch:
        """Begin to match everything anew, in the background; one at a time."""
        if asked.cluster and not answers(asked.cluster):
            raise _no_cluster()
        try:
            with transaction(engine) as session:
                row = rematches.ask(session, Asked(uuid4(), asked_by="operator", **asked.model_dump()), shard_count)
                return shown(row, [])
        except rematches.RunningAlready as running:
            raise runs_already(running.running) from running
        except rematches.NothingBefore as nothing:
            raise _nothing_before(str(nothing)) from nothing

    @router.get("")
    def list_rematches(_who: Operator, paged: Paged) -> tuple[ShownRematch, ...]:
        """All there were, the newest first."""
        with reading(engine) as session:
            found = newest(session, paged.after(NUMBER), paged.one_more)
            rows = paged.shown(found, lambda row: row.epoch)
            return tuple(shown(row, how_far(session, row)) for row in rows)

    @router.get("/waiting")
    def list_waiting(_who: Operator) -> tuple[ShownInTurn, ...]:
        """Those that begin when the one that runs is done, the first to come first."""
        with reading(engine) as session:
            return tuple(ShownInTurn.model_validate(row.model_dump()) for row in rematches.in_turn(session))

    @router.get("/{rematch_id}")
    def show_rematch(_who: Operator, rematch_id: UUID) -> ShownRematch:
        with reading(engine) as session:
            row = session.get(RematchRow, rematch_id)
            if row is None:
                raise _unknown()
            return shown(row, how_far(session, row))

    @router.delete("/{rematch_id}")
    def stop_rematch(_who: Operator, rematch_id: UUID) -> ShownRematch:
        """Give up one that has not switched yet, or one that waits; where it ran, what waits begins next."""
        try:
            with transaction(engine) as session:
                row = rematches.stop(session, rematch_id, shard_count)
                if row is None:
                    raise _unknown()
                return shown(row, how_far(session, row))
        except rematches.HasSwitched as switched:
            raise Problem(
                409,
                "HAS_SWITCHED",
                "It has switched to the next epoch already.",
                "이미 새 기준으로 바뀌었습니다.",
                where="rematch",
                hint="`iljari rematch --back` brings the epoch before.",
            ) from switched

    return router


def shown(row: RematchRow, progress: list[Progress]) -> ShownRematch:
    named: dict[str, Any] = row.model_dump(exclude={"like_epoch", "cluster"})
    return ShownRematch(**named, shares=tuple(ShownShare.model_validate(asdict(share)) for share in progress))


def runs_already(row: RematchRow) -> Problem:
    since = f"{row.asked_at:%Y-%m-%dT%H:%M:%SZ}"
    return Problem(
        409,
        "RUNS_ALREADY",
        f"A rematch ({row.kind}) runs since {since}, asked for by {row.asked_by}.",
        f"다시 맞추기({row.kind})가 {since}부터 진행 중입니다. 요청: {row.asked_by}",
        where=str(row.rematch_id),
        hint="`iljari rematch --watch` shows how far it is; `--stop` gives it up.",
    )


def _no_cluster() -> Problem:
    return Problem(
        422, "CLUSTER_UNREACHABLE", "Nobody answers at this address of a cluster.",
        "이 주소의 클러스터가 응답하지 않습니다.", where="cluster",
        hint="Is its scheduler running, and reachable from matching?",
    )  # fmt: skip


def _nothing_before(why: str) -> Problem:
    return Problem(
        409,
        "NOTHING_BEFORE",
        f"There is no epoch to go back to: {why}.",
        "되돌아갈 이전 기준이 없습니다.",
        where="back",
        hint="Another alias table or scorer comes back with its file or version and a restart.",
    )


def _unknown() -> Problem:
    return Problem(
        404,
        "NOT_FOUND",
        "No such rematch runs.",
        "그런 다시 맞추기가 없습니다.",
        where="rematch",
        hint="`iljari rematch --watch` shows the newest.",
    )
