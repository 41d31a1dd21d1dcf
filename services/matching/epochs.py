"""Under which frozen frequencies and rules are scores made, and when does the next epoch begin?

A score is a function of the pair and the epoch. Epoch 0 is neutral; once enough profiles of both sides are known,
epoch 1 is fitted from all of them. Other rules in the settings, another scorer or alias table, open an epoch of their
own at the next start. Shards share one store: the first to write an epoch wins, the others take it up.
"""

from sqlmodel import Session

from services.matching import store, text
from services.matching.index import document
from services.matching.profiles import SIDES
from services.matching.scorer import Rules
from shared.contracts import RestatementRequested
from shared.outbox import stage


def present_epoch(session: Session, rules: Rules) -> int:
    """The number of the present epoch; opens one where the store is new or the rules are others."""
    newest = store.newest_epoch(session)
    if newest is None:
        if store.open_epoch(session, 0, rules):
            stage(session, RestatementRequested(asked_by="matching", reason="new_store"))
        return 0
    held = store.epoch(session, newest)
    if held.rules == rules:
        return newest
    # another scorer may read other terms, for which frequencies frozen before mean nothing
    store.open_epoch(session, newest + 1, rules, held.frequencies if held.rules.scorer == rules.scorer else None)
    return newest + 1


def fit_first_epoch(session: Session, rules: Rules) -> int:
    """Freeze the frequencies of all profiles now known; the epoch's number, whoever fitted it."""
    newest = store.newest_epoch(session) or 0
    documents = [document(profile).whole for side in SIDES for profile in store.live(session, side)]
    frequencies = text.fit_frequencies(text.count(documents))
    store.open_epoch(session, newest + 1, rules, frequencies, len(documents))
    return newest + 1
