"""Which fact leads to what: every one is remembered first, then matched."""

from typing import Any

from services.matching.matcher import Matcher
from shared.contracts import PostingPublished, PostingWithdrawn, SeekerPublished, SeekerWithdrawn
from shared.streams import Hearing


def hearings(matcher: Matcher) -> tuple[Hearing[Any], ...]:
    """Two transactions a batch: one READ COMMITTED transaction for both would miss what arrives at the same moment."""
    heard = (PostingPublished, PostingWithdrawn, SeekerPublished, SeekerWithdrawn)
    return tuple(Hearing(fact, effect=matcher.match, prepare=matcher.remember, guard=matcher.lock) for fact in heard)
