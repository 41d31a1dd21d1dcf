"""What the other services ask of the registry, under `/api/v1/registry`: names to show, and whether all was heard."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints
from sqlalchemy import Engine

from services.registry.api.bodies import Asked, Name, PlainBody
from services.registry.digest import Digest, digests
from services.registry.people.audit import Look
from services.registry.people.vault import Vault
from shared.database import reading, transaction
from shared.web.sign_in import SignedIn, allow


class RevealAsked(Asked):
    seeker_ids: Annotated[tuple[UUID, ...], Field(max_length=500)]
    who: Name
    purpose: Name
    place: Annotated[str, StringConstraints(max_length=100)] = ""
    """From where it is asked: the address of whoever looks."""
    items: Annotated[tuple[Literal["name", "phone", "email"], ...], Field(min_length=1)] = ("name",)
    action: Literal["read", "export"] = "read"
    """Shown on a page, or taken along in a file."""


def service_api(engine: Engine, vault: Vault) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry")

    @router.post("/people/reveal")
    def reveal_people(
        _who: Annotated[SignedIn, Depends(allow("service"))],
        asked: Annotated[RevealAsked, Depends(PlainBody(RevealAsked))],
    ) -> dict[str, Any]:
        """Names, at the moment of showing or sending; each look is recorded before it is answered."""
        look = Look(who=asked.who, purpose=asked.purpose, items=asked.items, place=asked.place, action=asked.action)
        with transaction(engine) as session:
            seen = vault.read(session, asked.seeker_ids, look)
        return {
            "people": [
                {"seeker_id": seeker_id} | {item: getattr(person, item) for item in asked.items}
                for seeker_id, person in seen.items()
            ]
        }

    @router.get("/digest")
    def show_digest(_who: Annotated[SignedIn, Depends(allow("operator", "service"))]) -> dict[str, Digest]:
        with reading(engine) as session:
            return digests(session)

    return router
