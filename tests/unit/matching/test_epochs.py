"""Other rules open another epoch, and what was frozen for another scorer is not taken along."""

from dataclasses import replace

import numpy as np
from sqlalchemy import Engine

from services.matching import store
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
