"""Who to call about what: the lists as they stand now, without pairs whose posting or seeker is withdrawn."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal
from sqlmodel import Session, col, select

from services.notify import changes, referrals
from services.notify.tables import MatchList, PostingCard, SeekerCard
from services.notify.words import holds_all
from shared.contracts import MatchedPair

PAGE_SIZE = 20
AT_ONCE = 200
"""Seekers whose lists are looked at together: the postings of fifty pairs each still fit one statement of SQLite."""
MOST_COUNTED = 1_000
"""Beyond this the exact number helps nobody at a desk, and counting costs more than the page."""


@dataclass(frozen=True)
class EveryCafe:
    """All seekers, whichever café looks after them."""


@dataclass(frozen=True)
class OneCafe:
    """The seekers of one café; None is those whom no café looks after."""

    cafe_id: UUID | None


@dataclass(frozen=True)
class SomeCafes:
    """The seekers of several cafés."""

    cafe_ids: tuple[UUID, ...]


Reach = EveryCafe | OneCafe | SomeCafes
"""Whose seekers someone may see."""


@dataclass(frozen=True)
class ShownPair:
    """A pair with all that a page tells of it."""

    pair: MatchedPair
    posting: PostingCard
    seeker: SeekerCard


@dataclass(frozen=True)
class PairOnList:
    """A pair as it stands on the lists at this moment."""

    shown: ShownPair
    epoch: int
    rank: int | None
    """Where it stands on the seeker's list; None where only the posting's has it."""


@dataclass(frozen=True)
class PageOfPairs:
    """Some pairs, and whether there are more."""

    pairs: tuple[ShownPair, ...]
    more: bool


@dataclass(frozen=True)
class CallFilter:
    """What narrows today's pairs."""

    reach: Reach
    words: str = ""
    history: Literal["", "untouched", "returned"] = ""
    """Pairs nobody decided about before, or those that are open again."""
    district: str = ""
    """Of the posting."""
    occupation: str = ""
    """The beginning of the posting's KECO code."""
    employment: str = ""
    least_score: int = 0
    closes_by: date | None = None
    since: date | None = None
    """Only pairs that came to the list on this day, KST, or later."""

    @property
    def narrows(self) -> bool:
        return replace(self, reach=EveryCafe()) != CallFilter(EveryCafe())


def worth_a_call(session: Session, narrowed: CallFilter, page: int, size: int = PAGE_SIZE) -> PageOfPairs:
    """The best pair of each seeker, the best first; among equals whoever applied first."""
    found = (
        select(SeekerCard, PostingCard)
        .join(PostingCard, col(PostingCard.posting_id) == col(SeekerCard.best_posting_id))
        .where(*_calls(narrowed))
        .order_by(col(SeekerCard.best_score).desc(), col(SeekerCard.applied_at), col(SeekerCard.seeker_id))
        .offset((page - 1) * size)
        .limit(size + 1)
    )
    rows = session.exec(found).all()
    return PageOfPairs(_best_pairs(session, rows[:size]), more=len(rows) > size)


def count_calls(session: Session, narrowed: CallFilter) -> int:
    """How many seekers have a pair worth a call, counted no further than one beyond `MOST_COUNTED`."""
    joined = select(literal(1)).select_from(SeekerCard)
    joined = joined.join(PostingCard, col(PostingCard.posting_id) == col(SeekerCard.best_posting_id))
    some = joined.where(*_calls(narrowed)).limit(MOST_COUNTED + 1).subquery()
    return session.exec(select(func.count()).select_from(some)).one()


def for_seeker(session: Session, seeker: SeekerCard) -> tuple[ShownPair, ...]:
    """Her list, in the order that matching gave it."""
    pairs = _said(session, "seeker", seeker.seeker_id)
    postings = _postings(session, pairs)
    shown = [ShownPair(pair, postings[pair.posting_id], seeker) for pair in pairs if pair.posting_id in postings]
    return tuple(sorted(filter(_stands, shown), key=lambda it: -it.pair.score))


def for_posting(session: Session, posting: PostingCard, reach: Reach) -> tuple[ShownPair, ...]:
    """Its list over all shards: score descending, then whoever applied first, then by id."""
    pairs = _said(session, "posting", posting.posting_id)
    seekers = _seekers(session, pairs, reach)
    shown = [ShownPair(pair, posting, seekers[pair.seeker_id]) for pair in pairs if pair.seeker_id in seekers]
    return tuple(sorted(filter(_stands, shown), key=_law_s_order))


def find_pair(session: Session, seeker: SeekerCard, posting_id: UUID) -> PairOnList | None:
    """The pair, if it stands on her list or on the posting's."""
    epochs = _epochs(session, "seeker", seeker.seeker_id)
    for rank, shown in enumerate(for_seeker(session, seeker), 1):
        if shown.posting.posting_id == posting_id:
            return PairOnList(shown, max(epochs, default=0), rank)
    posting = session.get(PostingCard, posting_id)
    others = for_posting(session, posting, EveryCafe()) if posting and posting.live else ()
    epochs = _epochs(session, "posting", posting_id)
    hers = (shown for shown in others if shown.seeker.seeker_id == seeker.seeker_id)
    return next((PairOnList(shown, max(epochs, default=0), None) for shown in hers), None)


def headed_by(session: Session, postings: Iterable[UUID]) -> dict[UUID, int]:
    """How many seekers' lists each of these postings heads, whichever café looks after them."""
    best = col(SeekerCard.best_posting_id)
    heading = select(best, func.count()).where(best.in_(set(postings))).group_by(best)  # who withdrew has no best
    return {posting: count for posting, count in session.exec(heading) if posting}


def most_headed(session: Session) -> int:
    """How many lists the posting heads that heads most."""
    best = col(SeekerCard.best_posting_id)
    heading = select(func.count()).where(best.is_not(None)).group_by(best)
    return session.exec(heading.order_by(func.count().desc()).limit(1)).first() or 0


def last_said_at(session: Session) -> datetime | None:
    """When matching last said anything we keep."""
    newest = select(MatchList.said_at).order_by(col(MatchList.said_at).desc()).limit(1)
    return session.exec(newest).first()


def set_best(session: Session, seekers: Sequence[SeekerCard]) -> None:
    """Note of each the best pair that is neither void nor decided, and when one comes back that is postponed.

    A function of what is held and of the day alone, so the order of events never matters.
    """
    for start in range(0, len(seekers), AT_ONCE):
        _set_best(session, seekers[start : start + AT_ONCE])


def wake_postponed(session: Session) -> int:
    """Bring back the pairs whose day has come; of how many seekers. A chore of every minute."""
    due = select(SeekerCard).where(col(SeekerCard.wakes_on) <= referrals.today())
    seekers = session.exec(due).all()
    set_best(session, seekers)
    return len(seekers)


def within(reach: Reach, cafe: Any = SeekerCard.cafe_id) -> list[ColumnElement[bool]]:
    """The condition that keeps seekers out of sight of whom they are no business of."""
    if isinstance(reach, EveryCafe):
        return []
    if isinstance(reach, SomeCafes):
        return [col(cafe).in_(reach.cafe_ids)]
    return [col(cafe).is_not_distinct_from(reach.cafe_id)]


def _calls(narrowed: CallFilter) -> list[Any]:
    standing = [col(SeekerCard.live), col(PostingCard.live), col(SeekerCard.best_score) >= narrowed.least_score]
    words = holds_all(narrowed.words, PostingCard.words, SeekerCard.words)
    return [*standing, *within(narrowed.reach), *words, *_narrowing(narrowed)]


def _narrowing(asked: CallFilter) -> list[ColumnElement[bool]]:
    """A condition for each thing that is asked for."""
    posting = PostingCard
    told: list[ColumnElement[bool]] = []
    if asked.history:
        told.append(col(SeekerCard.best_was_decided).is_(asked.history == "returned"))
    if asked.district:
        told.append(col(posting.district) == asked.district)
    if asked.occupation:
        told.append(col(posting.occupation_code).startswith(asked.occupation, autoescape=True))
    if asked.employment:
        told.append(col(posting.employment_type) == asked.employment)
    if asked.closes_by:
        told.append(col(posting.closes_on).between(referrals.today(), asked.closes_by))
    if asked.since:
        told.append(col(SeekerCard.best_since) >= asked.since)
    return told


def _best_pairs(session: Session, rows: Iterable[Any]) -> tuple[ShownPair, ...]:
    cards = {seeker.seeker_id: (seeker, posting) for seeker, posting in rows}
    best: dict[UUID, ShownPair] = {}
    for held in _lists(session, "seeker", cards):
        seeker, posting = cards[held.scope_id]
        wanted = (str(seeker.best_posting_id), seeker.best_score)
        # Of twenty lists one pair each is shown: reading all four hundred as pairs takes half of the page's time.
        told = next((one for one in held.as_written() if (one["posting_id"], one["score"]) == wanted), None)
        if told:
            best.setdefault(held.scope_id, ShownPair(MatchedPair.model_validate(told), posting, seeker))
    return tuple(best[seeker_id] for seeker_id in cards if seeker_id in best)


class _Said(NamedTuple):
    """What the choice of the best pair asks of one."""

    posting_id: UUID
    score: int
    posting_revision: int


def _set_best(session: Session, seekers: Sequence[SeekerCard]) -> None:
    lists: dict[UUID, list[MatchList]] = defaultdict(list)
    for held in _lists(session, "seeker", [seeker.seeker_id for seeker in seekers]):
        lists[held.scope_id].append(held)
    said = {seeker.seeker_id: _not_withdrawn(seeker, lists[seeker.seeker_id]) for seeker in seekers}
    void_up_to = _withdrawn(session, {posting_id for pairs in said.values() for posting_id in pairs})
    decided: dict[UUID, dict[UUID, referrals.Standing]] = defaultdict(dict)
    for (seeker_id, posting_id), standing in referrals.standings_of_seekers(session, said).items():
        decided[seeker_id][posting_id] = standing
    for seeker in seekers:
        pairs = [p for p in said[seeker.seeker_id].values() if p.posting_revision > void_up_to.get(p.posting_id, 0)]
        _note_best(seeker, pairs, decided[seeker.seeker_id], lists[seeker.seeker_id])
    session.add_all(seekers)


def _not_withdrawn(seeker: SeekerCard, lists: Iterable[MatchList]) -> dict[UUID, _Said]:
    """What was said of her since she last withdrew, over all shards; a pair said by two shards once, as last said."""
    pairs: dict[UUID, _Said] = {}
    for told in (told for held in lists for told in held.as_written()):
        pair = _Said(UUID(told["posting_id"]), told["score"], told["posting_revision"])
        if told["seeker_revision"] > seeker.withdrawn_revision:
            pairs.setdefault(pair.posting_id, pair)
    return pairs


def _note_best(
    seeker: SeekerCard, pairs: Sequence[_Said], decided: Mapping[UUID, referrals.Standing], lists: Iterable[MatchList]
) -> None:
    day = referrals.today()
    waiting = (pair for pair in pairs if referrals.is_open(decided.get(pair.posting_id), day))
    best = max(waiting, key=lambda pair: pair.score, default=None)
    postponed = (it.until for it in decided.values() if it.state == "postponed" and it.until and it.until > day)
    seeker.wakes_on = min(postponed, default=None)
    seeker.best_since = changes.came_on(lists, best.posting_id) if best else None
    seeker.best_was_decided = best is not None and best.posting_id in decided
    seeker.best_score = best.score if best else None
    seeker.best_posting_id = best.posting_id if best else None


_NEWEST_FIRST = (col(MatchList.epoch).desc(), col(MatchList.said_at).desc(), col(MatchList.shard))


def _said(session: Session, scope: Literal["seeker", "posting"], *ids: UUID) -> list[MatchedPair]:
    """Everything said for these scopes, over all shards; a pair said by two shards once, as last said."""
    pairs: dict[tuple[UUID, UUID], MatchedPair] = {}
    for held in _lists(session, scope, ids):
        for pair in held.pairs:
            pairs.setdefault((pair.seeker_id, pair.posting_id), pair)
    return list(pairs.values())


def _lists(session: Session, scope: Literal["seeker", "posting"], ids: Iterable[UUID]) -> Iterable[MatchList]:
    lists = select(MatchList).where(MatchList.scope == scope, col(MatchList.scope_id).in_(set(ids)))
    return session.exec(lists.order_by(*_NEWEST_FIRST))


def _epochs(session: Session, scope: Literal["seeker", "posting"], scope_id: UUID) -> list[int]:
    return list(session.exec(select(MatchList.epoch).where(MatchList.scope == scope, MatchList.scope_id == scope_id)))


def _postings(session: Session, pairs: Sequence[MatchedPair]) -> dict[UUID, PostingCard]:
    known = select(PostingCard).where(col(PostingCard.posting_id).in_({pair.posting_id for pair in pairs}))
    return {card.posting_id: card for card in session.exec(known) if card.live}


def _seekers(session: Session, pairs: Sequence[MatchedPair], reach: Reach) -> dict[UUID, SeekerCard]:
    ids = {pair.seeker_id for pair in pairs}
    # Asked for `live` too, SQLite would walk over everyone who is instead of looking these up.
    known = select(SeekerCard).where(col(SeekerCard.seeker_id).in_(ids), *within(reach))
    return {card.seeker_id: card for card in session.exec(known) if card.live}


def _withdrawn(session: Session, ids: Iterable[UUID]) -> dict[UUID, int]:
    ever = select(PostingCard.posting_id, PostingCard.withdrawn_revision).where(
        col(PostingCard.posting_id).in_(set(ids)), col(PostingCard.withdrawn_revision) > 0
    )
    return dict(session.exec(ever).all())


def _stands(shown: ShownPair) -> bool:
    fresh_posting = shown.pair.posting_revision > shown.posting.withdrawn_revision
    return fresh_posting and shown.pair.seeker_revision > shown.seeker.withdrawn_revision


def _law_s_order(shown: ShownPair) -> tuple[int, float, UUID]:
    applied_at = shown.seeker.applied_at
    return -shown.pair.score, applied_at.timestamp() if applied_at else 0.0, shown.seeker.seeker_id
