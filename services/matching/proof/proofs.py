"""What is kept of the runs of the certificate? Who asked, what was found, and how many lists were made anew since."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from services.matching.engine.profiles import Scope, as_side
from services.matching.proof.certificate import Certificate, Wrong
from services.matching.tables import EpochRow, ProofRow, WrongList
from shared.clock import KST, now

REPAIRED_AT_ONCE = 20
"""Lists made anew in one transaction: whoever hears waits so long at most."""


def ask(session: Session, shards: int, *, repair: bool) -> ProofRow:
    """An operator wants a proof; one of the same kind that has not ended is not asked for twice."""
    for row in unfinished(session, shards):
        if row.repair == repair:
            return row
    row = ProofRow(asked_by="operator", asked_at=now(), shards=shards, repair=repair)
    session.add(row)
    session.flush()
    return row


def ask_tonight(session: Session, shards: int, hour: int) -> bool:
    """The clock wants a proof, from this hour in Korea on, once a day; whether it was not asked for before."""
    if not wanted_tonight(session, hour):
        return False
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    night = now().astimezone(KST).date()
    values: dict[str, Any] = {"asked_by": "clock", "asked_at": now(), "night": night, "shards": shards}
    noted = insert(ProofRow).values(values | {"repair": False, "repaired": 0}).on_conflict_do_nothing()
    return bool(session.connection().execute(noted.returning(col(ProofRow.number))).all())


def wanted_tonight(session: Session, hour: int) -> bool:
    """Whether this night's proof is still to be asked for; a look that writes nothing."""
    here = now().astimezone(KST)
    if here.hour < hour:
        return False
    opened = session.exec(select(func.min(EpochRow.made_at))).one()
    if opened is None or opened.astimezone(KST).date() == here.date():
        return False  # a store that was opened today has had no night
    return session.exec(select(ProofRow).where(ProofRow.night == here.date())).first() is None


def unfinished(session: Session, shards: int) -> Sequence[ProofRow]:
    open_ones = select(ProofRow).where(col(ProofRow.finished_at).is_(None), ProofRow.shards == shards)
    return session.exec(open_ones.order_by(col(ProofRow.number))).all()


def drop_of_other_shards(session: Session, shards: int) -> None:
    """A proof that another number of shards was asked for is nobody's any more."""
    others = select(ProofRow).where(col(ProofRow.finished_at).is_(None), ProofRow.shards != shards)
    for row in session.exec(others):
        finish(session, row)


def found(session: Session, row: ProofRow, certificate: Certificate, lists: Sequence[Wrong]) -> None:
    """This is what a proof found; where lists are to be made anew it ends with the last of them."""
    row.certificate = certificate.model_dump(mode="json")
    session.add(row)
    assert row.number is not None
    if row.repair and lists:
        session.add_all(
            WrongList(proof=row.number, shard=shard, scope=side, scope_id=one) for shard, (side, one) in lists
        )
    else:
        finish(session, row)


def to_repair(session: Session, shard: str) -> tuple[int, list[Scope]] | None:
    """Lists of this shard that a proof found wrong, some at a time, and which proof."""
    ours = select(WrongList).where(WrongList.shard == shard)
    rows = session.exec(ours.order_by(col(WrongList.proof)).limit(REPAIRED_AT_ONCE)).all()
    if not rows:
        return None
    return rows[0].proof, [(as_side(one.scope), one.scope_id) for one in rows if one.proof == rows[0].proof]


def repaired(session: Session, proof: int, shard: str, scopes: Sequence[Scope], count: int) -> None:
    """These lists were made anew, and so many of them had been wrong."""
    for scope, one in scopes:
        of_list = (col(WrongList.shard) == shard, col(WrongList.scope) == scope, col(WrongList.scope_id) == one)
        session.connection().execute(delete(WrongList).where(col(WrongList.proof) == proof, *of_list))
    # locked: shards repair at the same time, and the last one ends it
    row = session.get_one(ProofRow, proof, with_for_update=True)
    row.repaired += count
    session.add(row)
    if not session.exec(select(func.count()).select_from(WrongList).where(WrongList.proof == proof)).one():
        finish(session, row)


def finish(session: Session, row: ProofRow) -> None:
    row.finished_at = now()
    session.add(row)
    session.connection().execute(delete(WrongList).where(col(WrongList.proof) == row.number))


def newest(session: Session, count: int) -> Sequence[ProofRow]:
    return session.exec(select(ProofRow).order_by(col(ProofRow.number).desc()).limit(count)).all()
