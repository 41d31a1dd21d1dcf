"""What may a firm learn of the people who were referred to it? Only who agreed to this firm; the check is made here.

Notify shows it, but need not be trusted for it: a pair that was not referred, or whose consent does not stand, is
answered like one that does not exist.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints
from sqlalchemy import Engine
from sqlmodel import Session

from services.registry.access import not_found
from services.registry.api.bodies import Asked, Name, PlainBody
from services.registry.orders import ledger
from services.registry.people.audit import Look
from services.registry.people.consents import Words, present_texts
from services.registry.people.vault import Vault
from services.registry.tables import Posting, Referral
from shared.contracts import Fact
from shared.database import reading, transaction
from shared.web.sign_in import SignedIn, allow

TOLD = ("name", "phone", "email")
"""What the text of the consent names."""
Service = Annotated[SignedIn, Depends(allow("service"))]


class RevealToFirmAsked(Asked):
    posting_id: UUID
    seeker_ids: Annotated[tuple[UUID, ...], Field(max_length=500)]
    who: Name
    purpose: Name
    place: Annotated[str, StringConstraints(max_length=100)] = ""


class ToldText(Fact):
    """The present text of the consent to provision, with the firm set in."""

    version: str
    recipient: str
    ko: Words
    en: Words


def firm_door(engine: Engine, vault: Vault) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry")

    @router.post("/people/reveal-to-firm")
    def reveal_to_firm(
        _who: Service, asked: Annotated[RevealToFirmAsked, Depends(PlainBody(RevealToFirmAsked))]
    ) -> dict[str, Any]:
        """Name and contact of those who agreed that this firm learns them; each look is recorded before it is told."""
        look = Look(who=asked.who, purpose=asked.purpose, items=TOLD, place=asked.place)
        with transaction(engine) as session:
            agreed = [one for one in asked.seeker_ids if may_know(session, one, asked.posting_id)]
            seen = vault.read(session, agreed, look)
        return {
            "people": [
                {"seeker_id": seeker_id} | {item: getattr(person, item) for item in TOLD}
                for seeker_id, person in seen.items()
            ]
        }

    @router.get("/postings/{posting_id}/provision-text")
    def show_provision_text(_who: Service, posting_id: UUID) -> ToldText:
        """What someone is asked before the firm of this posting is given her data (PIPA article 17)."""
        with reading(engine) as session:
            posting = session.get(Posting, posting_id)
            if posting is None:
                raise not_found()
            firm, text = ledger.firm_of(posting), present_texts()["provision"]
        return ToldText(version=text.version, recipient=firm, ko=text.ko.told(firm), en=text.en.told(firm))

    return router


def may_know(session: Session, seeker_id: UUID, posting_id: UUID) -> bool:
    """Whether the firm of a posting may know who she is: she was referred to it, and her consent to it stands."""
    referral = session.get(Referral, ledger.referral_id_of(seeker_id, posting_id))
    return referral is not None and ledger.names_shown(session, referral)
