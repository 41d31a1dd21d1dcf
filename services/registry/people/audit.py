"""Who saw whose personal data, when and why: no look without a record, and no data without one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from services.registry.people.vault import Person, Vault
from services.registry.tables import Reveal
from shared.clock import now


@dataclass(frozen=True)
class Look:
    """Who wants to see what of people, and for what."""

    who: str
    purpose: str
    items: tuple[str, ...] = ("name",)

    def __post_init__(self) -> None:
        if not self.who.strip() or not self.purpose.strip():
            raise ValueError("a look needs someone who looks and a purpose")


def reveal(session: Session, vault: Vault, seeker_ids: Sequence[UUID], look: Look) -> dict[UUID, Person]:
    """What is asked of each person, and a row for each; ids without data are absent.

    The rows are the caller's transaction's: hand the answer out only after it has committed.
    """
    seen: dict[UUID, Person] = {}
    for seeker_id in dict.fromkeys(seeker_ids):
        person = vault.open(session, seeker_id)
        if person is None:
            continue
        seen[seeker_id] = Person(**{item: getattr(person, item) for item in look.items})
        session.add(
            Reveal(seeker_id=seeker_id, who=look.who, purpose=look.purpose, items=list(look.items), seen_at=now())
        )
    session.flush()
    return seen
