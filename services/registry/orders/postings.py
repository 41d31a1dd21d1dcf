"""Which posting shows an order: who is credited with it, its revisions, and when it opens and closes.

Between submissions this holds, in whatever order they came: an open order is shown by one open posting, and by the same
one as every order that is the same; an open posting shows the words of one of its orders; a posting that shows none is
withdrawn.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal, Self
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlmodel import Session, col, or_, select

from services.registry.orders import ledger, life_cycle
from services.registry.orders.life_cycle import ENDED, HELD, OPEN, Actor, State, Status
from services.registry.orders.same_order import Traits, alike, linked
from services.registry.tables import Agency, JobOrder, JobOrderRevision, Posting, PostingRevision
from shared.clock import KST, now
from shared.contracts import PostingFacts, PostingPublished, PostingWithdrawn
from shared.outbox import stage

ONE_AT_A_TIME = 0x696C6A
MOST_COMPARED = 100
"""Orders under one key, the earliest first: what a posting costs does not grow with what a firm orders."""

LeavingReason = Literal["closed", "expired", "filled", "suspended", "refused", "withdrawn"]
Settled = Literal["accepted", "merged", "unchanged", "held"]


def order_id_of(agency_id: UUID, source_ref: str) -> UUID:
    """The same reference of the same agency is the same order."""
    return uuid5(agency_id, source_ref)


def content_hash_of(facts: PostingFacts, besides: str = "") -> str:
    """Equal for two documents that say the same, word for word; `besides`: what they say that facts do not keep."""
    words = facts.model_dump_json(exclude={"agency_id", "source_ref"}) + besides
    return sha256(words.encode()).hexdigest()


@dataclass(frozen=True)
class Said:
    """What an agency says under a reference, and what the law holds it for."""

    facts: PostingFacts
    content_hash: str
    held_for: tuple[str, ...] = ()
    status: Status | None = None
    employer_number: str = ""

    @classmethod
    def of(
        cls,
        facts: PostingFacts,
        *,
        employer_number: str = "",
        held_for: Iterable[str] = (),
        status: Status | None = None,
    ) -> Self:
        digest = content_hash_of(facts, employer_number)
        return cls(facts, digest, tuple(held_for), status, employer_number)

    @cached_property
    def traits(self) -> Traits:
        return Traits(self.facts)

    @property
    def order_id(self) -> UUID:
        return order_id_of(self.facts.agency_id, self.facts.source_ref)


def one_at_a_time(session: Session) -> None:
    """Two documents may be the same order: on PostgreSQL orders move one transaction at a time, as on SQLite anyway.

    Pairs first: an order that ends takes its pairs along, and a hire may end an order.
    """
    ledger.one_at_a_time(session)
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})


class Shelf:
    """The orders and postings that a batch may touch, looked up once."""

    def __init__(self, session: Session, said: Sequence[Said] = (), order_ids: Iterable[UUID] = ()) -> None:
        self.session = session
        self.orders: dict[UUID, JobOrder | None] = dict.fromkeys([*order_ids, *(each.order_id for each in said)])
        self._traits: dict[tuple[UUID, int], Traits] = {}
        self._under: defaultdict[str, dict[UUID, None]] = defaultdict(dict)
        self._known_keys: set[str] = set()
        self._shown: dict[UUID, set[UUID]] = {}
        self._postings: dict[UUID, Posting | None] = {}
        self._names: dict[UUID, str] = {}
        found = session.exec(select(JobOrder).where(col(JobOrder.order_id).in_(list(self.orders))))
        self._take(found)
        self._look_under({key for each in said for key in (each.traits.fingerprint, *each.traits.keys)})

    def order(self, order_id: UUID) -> JobOrder | None:
        if order_id not in self.orders:
            self.orders[order_id] = self.session.get(JobOrder, order_id)
        return self.orders[order_id]

    def posting(self, posting_id: UUID) -> Posting | None:
        if posting_id not in self._postings:
            self._postings[posting_id] = self.session.get(Posting, posting_id)
        return self._postings[posting_id]

    def put(self, posting: Posting) -> None:
        self._postings[posting.posting_id] = posting

    def shown_by(self, posting_id: UUID) -> list[JobOrder]:
        """The open orders that a posting shows, earliest first."""
        if posting_id not in self._shown:
            self.session.flush()
            here = (JobOrder.posting_id == posting_id, JobOrder.state == OPEN)
            self._shown[posting_id] = set(self._take(self.session.exec(select(JobOrder).where(*here))))
        members = (self.orders[order_id] for order_id in self._shown[posting_id])
        return sorted(
            (order for order in members if order and order.state == OPEN and order.posting_id == posting_id), key=_rank
        )

    def move(self, order: JobOrder, posting_id: UUID) -> None:
        order.posting_id = posting_id
        self.session.add(order)
        self._shown.setdefault(posting_id, set()).add(order.order_id)

    def near(self, order: JobOrder) -> list[JobOrder]:
        """Other open orders that are alike."""
        self._look_under({*_keys(order)})
        found = [self.orders[each] for key in _keys(order) for each in list(self._under[key])[:MOST_COMPARED]]
        others = {each.order_id: each for each in found if each and each is not order and each.state == OPEN}
        return [other for other in others.values() if self.link(order, other)]

    def link(self, one: JobOrder, other: JobOrder) -> bool:
        return not (one.alone or other.alone) and alike(self.traits(one), self.traits(other))

    def traits(self, order: JobOrder) -> Traits:
        version = (order.order_id, order.revision)
        if version not in self._traits:
            self._traits[version] = Traits(PostingFacts.model_validate(order.facts))
        return self._traits[version]

    def know(self, order: JobOrder) -> None:
        """An order whose content is new: found from now on by what it says now."""
        self.orders[order.order_id] = order
        for key in _keys(order):
            self._under[key][order.order_id] = None

    def name_of(self, agency_id: UUID) -> str:
        if agency_id not in self._names:
            self._names[agency_id] = self.session.get_one(Agency, agency_id).name
        return self._names[agency_id]

    def _look_under(self, keys: set[str]) -> None:
        fresh = list(keys - self._known_keys)
        if not fresh:
            return
        self._known_keys |= set(fresh)
        self.session.flush()
        under = or_(
            *(col(column).in_(fresh) for column in (JobOrder.fingerprint, JobOrder.firm_key, JobOrder.title_key))
        )
        live = select(JobOrder).where(JobOrder.state == OPEN, under)
        earliest = live.order_by(col(JobOrder.accepted_at), col(JobOrder.order_id)).limit(MOST_COMPARED * len(fresh))
        for order_id in self._take(self.session.exec(earliest)):
            order = self.orders[order_id]
            for key in _keys(order) if order else ():
                self._under[key][order_id] = None

    def _take(self, found: Iterable[JobOrder]) -> list[UUID]:
        ids = []
        for order in found:
            self.orders[order.order_id] = order
            ids.append(order.order_id)
        return ids


def settle(shelf: Shelf, said: Said) -> tuple[Settled, JobOrder]:
    """Bring what an agency says under a reference to the posting that shows it.

    Raises:
        Illegal: the operator refused this order.
    """
    order = shelf.order(said.order_id)
    if order and order.state == "refused":
        raise life_cycle.Illegal("ORDER_REFUSED", "refused", "open")
    if order and order.content_hash == said.content_hash:
        order.employer_number = order.employer_number or said.employer_number  # kept before the column was
        moved = said.status is not None and change(shelf, order, said.status, "agency")
        return ("accepted" if moved else "unchanged"), order
    if order is None:
        order = _new(said)
        decision = _first_decision(said)
    else:
        decision = _decision(order, said)
        _keep(shelf.session, order)
        if order.state in ENDED or said.status == "renewed":
            order.valid_from = today()
        order.sqlmodel_update(_words(said, order.valid_from))
    _decide(shelf, order, *decision)
    return _settled(shelf, order), order


def change(shelf: Shelf, order: JobOrder, status: Status | State, by: Actor, reason: str = "") -> bool:
    """Move an order to another state, or renew it; whether anything changed.

    Raises:
        Illegal: it may not be moved so.
    """
    state = life_cycle.state_after(_state(order), status, by, _actor(order))
    renewed = status == "renewed" or state == OPEN != order.state
    if renewed and order.facts.get("closes_on") and order.facts["closes_on"] < today().isoformat():
        raise life_cycle.Illegal("CLOSED_ALREADY", _state(order), status)
    if state == order.state and not (renewed and order.valid_from < today()):
        return False
    _keep(shelf.session, order)
    if renewed:
        order.valid_from = today()
        order.valid_until = life_cycle.last_day(order.valid_from, PostingFacts.model_validate(order.facts).closes_on)
    _decide(shelf, order, state, by, reason)
    return True


def set_alone(shelf: Shelf, order: JobOrder, *, alone: bool, reason: str = "") -> bool:
    """Split an order from those it was merged with, for good, or let it be merged again; whether anything changed."""
    if order.alone == alone:
        return False
    _keep(shelf.session, order)
    order.alone, order.merge_reason = alone, reason
    shelf.session.add(order)
    place(shelf, order)
    return True


def place(shelf: Shelf, order: JobOrder) -> None:
    """Bring every order that this one's change touches to the posting that shows it."""
    postings = {order.posting_id} | {other.posting_id for other in (shelf.near(order) if order.state == OPEN else ())}
    shown = {each for each in postings if each is not None}
    own = [order] if order.state == OPEN else []
    touched = {each.order_id: each for posting_id in shown for each in shelf.shown_by(posting_id)}
    touched |= {each.order_id: each for each in own}
    groups = linked(sorted(touched.values(), key=_rank), shelf.link)
    homes = _homes(shelf, groups, shown, order)
    for group, home in zip(groups, homes, strict=True):
        _show(shelf, home, next((member for member in group if member.order_id == home), group[0]))
        for member in group:
            shelf.move(member, home)
    for posting_id in sorted(shown - set(homes)):
        _withdraw(shelf, posting_id, _reason_of(order))


def _homes(shelf: Shelf, groups: Sequence[list[JobOrder]], shown: set[UUID], moving: JobOrder) -> list[UUID]:
    """A posting for each group. It stays where it is: with the sender whose own it is, else with the earliest."""
    kept: defaultdict[int, list[Posting]] = defaultdict(list)
    for posting in filter(None, map(shelf.posting, sorted(shown))):
        if posting.state == OPEN and (keeper := _keeper(groups, posting.posting_id, moving)) is not None:
            kept[keeper].append(posting)
    homes = []
    for number, group in enumerate(groups):
        first = min(kept[number], key=lambda posting: (posting.accepted_at, posting.posting_id), default=None)
        homes.append(first.posting_id if first else group[0].order_id)
    return homes


def _keeper(groups: Sequence[list[JobOrder]], posting_id: UUID, moving: JobOrder) -> int | None:
    """The group that a posting stays with: its own sender's, else one that did not just change, else the earliest."""
    return min(
        (
            (member.order_id != posting_id, member is moving, _rank(member), number)
            for number, group in enumerate(groups)
            for member in group
            if posting_id in (member.order_id, member.posting_id)
        ),
        default=(None,),
    )[-1]


def _show(shelf: Shelf, posting_id: UUID, lead: JobOrder) -> None:
    """Open a posting with an order's words, or say its next revision; what it was before is kept."""
    is_first = lead.order_id == posting_id and lead.posting_id is None
    held = None if is_first else shelf.posting(posting_id)
    if held is None:
        held = Posting(
            posting_id=posting_id,
            agency_id=lead.agency_id,
            source_ref=lead.source_ref,
            revision=1,
            state=OPEN,
            facts=lead.facts,
            accepted_at=now(),
            changed_at=now(),
        )
        shelf.put(held)
    elif held.state == OPEN and held.facts == lead.facts:
        return
    else:
        _keep_posting(shelf.session, held)
        held.agency_id, held.source_ref, held.facts, held.state = lead.agency_id, lead.source_ref, lead.facts, OPEN
    shelf.session.add(held)
    stage(shelf.session, published(held, shelf.name_of(held.agency_id)))


def _withdraw(shelf: Shelf, posting_id: UUID, reason: LeavingReason) -> None:
    """Close a posting; it stays as a tombstone with its revision."""
    posting = shelf.posting(posting_id)
    if posting is None or posting.state != OPEN:
        return
    _keep_posting(shelf.session, posting)
    posting.state = reason
    shelf.session.add(posting)
    stage(shelf.session, PostingWithdrawn(posting_id=posting_id, revision=posting.revision, reason=reason))
    ledger.posting_left(shelf.session, posting_id, reason)


def published(posting: Posting, agency_name: str) -> PostingPublished:
    """What is said of an open posting, now or when asked to say it again."""
    return PostingPublished(
        posting_id=posting.posting_id,
        revision=posting.revision,
        agency_name=agency_name,
        accepted_at=posting.accepted_at,
        facts=PostingFacts.model_validate(posting.facts),
    )


def standing(session: Session, order: JobOrder) -> dict[str, Any]:
    """What its sender is told of an order: the posting that shows it, its state, its last day."""
    posting = session.get(Posting, order.posting_id) if order.posting_id else None
    return {
        "source_ref": order.source_ref,
        "posting_id": posting.posting_id if posting else None,
        "revision": posting.revision if posting else None,
        "state": order.state,
        "valid_until": order.valid_until,
    }


def today() -> date:
    """The day in Korea."""
    return now().astimezone(KST).date()


def _new(said: Said) -> JobOrder:
    return JobOrder(
        order_id=said.order_id,
        agency_id=said.facts.agency_id,
        source_ref=said.facts.source_ref,
        revision=1,
        state=OPEN,
        decided_by="agency",
        accepted_at=now(),
        changed_at=now(),
        valid_from=today(),
        **_words(said, today()),
    )


def _words(said: Said, valid_from: date) -> dict[str, Any]:
    """What an order's row keeps of what was said."""
    firm_key, title_key = said.traits.keys
    return {
        "facts": said.facts.model_dump(mode="json"),
        "employer_number": said.employer_number,
        "content_hash": said.content_hash,
        "fingerprint": said.traits.fingerprint,
        "firm_key": firm_key,
        "title_key": title_key,
        "valid_until": life_cycle.last_day(valid_from, said.facts.closes_on),
    }


def _first_decision(said: Said) -> tuple[State, Actor, str]:
    return (HELD, "operator", ", ".join(said.held_for)) if said.held_for else (OPEN, "agency", "")


def _decision(order: JobOrder, said: Said) -> tuple[State, Actor, str]:
    """New words open an order, unless the law holds them, or it is suspended and they do not say that it goes on."""
    resumed = said.status and life_cycle.state_after(_state(order), said.status, "agency", _actor(order))
    if order.state == "suspended" and resumed != OPEN and not said.held_for:
        return "suspended", _actor(order), order.reason
    return _first_decision(said)


def _decide(shelf: Shelf, order: JobOrder, state: State, by: Actor, reason: str) -> None:
    order.state, order.decided_by, order.reason = state, by, reason
    shelf.session.add(order)
    shelf.know(order)
    place(shelf, order)


def _settled(shelf: Shelf, order: JobOrder) -> Settled:
    if order.state == HELD:
        return "held"
    posting = shelf.posting(order.posting_id) if order.posting_id and order.state == OPEN else None
    own_words = posting is None or (posting.agency_id, posting.source_ref) == (order.agency_id, order.source_ref)
    return "accepted" if own_words else "merged"


def _keep(session: Session, order: JobOrder) -> None:
    session.add(
        JobOrderRevision(
            order_id=order.order_id,
            revision=order.revision,
            state=order.state,
            decided_by=order.decided_by,
            reason=order.reason,
            alone=order.alone,
            merge_reason=order.merge_reason,
            facts=order.facts,
            valid_until=order.valid_until,
            until=now(),
        )
    )
    order.revision += 1
    order.changed_at = now()


def _keep_posting(session: Session, posting: Posting) -> None:
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


def _rank(order: JobOrder) -> tuple[object, UUID]:
    return order.accepted_at, order.order_id


def _keys(order: JobOrder) -> tuple[str, str, str]:
    return order.fingerprint, order.firm_key, order.title_key


def _state(order: JobOrder) -> State:
    return next(state for state in life_cycle.STATES if state == order.state)


def _actor(order: JobOrder) -> Actor:
    return next(actor for actor in life_cycle.MOVES if actor == order.decided_by)


def _reason_of(order: JobOrder) -> LeavingReason:
    """Why a posting is withdrawn that this order left."""
    if order.state == HELD:
        return "suspended"
    return next((reason for reason in ("closed", "expired", "filled", "suspended", "refused") if reason == order.state),
                "withdrawn")  # fmt: skip
