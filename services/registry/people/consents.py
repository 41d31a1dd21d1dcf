"""What did someone agree to? Each purpose for itself, by a text of a version, and revoked at once."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, select

from services.registry.intake.documents import ConsentBasis, Purpose
from services.registry.tables import Consent
from shared.clock import now
from shared.contracts import Fact

Through = Literal["herself", "counter", "file"]


class Words(Fact):
    """A text in one language: the four things that the law asks for, under a title."""

    title: str
    purpose: str
    items: str
    period: str
    refusal: str

    def told(self, recipient: str) -> "Words":
        return Words(**{name: text.format(recipient=recipient) for name, text in self})


class ConsentText(Fact):
    """What is asked for one purpose."""

    purpose: Purpose
    version: str
    required: bool = False
    """Nothing is published without it; it may be refused all the same."""
    ko: Words
    en: Words


@dataclass(frozen=True)
class Matter:
    """What a consent is about: a purpose, and to whom data are given where that is the purpose."""

    purpose: Purpose
    recipient: str = ""


@dataclass(frozen=True)
class Ground:
    """On what a consent stands, and who brought it."""

    basis: ConsentBasis
    through: Through
    brought_by: UUID | None = None
    """The agency that brought the data, where they do not come from the person: she may ask."""


@cache
def present_texts() -> dict[Purpose, ConsentText]:
    """The text that is shown today, by purpose."""
    told = tomllib.loads((files(__package__) / "consent_texts.toml").read_text("utf-8"))
    texts = [ConsentText.model_validate(text) for text in told["text"]]
    return {text.purpose: text for text in texts}


def give(session: Session, seeker_id: UUID, matter: Matter, ground: Ground, items: Sequence[str] = ()) -> bool:
    """Note that someone agreed; whether that is new. A file cannot give anew what she herself has revoked."""
    last = _last(session, seeker_id, matter)
    if last and last.revoked_at is None and (last.basis, last.brought_by) == (ground.basis, ground.brought_by):
        return False
    if last and last.revoked_at and ground.through == "file":
        return False
    consent = Consent(
        seeker_id=seeker_id,
        purpose=matter.purpose,
        recipient=matter.recipient,
        text=present_texts()[matter.purpose].version,
        basis=ground.basis,
        given_through=ground.through,
        brought_by=ground.brought_by,
        items=list(items),
        given_at=now(),
    )
    session.add(consent)
    session.flush()
    return True


def revoke(session: Session, seeker_id: UUID, matter: Matter) -> bool:
    """Take a consent back, from now on; whether there was one."""
    standing = [row for row in _of(session, seeker_id, matter) if row.revoked_at is None]
    for row in standing:
        row.revoked_at = now()
        session.add(row)
    session.flush()
    return bool(standing)


def holds(session: Session, seeker_id: UUID, matter: Matter) -> bool:
    """Whether she agrees as of now."""
    last = _last(session, seeker_id, matter)
    return last is not None and last.revoked_at is None


def was_revoked(session: Session, seeker_id: UUID, matter: Matter) -> bool:
    last = _last(session, seeker_id, matter)
    return last is not None and last.revoked_at is not None


def all_of(session: Session, seeker_id: UUID) -> Sequence[Consent]:
    """Everything she agreed to and took back, in its order."""
    return session.exec(select(Consent).where(Consent.seeker_id == seeker_id).order_by(col(Consent.number))).all()


def _last(session: Session, seeker_id: UUID, matter: Matter) -> Consent | None:
    return next(iter(_of(session, seeker_id, matter)), None)


def _of(session: Session, seeker_id: UUID, matter: Matter) -> Sequence[Consent]:
    same = (
        Consent.seeker_id == seeker_id,
        Consent.purpose == matter.purpose,
        Consent.recipient == matter.recipient,
    )
    return session.exec(select(Consent).where(*same).order_by(col(Consent.number).desc())).all()
