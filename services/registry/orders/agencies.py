"""Agencies: who they are, and the key by which we know them."""

import secrets
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from services.registry.law.licence_kinds import Licence
from services.registry.tables import Agency
from shared.clock import now
from shared.database import beyond

KEY_PREFIX = "ilj_"


class AgencyExists(Exception):
    """An agency of this name is here already."""


def add_agency(
    session: Session,
    name: str,
    licence: Licence,
    agency_id: UUID | None = None,
    *,
    registration_number: str | None = None,
) -> tuple[Agency, str]:
    """Take in an agency; its API key is told this once and kept only as a hash."""
    if session.exec(select(Agency).where(Agency.name == name)).first():
        raise AgencyExists(name)
    agency = Agency(
        agency_id=agency_id or uuid4(),
        name=name,
        licence=licence,
        registration_number=registration_number,
        api_key_hash="",
        made_at=now(),
    )
    return agency, give_key(session, agency)


def give_key(session: Session, agency: Agency) -> str:
    """A new API key, told this once; the one before opens nothing from now on."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    agency.api_key_hash = _hash(key)
    session.add(agency)
    session.flush()
    return key


def agency_of_key(session: Session, key: str) -> Agency | None:
    if not key.startswith(KEY_PREFIX):
        return None
    return session.exec(select(Agency).where(Agency.api_key_hash == _hash(key))).first()


def all_agencies(session: Session) -> list[Agency]:
    return list(session.exec(select(Agency).order_by(col(Agency.name))))


def some_agencies(session: Session, after: tuple[str, UUID] | None, limit: int) -> Sequence[Agency]:
    """The next agencies by name; `after`: the last before."""
    key = (col(Agency.name), col(Agency.agency_id))
    return session.exec(select(Agency).where(*beyond(key, after)).order_by(*key).limit(limit)).all()


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
