"""What stands on the papers that go with a referral: 알선장, 알선자명단, 채용결과통보서 (Rules of the act, 5).

A person is named only while her consent that this firm knows her stands, and only to whom may know her anyway.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from services.registry.access import not_found, of_cafes
from services.registry.ledgers.lines import facts_as_shown
from services.registry.ledgers.reach import nameable
from services.registry.orders import ledger
from services.registry.people.audit import Look
from services.registry.people.vault import Person, Vault
from services.registry.tables import Agency, Cafe, Referral, Seeker
from shared.contracts import PostingFacts, SeekerFacts
from shared.web.sign_in import SignedIn

TOLD = ("name", "phone")


@dataclass(frozen=True)
class Slip:
    """One person who was referred to one posting, as a paper needs it."""

    row: Referral
    referred_on: date
    facts: PostingFacts
    seeker: SeekerFacts
    """Empty where she has not agreed, or no longer, that the firm is told of her."""
    person: Person | None
    """None where she may not be named here."""
    agency: Agency | None
    cafe: str

    @property
    def number(self) -> str:
        return self.row.referral_id.hex[:8].upper()


@dataclass(frozen=True)
class Papers:
    """What can be printed, and how many of those asked for cannot: nobody was referred yet."""

    slips: tuple[Slip, ...]
    too_early: int

    @property
    def by_firm(self) -> list[tuple[Slip, ...]]:
        """The people of each posting together."""
        ordered = sorted(self.slips, key=lambda slip: slip.row.posting_id)
        return [tuple(group) for _, group in groupby(ordered, key=lambda slip: slip.row.posting_id)]


def papers(session: Session, vault: Vault, who: SignedIn, ids: Sequence[UUID], look: Look) -> Papers:
    """The referrals of these ids, who applied first before the others; each print is recorded.

    Raises:
        Problem: one of them is not there, or is another's.
    """
    found = session.exec(select(Referral).where(col(Referral.referral_id).in_(ids), *_within(who))).all()
    if not ids or len(found) != len(set(ids)):
        raise not_found()
    rows = [row for row in found if row.referred_on is not None]
    agreed = [row for row in rows if ledger.names_shown(session, row)]
    people = _people(session, vault, who, agreed, look)
    nameless = {row.seeker_id for row in rows if row.referral_id not in people}
    vault.audit.note(session, nameless, replace(look, items=()))
    facts, seekers = facts_as_shown(session, rows), _by_id(session, rows)
    agencies = {agency.agency_id: agency for agency in session.exec(select(Agency))}
    cafes = {cafe.cafe_id: cafe.name for cafe in session.exec(select(Cafe))}
    slips = [
        Slip(
            row=row,
            referred_on=row.referred_on,
            facts=facts[row.referral_id],
            seeker=SeekerFacts.model_validate(seekers[row.seeker_id].facts) if row in agreed else SeekerFacts(),
            person=people.get(row.referral_id),
            agency=agencies.get(row.agency_id) if row.agency_id else None,
            cafe=cafes.get(row.cafe_id, "") if row.cafe_id else "",
        )
        for row in rows
        if row.referred_on and row.referral_id in facts and row.seeker_id in seekers
    ]
    slips.sort(key=lambda slip: (seekers[slip.row.seeker_id].applied_at, slip.row.referral_id))
    return Papers(tuple(slips), len(found) - len(rows))


def _people(
    session: Session, vault: Vault, who: SignedIn, agreed: Sequence[Referral], look: Look
) -> dict[UUID, Person]:
    """Whom these papers may name, by referral."""
    allowed = set(nameable(session, who, [row.seeker_id for row in agreed]))
    named = [row for row in agreed if row.seeker_id in allowed]
    seen = vault.read(session, [row.seeker_id for row in named], replace(look, items=TOLD))
    return {row.referral_id: seen[row.seeker_id] for row in named if row.seeker_id in seen}


def _by_id(session: Session, rows: Iterable[Referral]) -> dict[UUID, Seeker]:
    ids = {row.seeker_id for row in rows}
    return {seeker.seeker_id: seeker for seeker in session.exec(select(Seeker).where(col(Seeker.seeker_id).in_(ids)))}


def _within(who: SignedIn) -> list[ColumnElement[bool]]:
    if who.role == "counselor":
        return [of_cafes(col(Referral.cafe_id), who.cafes)]
    return [col(Referral.agency_id) == who.agency_id] if who.role == "agency" else []
