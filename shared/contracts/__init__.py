"""Every fact the services tell each other, found here by its stream."""

from shared.contracts.cafes import ProgramEnrolled, ProgramKind, ProgramScheduled, RoomBooked, RoomReleased, WishEnded
from shared.contracts.deliveries import Candidate, DeliveryFailed, MatchNoticed
from shared.contracts.envelope import Event, Fact, Money, Place
from shared.contracts.matches import GateName, MatchedPair, MatchesFound, Part, Raise, Reason
from shared.contracts.postings import PostingFacts, PostingPublished, PostingReceived, PostingWithdrawn
from shared.contracts.referrals import (
    Answer,
    Decision,
    MatchReviewed,
    ReasonGiven,
    ReferralAnswered,
    ReferralRecorded,
    ReferralState,
)
from shared.contracts.rematches import CafeChanges, RematchFinished, RematchRequested
from shared.contracts.restatements import RestatementRequested
from shared.contracts.seekers import SeekerFacts, SeekerPublished, SeekerWithdrawn, Wishes
from shared.contracts.sessions import SessionsEnded
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
    MatchReviewed,
    ReferralAnswered,
    ReferralRecorded,
    DeliveryFailed,
    MatchNoticed,
    RoomBooked,
    RoomReleased,
    WishEnded,
    ProgramScheduled,
    ProgramEnrolled,
    RematchRequested,
    RematchFinished,
    RestatementRequested,
    SessionsEnded,
)
"""The closed table of streams: who says each and who hears it. A new stream is a new row here."""

__all__ = [
    "CATALOGUE",
    "AgencyAnswered",
    "Answer",
    "CafeChanges",
    "Candidate",
    "Decision",
    "DeliveryFailed",
    "Event",
    "Fact",
    "Finding",
    "GateName",
    "MatchNoticed",
    "MatchReviewed",
    "MatchedPair",
    "MatchesFound",
    "Money",
    "Part",
    "Place",
    "PostingFacts",
    "PostingPublished",
    "PostingReceived",
    "PostingWithdrawn",
    "ProgramEnrolled",
    "ProgramKind",
    "ProgramScheduled",
    "Raise",
    "Reason",
    "ReasonGiven",
    "ReferralAnswered",
    "ReferralRecorded",
    "ReferralState",
    "RematchFinished",
    "RematchRequested",
    "RestatementRequested",
    "RoomBooked",
    "RoomReleased",
    "SeekerFacts",
    "SeekerPublished",
    "SeekerWithdrawn",
    "SessionsEnded",
    "SubmissionAnswered",
    "WishEnded",
    "Wishes",
]
