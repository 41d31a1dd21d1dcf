"""Other rules open another epoch, what was frozen for another scorer is not taken along, and crowds are frozen too."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from sqlalchemy import Engine

from services.matching import store
from services.matching.engine.crowds import Crowds
from services.matching.engine.profiles import SIDES, Side
from services.matching.matcher import Heard
from shared.database import reading, transaction
from tests.unit.matching.examples import SMALL, a_posting, a_seeker, certified, hear, started


def test_frequencies_of_another_scorer_are_fitted_anew(engine: Engine) -> None:
    of_old = replace(SMALL, scorer=SMALL.scorer - 1)
    with transaction(engine) as session:
        store.open_epoch(session, 0, of_old, np.ones(3), 2)
    matcher = started(engine, epoch_profiles=2)
    assert matcher.index.epoch.frequencies is None
    hear(matcher, engine, [a_seeker(), a_posting()])
    assert matcher.index.epoch.frequencies is not None
    assert certified(engine).agrees


def test_frequencies_stay_when_only_a_list_becomes_longer(engine: Engine) -> None:
    hear(started(engine, epoch_profiles=2), engine, [a_seeker(), a_posting()])
    with reading(engine) as session:
        frozen = store.epoch(session, 1).frequencies
    taken_along = started(engine, replace(SMALL, seeker_list=3), epoch_profiles=2).index.epoch
    assert taken_along.number == 2
    assert taken_along.frequencies is not None
    assert frozen is not None
    assert (taken_along.frequencies == frozen).all()


def a_crowded_town() -> list[Heard]:
    """Everyone says one of two things, but for a posting that says both."""
    trades = "용접 배관 절단", "제빵 반죽 오븐"
    seekers = [a_seeker(number, summary=trades[number % 2]) for number in range(24)]
    postings = [a_posting(number, title="모집", description=trades[number % 2]) for number in range(24)]
    return [*seekers, *postings, a_posting(24, title="모집", description=" ".join(trades))]


def as_bytes(crowds: Mapping[Side, Crowds]) -> dict[Side, list[bytes]]:
    return {side: [np.asarray(one).tobytes() for one in crowds[side]] for side in crowds}


def test_crowds_are_frozen_with_frequencies_and_taken_along_with_them(engine: Engine) -> None:
    matcher = started(engine, epoch_profiles=49)
    hear(matcher, engine, a_crowded_town())
    frozen = matcher.index.epoch.crowds
    assert frozen.keys() == set(SIDES)
    assert certified(engine).agrees
    taken_along = started(engine, replace(SMALL, seeker_list=3), epoch_profiles=49).index.epoch
    assert taken_along.number == 2
    assert as_bytes(taken_along.crowds) == as_bytes(frozen)
    assert certified(engine).agrees
