"""Under which frozen frequencies, crowds and rules are scores made, and when does the next epoch begin?

A score is a function of the pair and the epoch. Epoch 0 is neutral; once enough profiles of both sides are known,
epoch 1 is fitted from all of them. Other rules in the settings, another scorer or alias table, open an epoch of their
own at the next start. Shards share one store: the first to write an epoch wins, the others take it up.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from scipy import sparse
from sqlmodel import Session

from services.matching import store
from services.matching.engine import crowds, text
from services.matching.engine.index import document
from services.matching.engine.profiles import SIDES, Side, other_side
from services.matching.engine.scorer import Rules
from shared.contracts import RestatementRequested
from shared.outbox import stage

COUNTED_AT_ONCE = 2_000
"""Profiles whose texts are in memory at a time."""


class Fitted(NamedTuple):
    """What an epoch freezes of the profiles now known, in the order in which the store takes it."""

    frequencies: text.Floats
    profiles: int
    crowds: dict[Side, crowds.Crowds]


def present_epoch(session: Session, rules: Rules, shard: str = "0/1") -> int:
    """The epoch that a shard is to work under; opens one where the store is new or the rules are others."""
    own = store.shard_row(session, shard)
    leading = store.leading_epoch(session)
    if leading is None:
        if store.open_epoch(session, 0, rules):
            stage(session, RestatementRequested(asked_by="matching", reason="new_store"))
        number = 0
    else:
        number = leading if own is None else own.epoch
        held = store.epoch(session, number).rules
        if held != _in_force(held, rules):
            number = _under_other_rules(session, rules, leading)
    store.keep_shard(session, shard, number)
    return number


def _under_other_rules(session: Session, rules: Rules, leading: int) -> int:
    held = store.epoch(session, leading)
    rules = _in_force(held.rules, rules)
    if held.rules == rules:
        return leading
    number = store.next_number(session)
    # another scorer may read other terms, for which frequencies frozen before mean nothing
    kept = (held.frequencies, 0, held.crowds) if held.rules.scorer == rules.scorer else ()
    store.open_epoch(session, number, rules, *kept)
    return number


def _in_force(held: Rules, rules: Rules) -> Rules:
    """The rules of the settings; weights that a person adopted stay as long as the arithmetic they were learned for."""
    if held.adopted and held.scorer == rules.scorer:
        return replace(rules, weights=held.weights, adopted=True)
    return rules


def fit_first_epoch(session: Session, rules: Rules) -> int:
    """Freeze what all profiles now known say; the epoch's number, whoever fitted it."""
    number = store.next_number(session)
    store.open_epoch(session, number, rules, *fitted(session))
    return number


def fitted(session: Session) -> Fitted:
    """The frequencies of all profiles now known, of how many they are, and what groups of them say."""
    count = 0

    def counted() -> Iterator[sparse.csr_matrix]:
        nonlocal count
        for page in store.pages(session, COUNTED_AT_ONCE):
            said = [document(store.as_profile(row)).whole for row in page if row.live]
            count += len(said)
            yield text.count(said)

    frequencies = text.fit_in_pages(counted())
    return Fitted(frequencies, count, _crowds(session, frequencies))


def _crowds(session: Session, frequencies: text.Floats) -> dict[Side, crowds.Crowds]:
    """By the side whose texts they take something off."""
    rows = {
        side: text.rows([document(one) for one in store.first_live(session, side, crowds.MOST)], frequencies)
        for side in SIDES
    }
    found = {side: crowds.fit(rows[other_side(side)], rows[side]) for side in SIDES}
    return {side: one for side, one in found.items() if one is not None}
