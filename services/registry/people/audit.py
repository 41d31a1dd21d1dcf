"""Who did what with whose personal data, when, why and from where: a log that shows when someone has changed it.

Each row carries a keyed seal over its content and the seal before it. Whoever can write the database but has not the
key can neither change nor insert a row unseen, nor remove one between two; a head row tells of rows cut off at the
end, and an anchor that was noted outside tells of a head that was set back with them.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from services.registry.tables import AuditHead, AuditRow
from shared.clock import now
from shared.contracts import Fact

Action = Literal["read", "export", "correct", "consent", "revoke", "stop", "human_only", "erase"]
Fault = Literal["changed", "missing", "unlinked", "cut", "anchor"]

CHUNK = 1_000
MOST_FAULTS = 100


@dataclass(frozen=True)
class Look:
    """Who wants to see or do what with people's data, for what, and from where."""

    who: str
    purpose: str
    items: tuple[str, ...] = ("name",)
    place: str = ""
    """An address of the network, or the part of the system that asks."""
    action: Action = "read"

    def __post_init__(self) -> None:
        if not self.who.strip() or not self.purpose.strip():
            raise ValueError("a look needs someone who looks and a purpose")


class Break(Fact):
    """Where the log is not as it was written."""

    number: int
    fault: Fault


class Verdict(Fact):
    """What a check of the whole log found."""

    rows: int
    breaks: tuple[Break, ...]
    """The first hundred."""
    anchor: str
    """To be noted outside: a later check against it finds a log that was cut or made anew."""


class AuditLog:
    """Adds rows, and checks them all."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def note(self, session: Session, seeker_ids: Iterable[UUID], look: Look) -> None:
        """A row for each person. One transaction at a time: the head's row is held until the end of this one."""
        ids = list(seeker_ids)
        if not ids:
            return
        head = self._head(session)
        at = now()
        for seeker_id in ids:
            row = AuditRow(
                number=head.number + 1,
                seeker_id=seeker_id,
                who=look.who,
                action=look.action,
                purpose=look.purpose,
                items=list(look.items),
                place=look.place,
                at=at,
                previous=head.seal,
                seal="",
            )
            row.seal = self._seal_of(row)
            session.add(row)
            head.number, head.seal = row.number, row.seal
        session.add(head)
        session.flush()

    def check(self, session: Session, anchors: Sequence[str] = ()) -> Verdict:
        """Go through the whole log."""
        noted = dict(anchor.split(":", 1) for anchor in anchors)
        breaks: list[Break] = []
        last: AuditRow | AuditHead = AuditHead(number=0, seal="")
        count, sound = 0, True
        for row in _rows(session):
            count += 1
            faults = self._faults(row, last, sound=sound)
            if noted.pop(str(row.number), row.seal) != row.seal:
                faults.append(Break(number=row.number, fault="anchor"))
            breaks += faults
            last, sound = row, not faults
        head = session.get(AuditHead, 1) or AuditHead(number=0, seal="")
        if (head.number, head.seal) != (last.number, last.seal) and sound:
            breaks.append(Break(number=last.number + 1, fault="cut"))
        breaks += [Break(number=int(number), fault="anchor") for number in noted]
        return Verdict(rows=count, breaks=tuple(breaks[:MOST_FAULTS]), anchor=f"{head.number}:{head.seal}")

    def _faults(self, row: AuditRow, last: AuditRow | AuditHead, *, sound: bool) -> list[Break]:
        """What is wrong with a row; after an unsound one it is not blamed for not following it."""
        faults = []
        if row.number > last.number + 1:
            faults.append(Break(number=last.number + 1, fault="missing"))
        if not hmac.compare_digest(row.seal, self._seal_of(row)):
            faults.append(Break(number=row.number, fault="changed"))
        elif row.previous != last.seal and sound and not faults:
            faults.append(Break(number=row.number, fault="unlinked"))
        return faults

    def _head(self, session: Session) -> AuditHead:
        held = select(AuditHead).where(AuditHead.id == 1).with_for_update()
        if head := session.exec(held).first():
            return head
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.connection().execute(insert(AuditHead).values(id=1, number=0, seal="").on_conflict_do_nothing())
        return session.exec(held).one()

    def _seal_of(self, row: AuditRow) -> str:
        fields: list[Any] = [row.number, str(row.seeker_id), row.who, row.action, row.purpose, row.items, row.place]
        content = json.dumps([row.previous, *fields, row.at.astimezone(UTC).isoformat()], ensure_ascii=False)
        return hmac.new(self._key, content.encode(), sha256).hexdigest()


def rows_about(session: Session, seeker_id: UUID) -> Sequence[AuditRow]:
    """What was done with someone's data, oldest first."""
    return session.exec(select(AuditRow).where(AuditRow.seeker_id == seeker_id).order_by(col(AuditRow.number))).all()


def _rows(session: Session) -> Iterator[AuditRow]:
    yield from session.exec(select(AuditRow).order_by(col(AuditRow.number)).execution_options(yield_per=CHUNK))
