"""Who may send and see what: the operator names an agency, an agency is itself, and nobody is another's."""

from collections.abc import Collection, Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import ColumnElement, Engine

from services.registry.orders.agencies import KEY_PREFIX, agency_of_key
from services.registry.tables import Agency, Cafe
from shared.database import reading
from shared.web.problems import Problem
from shared.web.sign_in import Allowed, SignedIn, allow, bearer_token

Operator = Annotated[SignedIn, Depends(allow("operator"))]


class Sender(Allowed):
    """A dependency that lets the operator pass, and an agency by its key or its session."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(("operator", "agency"))
        self._engine = engine

    def __call__(self, request: Request) -> SignedIn:
        key = bearer_token(request)
        if key.startswith(KEY_PREFIX):
            with reading(self._engine) as session:
                agency = agency_of_key(session, key)
            if agency is not None:
                return SignedIn(role="agency", agency_id=agency.agency_id, label=agency.name)
        return super().__call__(request)


def agency_for(engine: Engine, who: SignedIn, asked: UUID | None) -> Agency:
    """The agency in whose name someone sends or looks. One that is not hers is told as one that does not exist."""
    wanted = who.agency_id if who.role == "agency" else asked
    if wanted is None:
        raise Problem(
            422, "AGENCY_MISSING", "Name the agency.", "기관을 지정해 주세요.", where="agency", hint="?agency=<id>"
        )
    with reading(engine) as session:
        agency = session.get(Agency, wanted)
    if agency is None or (who.role == "agency" and asked not in (None, wanted)):
        raise not_found()
    return agency


def refuse_unknown(engine: Engine, kind: type[Agency] | type[Cafe], ids: Iterable[UUID | None], where: str) -> None:
    """Let nothing point to an agency or a café that is not there."""
    with reading(engine) as session:
        if all(session.get(kind, one) is not None for one in ids if one is not None):
            return
    raise Problem(
        422,
        "REFERENCE_UNKNOWN",
        f"There is no such {kind.__name__.lower()}.",
        "가리키신 기관이나 카페가 없습니다.",
        where=where,
    )


def of_cafes(cafe_id: Any, cafes: Collection[UUID]) -> ColumnElement[bool]:
    """Of these cafés; a counselor who looks after none sees those whom none looks after."""
    condition: ColumnElement[bool] = cafe_id.in_(cafes) if cafes else cafe_id.is_(None)
    return condition


def exists_already(where: str) -> Problem:
    """The one answer to a name that someone or something has already."""
    return Problem(
        409,
        "ALREADY_THERE",
        "This is here already.",
        "이미 있습니다.",
        where=where,
        hint="Use another, or the present one.",
    )


def not_found() -> Problem:
    """The one answer for what does not exist and for what is another's."""
    return Problem(404, "NOT_FOUND", "There is nothing here.", "찾으시는 것이 없습니다.")
