"""Reading and writing what matching keeps, many rows at a time."""

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, and_, delete, func, or_, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from services.matching.engine.crowds import Crowds
from services.matching.engine.index import Epoch
from services.matching.engine.lists import Held
from services.matching.engine.profiles import SIDES, Profile, Scope, Side, as_side
from services.matching.engine.scorer import Rules
from services.matching.engine.text import Floats
from services.matching.tables import EpochRow, MatchList, NextList, PairApart, ProfileRow, RematchRow, ShardRow
from shared.clock import now
from shared.contracts import PostingFacts, SeekerFacts

CHUNK = 500
"""Rows a statement; SQLite allows 32,766 parameters."""


class Said(NamedTuple):
    """A list as it was said last."""

    revision: int
    """How often it was said."""
    profile_revision: int
    pairs: str


NEVER_SAID = Said(revision=0, profile_revision=0, pairs="")


class Kept(NamedTuple):
    """A list as it is kept, and said: its pairs a line each."""

    scope: Scope
    held: Held
    pairs: str


def keep_profiles(session: Session, rows: Sequence[ProfileRow]) -> None:
    """Write what is newer than what is held; shards that share the store may do so at once."""
    insert = _inserting(session)(ProfileRow)
    newer = insert.on_conflict_do_update(
        index_elements=["side", "id"],
        set_={name: insert.excluded[name] for name in ("revision", "live", "since", "facts", "cafe_id")},
        where=col(ProfileRow.revision) < insert.excluded["revision"],
    )
    if rows:
        # always in the same order: two shards that write the same rows must not wait for each other in a ring
        ordered = sorted(rows, key=lambda row: (row.side, row.id))
        session.connection().execute(newer, [row.model_dump() for row in ordered])


def profiles(session: Session, side: Side, ids: Collection[UUID] | None = None) -> Iterator[ProfileRow]:
    """The rows held of these profiles, or of all."""
    held = select(ProfileRow).where(ProfileRow.side == side)
    if ids is None:
        yield from session.exec(held.order_by(col(ProfileRow.id))).all()
        return
    for some in _chunks(sorted(ids)):
        yield from session.exec(held.where(col(ProfileRow.id).in_(some))).all()


def keep_apart(session: Session, rows: Sequence[PairApart]) -> list[PairApart]:
    """Write what is newer than what is held of these pairs; those that are now kept apart, or not any more."""
    changed = []
    for row in rows:
        held = session.get(PairApart, (row.seeker_id, row.posting_id))
        if held is not None and held.revision >= row.revision:
            continue
        moved = row.apart if held is None else row.apart != held.apart
        row.settled = (held is None or held.settled) and not moved
        row.parts = row.parts if held is None or held.parts is None else held.parts
        session.merge(row)
        session.flush()
        changed += [row] * moved
    return changed


def pairs_apart(session: Session) -> Sequence[PairApart]:
    """Every pair that the ledger ever kept apart or let together again."""
    return session.exec(select(PairApart)).all()


def apart_from(session: Session, seeker: UUID) -> Sequence[UUID]:
    """The postings that are kept apart from a seeker."""
    hers = select(PairApart.posting_id).where(PairApart.seeker_id == seeker, col(PairApart.apart).is_(True))
    return session.exec(hers).all()


def page_of_decided(session: Session, after: tuple[UUID, UUID] | None, size: int) -> Sequence[PairApart]:
    """The next pairs, after this one, whose parts were noted when a word of them was first heard."""
    order = col(PairApart.seeker_id), col(PairApart.posting_id)
    noted = select(PairApart).where(col(PairApart.parts).is_not(None)).order_by(*order).limit(size)
    return session.exec(noted if after is None else noted.where(tuple_(*order) > after)).all()


def apart_unsettled(session: Session) -> Sequence[UUID]:
    """The seekers of pairs for which lists are still to be made."""
    return session.exec(select(PairApart.seeker_id).where(col(PairApart.settled).is_(False)).distinct()).all()


def settle_apart(session: Session, seekers: Collection[UUID]) -> None:
    """All lists are made that the pairs of these seekers change."""
    for some in _chunks(sorted(seekers)):
        settled = update(PairApart).where(col(PairApart.seeker_id).in_(some)).values(settled=True)
        session.connection().execute(settled)


def forget_apart(session: Session, seekers: Collection[UUID]) -> None:
    """Keep nothing of whom these were referred to."""
    for some in _chunks(sorted(seekers)):
        session.connection().execute(delete(PairApart).where(col(PairApart.seeker_id).in_(some)))


def live(session: Session, side: Side) -> Iterator[Profile]:
    """All profiles of a side that are not withdrawn."""
    return (as_profile(row) for row in profiles(session, side) if row.live)


def count_live_seekers(session: Session, cafe: UUID | None) -> int:
    """Seekers who are not withdrawn: of a café, or all."""
    return int(session.exec(select(func.count()).select_from(ProfileRow).where(*_live_seekers(cafe))).one())


def first_live_seekers(session: Session, cafe: UUID | None, most: int) -> list[Profile]:
    """Of these seekers the first by id, which are random."""
    held = select(ProfileRow).where(*_live_seekers(cafe)).order_by(col(ProfileRow.id)).limit(most)
    return [as_profile(row) for row in session.exec(held)]


def _live_seekers(cafe: UUID | None) -> list[ColumnElement[bool]]:
    of_cafe = [] if cafe is None else [col(ProfileRow.cafe_id) == cafe]
    return [col(ProfileRow.side) == "seeker", col(ProfileRow.live).is_(True), *of_cafe]


def as_profile(row: ProfileRow) -> Profile:
    """A live row as the scorer takes it."""
    if row.facts is None or row.since is None:
        raise ValueError(f"{row.side} {row.id} is withdrawn")
    contract = SeekerFacts if row.side == "seeker" else PostingFacts
    return Profile(as_side(row.side), row.id, row.revision, row.since, contract.model_validate_json(row.facts))


def next_number(session: Session) -> int:
    """The number of the next epoch; one that a rematch once had is never given again."""
    numbers = (session.exec(select(func.max(col(table)))).one() for table in (EpochRow.number, RematchRow.epoch))
    return max((number for number in numbers if number is not None), default=-1) + 1


def has_epoch(session: Session, number: int) -> bool:
    return session.get(EpochRow, number) is not None


def live_revisions(session: Session, side: Side) -> Sequence[tuple[UUID, int]]:
    """Who is live, and as of which revision; in the order of their ids."""
    held = select(ProfileRow.id, ProfileRow.revision).where(ProfileRow.side == side, col(ProfileRow.live).is_(True))
    return session.exec(held.order_by(col(ProfileRow.id))).all()


def first_live(session: Session, side: Side, most: int) -> list[Profile]:
    """The first by id, which are random, of a side that are not withdrawn."""
    held = select(ProfileRow).where(ProfileRow.side == side, col(ProfileRow.live).is_(True))
    return [as_profile(row) for row in session.exec(held.order_by(col(ProfileRow.id)).limit(most))]


def page(session: Session, side: Side, after: UUID | None, size: int) -> Sequence[ProfileRow]:
    """The next profiles of a side by id, after this one."""
    held = select(ProfileRow).where(ProfileRow.side == side).order_by(col(ProfileRow.id)).limit(size)
    return session.exec(held if after is None else held.where(col(ProfileRow.id) > after)).all()


def pages(session: Session, size: int) -> Iterator[Sequence[ProfileRow]]:
    """Everyone, so many at a time: a city's profiles at once would be most of a process's memory."""
    for side in SIDES:
        after = None
        while rows := page(session, side, after, size):
            after = rows[-1].id
            yield rows


def page_of_next(session: Session, epoch: int, shard: str, after: Scope | None, size: int) -> Sequence[NextList]:
    """The next lists of a rematch by scope, after this one."""
    held = select(NextList).where(NextList.epoch == epoch, NextList.shard == shard)
    if after is not None:
        side, one = after
        later = or_(col(NextList.scope) > side, and_(col(NextList.scope) == side, col(NextList.scope_id) > one))
        held = held.where(later)
    return session.exec(held.order_by(col(NextList.scope), col(NextList.scope_id)).limit(size)).all()


def leading_epoch(session: Session) -> int | None:
    """The newest epoch that any shard works under."""
    leading: int | None = session.exec(select(func.max(ShardRow.epoch))).one()
    return session.exec(select(func.max(EpochRow.number))).one() if leading is None else leading


def present_epoch(session: Session, shard_count: int) -> int:
    """The epoch that all of so many shards work under; while they switch, one after the other, the older one."""
    ours = select(func.min(ShardRow.epoch)).where(col(ShardRow.shard).like(f"%/{shard_count}"))
    present: int | None = session.exec(ours).one()
    return (leading_epoch(session) or 0) if present is None else present


def shard_row(session: Session, shard: str) -> ShardRow | None:
    return session.get(ShardRow, shard)


def keep_shard(session: Session, shard: str, number: int) -> None:
    """Note under which epoch a shard works."""
    row = session.get(ShardRow, shard) or ShardRow(shard=shard, epoch=number)
    row.epoch = number
    session.add(row)


def epoch(session: Session, number: int) -> Epoch:
    """What an epoch froze."""
    row = session.get_one(EpochRow, number)
    rules = Rules(**row.rules)
    if row.frequencies is None:
        return Epoch(number, rules)
    frequencies = np.frombuffer(zlib.decompress(row.frequencies), dtype="<f8")
    return Epoch(number, rules, frequencies, _unpacked(row.crowds) if row.crowds else {})


def open_epoch(  # noqa: PLR0913, PLR0917
    session: Session,
    number: int,
    rules: Rules,
    frequencies: Floats | None = None,
    fitted_from: int = 0,
    crowds: Mapping[Side, Crowds] | None = None,
) -> bool:
    """Freeze an epoch; false where another shard was first, whose epoch then holds for all."""
    packed = None if frequencies is None else zlib.compress(frequencies.astype("<f8").tobytes())
    row = EpochRow(
        number=number,
        rules=rules.as_data(),
        frequencies=packed,
        crowds=_packed(crowds) if crowds else None,
        profiles=fitted_from,
        made_at=now(),
    )
    insert = _inserting(session)(EpochRow).values(row.model_dump()).on_conflict_do_nothing()
    return bool(session.connection().execute(insert.returning(col(EpochRow.number))).all())


def _packed(crowds: Mapping[Side, Crowds]) -> bytes:
    packed = BytesIO()
    named = {f"{side} {name}": one for side in crowds for name, one in crowds[side]._asdict().items()}
    np.savez_compressed(packed, **named)
    return packed.getvalue()


def _unpacked(packed: bytes) -> dict[Side, Crowds]:
    with np.load(BytesIO(packed), allow_pickle=False) as held:
        return {side: _of_side(held, side) for side in SIDES if f"{side} usual" in held}


def _of_side(held: Mapping[str, Any], side: Side) -> Crowds:
    starts, groups, values, usual = (held[f"{side} {name}"] for name in Crowds._fields)
    return Crowds(starts, groups, values, float(usual))


def all_lists(session: Session, shard_count: int) -> Iterator[MatchList]:
    """The lists of every shard of so many, as they are now."""
    for number in range(shard_count):
        yield from own_lists(session, f"{number}/{shard_count}")


def lists_of(session: Session, scope: Side, scope_id: UUID, shard_count: int) -> Sequence[MatchList]:
    """A scope's list from each shard of so many, as it is now."""
    of_scope = (MatchList.scope == scope, MatchList.scope_id == scope_id)
    said = session.exec(select(MatchList).where(*of_scope, col(MatchList.shard).like(f"%/{shard_count}"))).all()
    lists = {row.shard: row for row in said}
    for number in range(shard_count):
        shard = f"{number}/{shard_count}"
        row = session.get(ShardRow, shard)
        if row is None or row.settling is None:
            continue
        if newer := session.get(NextList, (row.settling, shard, scope, scope_id)):
            lists[shard] = as_list(newer, lists.get(shard))
    return list(lists.values())


def own_lists(session: Session, shard: str) -> Iterator[MatchList]:
    """All lists of one shard as they are now, whether they were said yet or not."""
    row = session.get(ShardRow, shard)
    unsaid = unsettled(session, row) if row and row.settling is not None else {}
    for held in said_lists(session, shard):
        newer = unsaid.pop((as_side(held.scope), held.scope_id), None)
        yield as_list(newer, held) if newer else held
    yield from (as_list(newer) for newer in unsaid.values())


def said_lists(session: Session, shard: str) -> Iterator[MatchList]:
    """All lists of one shard as they were said last."""
    yield from session.exec(select(MatchList).where(MatchList.shard == shard).execution_options(yield_per=CHUNK))


def said(session: Session, shard: str, wanted: Collection[Scope]) -> dict[Scope, Said]:
    """These lists as they were said last."""
    columns = col(MatchList.scope_id), col(MatchList.revision), col(MatchList.profile_revision), col(MatchList.pairs)
    found: dict[Scope, Said] = {}
    for side, some in _by_side(wanted):
        of_some = (MatchList.scope == side, col(MatchList.scope_id).in_(some))
        held = session.exec(select(*columns).where(MatchList.shard == shard, *of_some))
        found.update({(side, one): Said(revision, as_of, pairs) for one, revision, as_of, pairs in held})
    return found


def unsettled(session: Session, row: ShardRow, wanted: Collection[Scope] | None = None) -> dict[Scope, NextList]:
    """Lists of a rematch that count already and were not said yet: these, or all."""
    held = select(NextList).where(NextList.epoch == row.settling, NextList.shard == row.shard)
    if wanted is None:
        return {(as_side(one.scope), one.scope_id): one for one in session.exec(held)}
    found: dict[Scope, NextList] = {}
    for side, some in _by_side(wanted):
        of_some = held.where(NextList.scope == side, col(NextList.scope_id).in_(some))
        found.update({(side, one.scope_id): one for one in session.exec(of_some)})
    return found


def next_lines(session: Session, epoch: int, shard: str, wanted: Collection[Scope]) -> dict[Scope, list[str]]:
    """The lines of these lists of the next epoch."""
    row = ShardRow(shard=shard, epoch=epoch, settling=epoch)
    return {scope: lines_of(one.pairs or "") for scope, one in unsettled(session, row, wanted).items()}


def settle(session: Session, row: ShardRow, scopes: Collection[Scope]) -> None:
    """These lists were said, or are as they were said: what is in `match_list` counts again."""
    ours = (col(NextList.epoch) == row.settling, col(NextList.shard) == row.shard)
    for side, some in _by_side(scopes):
        of_some = (col(NextList.scope) == side, col(NextList.scope_id).in_(some))
        session.connection().execute(delete(NextList).where(*ours, *of_some))


def as_list(newer: NextList, said_last: MatchList | None = None) -> MatchList:
    """A list of a rematch as one of the present; said as often as it was said."""
    return MatchList(
        scope=newer.scope,
        scope_id=newer.scope_id,
        shard=newer.shard,
        revision=said_last.revision if said_last else 0,
        profile_revision=newer.profile_revision,
        epoch=newer.epoch,
        pairs=newer.pairs or "",
    )


def keep_lists(session: Session, shard: str, lists: Sequence[Kept]) -> None:
    insert = _inserting(session)(MatchList)
    kept = ("revision", "profile_revision", "epoch", "pairs")
    replacing = insert.on_conflict_do_update(
        index_elements=["scope", "scope_id", "shard"], set_={name: insert.excluded[name] for name in kept}
    )
    rows = [
        {
            "scope": side,
            "scope_id": one,
            "shard": shard,
            "revision": held.revision,
            "profile_revision": held.profile_revision,
            "epoch": held.epoch,
            "pairs": pairs,
        }
        for (side, one), held, pairs in lists
    ]
    if rows:
        session.connection().execute(replacing, rows)


def lines_of(pairs: str) -> list[str]:
    return pairs.split("\n") if pairs else []


def as_of_one_moment(session: Session) -> None:
    """Let all reads of this session see the store as it was at the first; SQLite does so anyway."""
    if session.get_bind().dialect.name != "sqlite":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


def _by_side(scopes: Collection[Scope]) -> Iterator[tuple[Side, Sequence[UUID]]]:
    """Trap: asked for pairs of side and id, SQLite looks through the whole table, and through all lists of an epoch."""
    for side in SIDES:
        for some in _chunks(sorted(one for of, one in scopes if of == side)):
            yield side, some


def _inserting(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
