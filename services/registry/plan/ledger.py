"""How are entries kept? Append-only: noted, corrected or withdrawn; what stood before stays readable."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlmodel import Session, col, select

from services.registry.plan.entries import ENTRY, AnyEntry, Noted
from services.registry.tables import PlanEntry
from shared.clock import now

Outcome = Literal["noted", "unchanged", "corrected"]


def note(session: Session, ref: str, facts: AnyEntry, *, who: str, reason: str = "") -> Outcome:
    """Take an entry in; under a known ref other facts become its next revision."""
    last = _last(session, ref)
    told = facts.model_dump(mode="json")
    if last and not last.withdrawn and last.facts == told:
        return "unchanged"
    _append(session, ref, last, kind=facts.kind, facts=told, who=who, reason=reason)
    return "corrected" if last else "noted"


def withdraw(session: Session, ref: str, *, who: str, reason: str) -> bool:
    """Let an entry no longer count; false where none of this name does."""
    last = _last(session, ref)
    if last is None or last.withdrawn:
        return False
    _append(session, ref, last, kind=last.kind, facts=last.facts, who=who, reason=reason, withdrawn=True)
    return True


def entries(session: Session) -> list[Noted]:
    """What holds now, by ref."""
    newest: dict[str, PlanEntry] = {}
    for row in session.exec(select(PlanEntry).order_by(col(PlanEntry.ref), col(PlanEntry.revision))):
        newest[row.ref] = row
    return [
        Noted(ref=row.ref, revision=row.revision, facts=ENTRY.validate_python(row.facts))
        for row in newest.values()
        if not row.withdrawn
    ]


def revisions(session: Session, ref: str) -> Sequence[PlanEntry]:
    """All that was ever noted under a name, oldest first."""
    return session.exec(select(PlanEntry).where(PlanEntry.ref == ref).order_by(col(PlanEntry.revision))).all()


def _last(session: Session, ref: str) -> PlanEntry | None:
    newest = select(PlanEntry).where(PlanEntry.ref == ref).order_by(col(PlanEntry.revision).desc())
    return session.exec(newest.limit(1)).first()


def _append(  # noqa: PLR0913 - the row's own columns
    session: Session,
    ref: str,
    last: PlanEntry | None,
    *,
    kind: str,
    facts: dict[str, Any],
    who: str,
    reason: str,
    withdrawn: bool = False,
) -> None:
    revision = last.revision + 1 if last else 1
    row = PlanEntry(
        ref=ref, revision=revision, kind=kind, facts=facts, withdrawn=withdrawn, reason=reason,
        noted_by=who, noted_at=now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
