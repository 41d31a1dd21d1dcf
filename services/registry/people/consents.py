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
    """Note that someone agreed; whether that is new."""
    if agreed(all_of(session, seeker_id), matter, ground):
        return False
    session.add(row_of(seeker_id, matter, ground, items))
    return True


def agreed(given: Sequence[Consent], matter: Matter, ground: Ground) -> bool:
    """Whether there is nothing to note. A file cannot give anew what she herself has revoked."""
    before = last(given, matter)
    if before is None:
        return False
    if before.revoked_at:
        return ground.through == "file"
    return (before.basis, before.brought_by) == (ground.basis, ground.brought_by)


def row_of(seeker_id: UUID, matter: Matter, ground: Ground, items: Sequence[str] = ()) -> Consent:
    """A consent to the text that is shown today."""
    return Consent(
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


def revoke(session: Session, seeker_id: UUID, matter: Matter) -> bool:
    """Take a consent back, from now on; whether there was one."""
    rows = all_of(session, seeker_id)
    standing = [row for row in rows if _is_about(row, matter) and row.revoked_at is None]
    for row in standing:
        row.revoked_at = now()
        session.add(row)
    return bool(standing)


def holds(session: Session, seeker_id: UUID, matter: Matter) -> bool:
    """Whether she agrees as of now."""
    return stands(all_of(session, seeker_id), matter)


def stands(given: Sequence[Consent], matter: Matter) -> bool:
    """Whether the last that was given for this was not taken back."""
    row = last(given, matter)
    return row is not None and row.revoked_at is None


def last(given: Sequence[Consent], matter: Matter) -> Consent | None:
    """The last that was given for this."""
    return next((row for row in reversed(given) if _is_about(row, matter)), None)


def all_of(session: Session, seeker_id: UUID) -> Sequence[Consent]:
    """Everything she agreed to and took back, in its order."""
    return session.exec(select(Consent).where(Consent.seeker_id == seeker_id).order_by(col(Consent.number))).all()


def _is_about(row: Consent, matter: Matter) -> bool:
    return (row.purpose, row.recipient) == (matter.purpose, matter.recipient)
