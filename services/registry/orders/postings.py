"""Which posting stands for an order: who is credited with it, its revisions, and when it opens and closes.

Between submissions this holds, in whatever order they came:
an open posting has at least one credit, a withdrawn one none; every credit's order is that of its posting; and no two
open postings are the same order.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, Self
from uuid import UUID, uuid5

from sqlmodel import Session, col, select

from services.registry.tables import Agency, Posting, PostingCredit, PostingRevision
from shared.clock import now
from shared.contracts import PostingFacts, PostingPublished, PostingWithdrawn
from shared.outbox import stage

OPEN = "open"
NOT_PART_OF_THE_ORDER = {"agency_id", "source_ref", "source_url", "opened_on", "closing_note"}
DECORATION = re.compile(r"[\s!·•ㆍ※★☆▶■□◆◇…\"'“”‘’]+")
"""What changes nothing when left out. Not `+`, `#`, `.` or `-`: C++ is not C, and 3.5 is not 35."""

Settled = Literal["accepted", "merged", "unchanged"]


def posting_id_of(agency_id: UUID, source_ref: str) -> UUID:
    """The same reference of the same agency is the same posting."""
    return uuid5(agency_id, source_ref)


def fingerprint_of(facts: PostingFacts) -> str:
    """Equal for two documents that are the same order but for spacing, case, decoration and reference."""
    order = facts.model_dump(mode="json", exclude=NOT_PART_OF_THE_ORDER)
    return sha256(json.dumps(_plain(order), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def content_hash_of(facts: PostingFacts) -> str:
    """Equal for two documents that say the same, word for word."""
    words = facts.model_dump_json(exclude={"agency_id", "source_ref"})
    return sha256(words.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return DECORATION.sub("", unicodedata.normalize("NFKC", value).casefold())
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Order:
    """What an agency says under a reference, with the two hashes by which it is known."""

    facts: PostingFacts
    content_hash: str
    fingerprint: str

    @classmethod
    def of(cls, facts: PostingFacts) -> Self:
        return cls(facts, content_hash_of(facts), fingerprint_of(facts))

    @property
    def own_id(self) -> UUID:
        return posting_id_of(self.facts.agency_id, self.facts.source_ref)


class Shelf:
    """The postings and credits that a batch may touch, looked up once."""

    def __init__(self, session: Session, agency: Agency, orders: Sequence[Order]) -> None:
        self.session, self.agency = session, agency
        self.moving: list[PostingCredit] = []
        """Credits on their way to another posting; until that is written their rows still name the old one."""
        self.credits = self._credits([order.facts.source_ref for order in orders])
        self.open = self._open([order.fingerprint for order in orders])
        own = [order.own_id for order in orders]
        held = [credit.posting_id for credit in self.credits.values()]
        self.postings: dict[UUID, Posting | None] = dict.fromkeys([*own, *held])
        self.postings |= {posting.posting_id: posting for posting in self.open.values()}
        self.postings |= self._postings({*own, *held})

    def _credits(self, references: list[str]) -> dict[str, PostingCredit]:
        own = (PostingCredit.agency_id == self.agency.agency_id, col(PostingCredit.source_ref).in_(set(references)))
        return {credit.source_ref: credit for credit in self.session.exec(select(PostingCredit).where(*own))}

    def _open(self, fingerprints: list[str]) -> dict[str, Posting]:
        live = (Posting.state == OPEN, col(Posting.fingerprint).in_(set(fingerprints)))
        return {posting.fingerprint: posting for posting in self.session.exec(select(Posting).where(*live))}

    def _postings(self, ids: set[UUID]) -> dict[UUID, Posting]:
        found = select(Posting).where(col(Posting.posting_id).in_(ids))
        return {posting.posting_id: posting for posting in self.session.exec(found)}

    def posting(self, posting_id: UUID) -> Posting | None:
        if posting_id not in self.postings:
            self.postings[posting_id] = self.session.get(Posting, posting_id)
        return self.postings[posting_id]

    def credited(self, credit: PostingCredit) -> Posting:
        """The posting that stands for a credit's order."""
        posting = self.posting(credit.posting_id)
        assert posting is not None, "a credit's posting is kept as long as the credit"
        return posting

    def staying(self, posting_id: UUID) -> list[PostingCredit]:
        """Who is credited with a posting and is not just leaving it, earliest first."""
        self.session.flush()
        order = (col(PostingCredit.sent_at), col(PostingCredit.agency_id), col(PostingCredit.source_ref))
        found = select(PostingCredit).where(PostingCredit.posting_id == posting_id).order_by(*order)
        return [credit for credit in self.session.exec(found) if credit not in self.moving]


def settle(shelf: Shelf, order: Order) -> tuple[Settled, Posting]:
    """Bring what an agency says under a reference to the posting that stands for it."""
    credit = shelf.credits.get(order.facts.source_ref)
    if credit and credit.content_hash == order.content_hash:
        return "unchanged", shelf.credited(credit)
    left = shelf.credited(credit) if credit else None
    credit = credit or _new_credit(shelf, order)
    credit.content_hash, credit.sent_at = order.content_hash, now()
    shelf.moving = [credit]
    twin = shelf.open.get(order.fingerprint)
    if twin is not None and twin is not left:
        return _join(shelf, credit, twin, left)
    if twin is not None and left is not None and left.posting_id != order.own_id:
        return "merged", left  # only decoration changed: still the order that another agency sent first
    return _publish_own(shelf, credit, order, left)


def _new_credit(shelf: Shelf, order: Order) -> PostingCredit:
    credit = PostingCredit(
        agency_id=order.facts.agency_id,
        source_ref=order.facts.source_ref,
        posting_id=order.own_id,
        content_hash=order.content_hash,
        sent_at=now(),
    )
    shelf.credits[order.facts.source_ref] = credit
    return credit


def _join(shelf: Shelf, credit: PostingCredit, twin: Posting, left: Posting | None) -> tuple[Settled, Posting]:
    """The same order is here already: be credited with it, and close what this reference stood for."""
    credit.posting_id = twin.posting_id
    shelf.session.add(credit)
    if left is not None and not shelf.staying(left.posting_id):
        withdraw(shelf.session, left, "withdrawn")
        if shelf.open.get(left.fingerprint) is left:
            del shelf.open[left.fingerprint]
    return "merged", twin


def _publish_own(shelf: Shelf, credit: PostingCredit, order: Order, left: Posting | None) -> tuple[Settled, Posting]:
    """An order of its own: open it, or say its next revision. Whoever shared the old words keeps them elsewhere."""
    own = shelf.posting(order.own_id)
    if own is not None and own.state == OPEN and own.fingerprint != order.fingerprint:
        _hand_over(shelf, own)
    posting = publish(shelf.session, own, order, _name_of(shelf, order.facts.agency_id))
    credit.posting_id = posting.posting_id
    shelf.session.add(credit)
    shelf.postings[posting.posting_id] = posting
    shelf.open[posting.fingerprint] = posting
    if left is not None and left is not posting and not shelf.staying(left.posting_id):
        withdraw(shelf.session, left, "withdrawn")
        shelf.open.pop(left.fingerprint, None)
    return "accepted", posting


def _hand_over(shelf: Shelf, posting: Posting) -> None:
    """The posting is about to say something else: those who still say the old open it under their own reference."""
    shelf.open.pop(posting.fingerprint, None)
    staying = shelf.staying(posting.posting_id)
    if not staying:
        return
    heir = staying[0]
    shelf.moving.append(heir)
    words = posting.facts | {"agency_id": str(heir.agency_id), "source_ref": heir.source_ref}
    _, home = _publish_own(shelf, heir, Order.of(PostingFacts.model_validate(words)), None)
    for credit in staying[1:]:
        credit.posting_id = home.posting_id
        shelf.session.add(credit)


def _name_of(shelf: Shelf, agency_id: UUID) -> str:
    if agency_id == shelf.agency.agency_id:
        return shelf.agency.name
    return shelf.session.get_one(Agency, agency_id).name


def publish(session: Session, held: Posting | None, order: Order, agency_name: str) -> Posting:
    """Open a posting, or say its next revision; what it was before is kept."""
    facts, values = order.facts, order.facts.model_dump(mode="json")
    if held is None:
        held = Posting(
            posting_id=order.own_id,
            agency_id=facts.agency_id,
            source_ref=facts.source_ref,
            revision=1,
            state=OPEN,
            facts=values,
            fingerprint=order.fingerprint,
            accepted_at=now(),
            changed_at=now(),
        )
    else:
        _keep_revision(session, held)
        held.facts, held.fingerprint, held.state = values, order.fingerprint, OPEN
    session.add(held)
    stage(session, published(held, agency_name))
    return held


def withdraw(
    session: Session,
    posting: Posting,
    reason: Literal["closed", "expired", "filled", "suspended", "refused", "withdrawn"],
) -> None:
    """Close a posting; it stays as a tombstone with its revision."""
    _keep_revision(session, posting)
    posting.state = reason
    session.add(posting)
    stage(session, PostingWithdrawn(posting_id=posting.posting_id, revision=posting.revision, reason=reason))


def published(posting: Posting, agency_name: str) -> PostingPublished:
    """What is said of an open posting, now or when asked to say it again."""
    return PostingPublished(
        posting_id=posting.posting_id,
        revision=posting.revision,
        agency_name=agency_name,
        accepted_at=posting.accepted_at,
        facts=PostingFacts.model_validate(posting.facts),
    )


def _keep_revision(session: Session, posting: Posting) -> None:
    session.add(
        PostingRevision(
            posting_id=posting.posting_id,
            revision=posting.revision,
            state=posting.state,
            facts=posting.facts,
            until=now(),
        )
    )
    posting.revision += 1
    posting.changed_at = now()
