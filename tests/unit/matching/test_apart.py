"""Who was referred or declined is on no list; who is let back is; erasure leaves nothing."""

from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import select

from services.matching.tables import PairApart
from shared.contracts import SeekerWithdrawn
from shared.database import reading, transaction
from tests.unit.matching.examples import (
    a_posting,
    a_referral,
    a_seeker,
    certified,
    hear,
    newest_said,
    open_store,
    posting_id,
    seeker_id,
    started,
)


def on_list(engine: Engine) -> list[UUID]:
    found = newest_said(engine).get(("seeker", seeker_id(1), "0/1"))
    return [pair.posting_id for pair in found.pairs] if found else []


def test_a_pair_leaves_both_lists_and_the_next_one_moves_up() -> None:
    engine = open_store()
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(), *(a_posting(number, minutes=number) for number in range(1, 4))])
    assert on_list(engine) == [posting_id(1), posting_id(2)]
    hear(matcher, engine, [a_referral(revision=2)])
    assert on_list(engine) == [posting_id(2), posting_id(3)]
    assert newest_said(engine)["posting", posting_id(1), "0/1"].pairs == ()
    assert certified(engine).agrees
    hear(matcher, engine, [a_referral(revision=1, state="proposed")])
    assert on_list(engine) == [posting_id(2), posting_id(3)]
    hear(matcher, engine, [a_referral(revision=3, state="withdrawn")])
    assert on_list(engine) == [posting_id(1), posting_id(2)]
    assert certified(engine).agrees


def test_what_was_heard_before_a_crash_is_made_true_at_the_next_start() -> None:
    engine = open_store()
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(), a_posting()])

    with transaction(engine) as session:
        matcher.remember([a_referral()], session)
    started(engine)
    assert on_list(engine) == []


def test_nothing_is_kept_of_whom_the_erased_were_referred_to() -> None:
    engine = open_store()
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(), a_posting(), a_referral()])
    hear(matcher, engine, [SeekerWithdrawn(seeker_id=seeker_id(1), revision=2, reason="erased")])
    with reading(engine) as session:
        assert session.exec(select(PairApart)).all() == []
