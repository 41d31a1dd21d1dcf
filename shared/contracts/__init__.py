"""Every fact the services tell each other, found here by its stream."""

from shared.contracts.envelope import Event, Fact, Money, Place
from shared.contracts.matches import GateName, MatchedPair, MatchesFound, Part, Raise, Reason
from shared.contracts.postings import PostingFacts, PostingPublished, PostingReceived, PostingWithdrawn
from shared.contracts.restatements import RestatementRequested
from shared.contracts.seekers import SeekerFacts, SeekerPublished, SeekerWithdrawn, Wishes
from shared.contracts.submissions import AgencyAnswered, Finding, SubmissionAnswered

CATALOGUE: tuple[type[Event], ...] = (
    PostingReceived,
    AgencyAnswered,
    PostingPublished,
    PostingWithdrawn,
    SeekerPublished,
    SeekerWithdrawn,
    SubmissionAnswered,
    MatchesFound,
    RestatementRequested,
)
"""The closed table of streams: who says each and who hears it. A new stream is a new row here."""

__all__ = [
    "CATALOGUE",
    "AgencyAnswered",
    "Event",
    "Fact",
    "Finding",
    "GateName",
    "MatchedPair",
    "MatchesFound",
    "Money",
    "Part",
    "Place",
    "PostingFacts",
    "PostingPublished",
    "PostingReceived",
    "PostingWithdrawn",
    "Raise",
    "Reason",
    "RestatementRequested",
    "SeekerFacts",
    "SeekerPublished",
    "SeekerWithdrawn",
    "SubmissionAnswered",
    "Wishes",
]
