"""Who takes part, under `/api/v1/registry`: agencies, and what the columns of their sheets mean."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import TypeAdapter
from sqlalchemy import Engine

from services.registry.access import Operator, Sender, agency_for, exists_already, not_found
from services.registry.api.bodies import Asked, Body, Name, PlainBody
from services.registry.intake.mapping import Mapping
from services.registry.intake.saved import MOST, Keeper, TooManyMappings, save_mapping, saved_mappings
from services.registry.law.licence_kinds import LicenceWord, licence_of
from services.registry.orders.agencies import AgencyExists, add_agency, give_key, some_agencies
from services.registry.tables import Agency, SavedMapping
from shared.contracts import AgencyAnswered, PostingReceived
from shared.database import reading, transaction
from shared.outbox import stream_of
from shared.web.cursors import Paged
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn

NAMED = TypeAdapter(tuple[Name, UUID])


class NewAgency(Asked):
    name: Name
    licence: LicenceWord
    registration_number: Name | None = None
    """Of the licence, as the authority gave it."""
    agency_id: UUID | None = None


class MappingAsked(Asked):
    """A mapping as its file would hold it, under a name."""

    agency_id: UUID | None = None
    name: Name
    mapping: dict[str, Any]


def agency_api(engine: Engine) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry")
    From = Annotated[SignedIn, Depends(Sender(engine))]  # noqa: N806 - a type

    @router.post("/agencies", status_code=201)
    def make_agency(
        _who: Operator,
        asked: Annotated[NewAgency, Depends(PlainBody(NewAgency))],
    ) -> dict[str, Any]:
        """Take in an agency. Its API key is shown this once."""
        try:
            with transaction(engine) as session:
                agency, key = add_agency(
                    session,
                    asked.name,
                    licence_of(asked.licence),
                    asked.agency_id,
                    registration_number=asked.registration_number,
                )
        except AgencyExists:
            raise exists_already("name") from None
        return _shown_agency(agency) | {"api_key": key}

    @router.post("/agencies/{agency_id}/key")
    def change_key(agency_id: UUID, _who: Operator) -> dict[str, Any]:
        """A new API key for an agency, shown this once; the one before ends at once."""
        with transaction(engine) as session:
            agency = session.get(Agency, agency_id)
            if agency is None:
                raise not_found()
            return _shown_agency(agency) | {"api_key": give_key(session, agency)}

    @router.get("/agencies")
    def list_agencies(_who: Operator, paged: Paged) -> list[dict[str, Any]]:
        """Agencies by name."""
        with reading(engine) as session:
            found = some_agencies(session, paged.after(NAMED), paged.one_more)
        return [_shown_agency(agency) for agency in paged.shown(found, lambda each: (each.name, each.agency_id))]

    @router.get("/mappings")
    def list_mappings(who: From, agency: UUID | None = None) -> list[dict[str, Any]]:
        """What the columns of an agency's own sheets mean, as it was answered once."""
        own = agency_for(engine, who, agency)
        with reading(engine) as session:
            return [_shown_mapping(saved) for saved in saved_mappings(session, Keeper(own.agency_id))]

    @router.put("/mappings")
    def keep_mapping(
        who: From,
        asked: Annotated[MappingAsked, Depends(Body(MappingAsked))],
    ) -> dict[str, Any]:
        """Save a mapping for an agency, in place of one of the same name: files that it fits are read by it."""
        own = agency_for(engine, who, asked.agency_id)
        try:
            mapping = Mapping.model_validate({"name": asked.name} | asked.mapping)
            with transaction(engine) as session:
                return _shown_mapping(save_mapping(session, Keeper(own.agency_id), mapping))
        except TooManyMappings:
            raise Problem(
                409, "TOO_MANY", f"An agency keeps up to {MOST} mappings.", f"연결표는 {MOST}개까지 둘 수 있습니다."
            ) from None

    @router.delete("/mappings/{mapping_id}")
    def drop_mapping(mapping_id: UUID, who: From) -> dict[str, Any]:
        """Forget a saved mapping."""
        with transaction(engine) as session:
            saved = session.get(SavedMapping, mapping_id)
            if saved is None or (who.role != "operator" and saved.agency_id != who.agency_id):
                raise not_found()
            session.delete(saved)
            return {"mapping_id": mapping_id, "removed": True}

    return router


def _shown_agency(agency: Agency) -> dict[str, Any]:
    return {
        "agency_id": agency.agency_id,
        "name": agency.name,
        "licence": agency.licence,
        "registration_number": agency.registration_number,
        "made_at": agency.made_at,
        "sends_to": stream_of(PostingReceived, agency.agency_id),
        "reads_from": stream_of(AgencyAnswered, agency.agency_id),
    }


def _shown_mapping(saved: SavedMapping) -> dict[str, Any]:
    told = saved.model_dump(mode="json", exclude={"words", "cafe_id"})
    return told | {"mapping": saved.words}
