"""Which fact leads to what: profiles are remembered, then matched; lists are told again; everything is matched anew."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from services.matching.matcher import Matcher
from services.matching.rematch import rematches
from shared import sessions
from shared.contracts import (
    PostingPublished,
    PostingWithdrawn,
    ReferralRecorded,
    RematchRequested,
    RestatementRequested,
    SeekerPublished,
    SeekerWithdrawn,
    SessionsEnded,
)
from shared.streams import Hearing, each


def hearings(matcher: Matcher) -> tuple[Hearing[Any], ...]:
    """Two transactions a batch: one READ COMMITTED transaction for both would miss what arrives at the same moment."""
    heard = (PostingPublished, PostingWithdrawn, SeekerPublished, SeekerWithdrawn, ReferralRecorded)
    profiles: list[Hearing[Any]] = [
        Hearing(fact, effect=matcher.match, prepare=matcher.remember, guard=matcher.lock) for fact in heard
    ]
    asked_for = each(rematch_requested(matcher.shard.count))
    again = Hearing(RestatementRequested, effect=matcher.say_again, guard=matcher.lock)
    ended = Hearing(SessionsEnded, effect=each(sessions.note))
    return (*profiles, again, Hearing(RematchRequested, effect=asked_for), ended)


def rematch_requested(shards: int) -> Callable[[RematchRequested, Session], None]:
    """Every shard hears it, and the first notes it; while another one runs, it waits its turn."""

    def effect(event: RematchRequested, session: Session) -> None:
        asked = rematches.Asked(event.rematch_id, "rematch", event.asked_by, event.season)
        rematches.ask_in_turn(session, asked, shards)

    return effect
