"""Which fact leads to what: profiles are remembered, then matched; who lost the lists is told them again."""

from typing import Any

from services.matching.matcher import Matcher
from shared.contracts import (
    PostingPublished,
    PostingWithdrawn,
    RestatementRequested,
    SeekerPublished,
    SeekerWithdrawn,
)
from shared.streams import Hearing


def hearings(matcher: Matcher) -> tuple[Hearing[Any], ...]:
    """Two transactions a batch: one READ COMMITTED transaction for both would miss what arrives at the same moment."""
    heard = (PostingPublished, PostingWithdrawn, SeekerPublished, SeekerWithdrawn)
    profiles: list[Hearing[Any]] = [
        Hearing(fact, effect=matcher.match, prepare=matcher.remember, guard=matcher.lock) for fact in heard
    ]
    return (*profiles, Hearing(RestatementRequested, effect=matcher.say_again, guard=matcher.lock))
