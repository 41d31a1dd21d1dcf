"""What is a demo city? Agencies, cafés and accounts, postings and seekers, and the faults planted among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from deploy.demo.vocabulary import AccountWords, AgencyWords, CafeWords
from shared.contracts import PostingFacts, SeekerFacts

Fault = Literal[
    "missing wage",
    "wage below the minimum",
    "discriminatory wording",
    "past closing date",
    "exact duplicate row",
    "same order from two agencies",
    "contact in a summary",
    "certificate missing",
    "too far",
]


@dataclass(frozen=True)
class Posting:
    """A posting as an agency knows it; what its file can hold of it is another matter."""

    agency_key: str
    trade: str
    facts: PostingFacts

    @property
    def source_ref(self) -> str:
        return self.facts.source_ref


@dataclass(frozen=True)
class Seeker:
    """A seeker, with what goes to the vault. Nobody: name, phone and address are made up, in reserved forms."""

    ref: str
    trade: str
    name: str
    phone: str
    email: str
    cafe_key: str
    applied_at: datetime
    facts: SeekerFacts


@dataclass(frozen=True)
class City:
    """A whole demo city for one day."""

    today: date
    password: str
    agencies: tuple[AgencyWords, ...]
    cafes: tuple[CafeWords, ...]
    accounts: tuple[AccountWords, ...]
    postings: tuple[Posting, ...]
    seekers: tuple[Seeker, ...]
    planted: Mapping[Fault, tuple[str, ...]]
    """References of postings and seekers that teach something, by what is wrong with them."""
