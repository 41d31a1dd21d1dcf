"""A month's proposals as rows: made anew, accepted into sessions, refused with a reason, and compared with what was."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.registry.cafes import programs
from services.registry.cafes.bookings import one_at_a_time
from services.registry.cafes.programs import Told
from services.registry.cafes.refusals import Refused
from services.registry.cafes.season_facts import hours_of_last_month, standing_of
from services.registry.cafes.season_planner import CafeFacts, plan
from services.registry.tables import Cafe, ProgramProposal, ProgramSession
from shared.clock import now

ProposalState = Literal["proposed", "accepted", "refused"]

HOURS_A_CAFE = 12.0
"""Staff hours of a month before which nothing was held."""


def propose(
    session: Session, month: date, cafes: Sequence[CafeFacts], hours: float | None = None
) -> Sequence[ProgramProposal]:
    """Plan a month anew, within the hours of the month before if none are told; what was decided stays, and counts.

    Nobody books meanwhile, so the facts, which take long to read, are read before.
    """
    one_at_a_time(session)
    month = month.replace(day=1)
    open_ones = (col(ProgramProposal.month) == month, col(ProgramProposal.state) == "proposed")
    session.connection().execute(delete(ProgramProposal).where(*open_ones))
    budget = hours or hours_of_last_month(session, month) or HOURS_A_CAFE * len(cafes)
    refused = {
        (each.cafe_id, each.kind, each.skill, each.week) for each in of_month(session, month) if each.state == "refused"
    }
    for number, each in enumerate(plan(cafes, month, budget, standing_of(session, month))):
        if (each.cafe_id, each.kind, each.skill, each.week) in refused:
            continue
        session.add(
            ProgramProposal(
                proposal_id=uuid4(), month=month, number=number, made_at=now(), state="proposed",
                **{**vars(each), "numbers": vars(each.numbers)},
            )
        )  # fmt: skip
    session.flush()
    return of_month(session, month)


def of_month(session: Session, month: date) -> Sequence[ProgramProposal]:
    """Of a month, the most useful first."""
    wanted = select(ProgramProposal).where(ProgramProposal.month == month.replace(day=1))
    return session.exec(wanted.order_by(col(ProgramProposal.number), col(ProgramProposal.proposal_id))).all()


def accept(session: Session, proposal: ProgramProposal, told: Told, by: str) -> ProgramSession:
    """Let it become a session: as proposed or changed, of its kind. Raises `Refused`."""
    _undecided(session, proposal)
    if told.kind != proposal.kind:
        raise Refused("KIND_WRONG")
    program = programs.schedule(session, session.get_one(Cafe, proposal.cafe_id), told, by)
    proposal.state, proposal.session_id, proposal.decided_by = "accepted", program.session_id, by
    session.add(proposal)
    return program


def refuse(session: Session, proposal: ProgramProposal, reason: str, by: str) -> None:
    """Raises `Refused`."""
    _undecided(session, proposal)
    if not reason.strip():
        raise Refused("REASON_MISSING")
    proposal.state, proposal.reason, proposal.decided_by = "refused", reason.strip(), by
    session.add(proposal)


def compared(session: Session, found: Sequence[ProgramProposal]) -> list[dict[str, Any]]:
    """Each proposal beside what happened; None where its session is not over or there is none."""
    ids = [each.session_id for each in found if each.session_id]
    sessions = {
        each.session_id: each
        for each in session.exec(select(ProgramSession).where(col(ProgramSession.session_id).in_(ids)))
    }
    tallies = programs.tallies(session, ids)
    cafes = {cafe.cafe_id: cafe.name for cafe in session.exec(select(Cafe))}
    rows = []
    for each in found:
        program = sessions.get(each.session_id) if each.session_id else None
        tally = tallies[program.session_id] if program and program.state == "held" else None
        happened = {"wanted": tally.seated + tally.waiting, "attended": tally.attended} if tally else None
        told = each.model_dump(mode="json", exclude={"number", "made_at"})
        rows.append(told | {"cafe": cafes[each.cafe_id], "happened": happened})
    return rows


def _undecided(session: Session, proposal: ProgramProposal) -> None:
    one_at_a_time(session)
    session.refresh(proposal)
    if proposal.state != "proposed":
        raise Refused("DECIDED_ALREADY")
