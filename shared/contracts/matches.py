"""Matches: whole lists for a seeker or a posting, each pair with the parts its score is the sum of."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.envelope import Event, Fact, Revision, ServiceName, TenThousandth, Term

PartName = Literal[
    "occupation",
    "text",
    "wage",
    "hours",
    "commute",
    "required_skills",
    "preferred_skills",
    "experience",
    "certificate",
]

ReasonCode = Literal[
    "text.shared",
    "skill.found",
    "skill.missing",
    "certificate.held",
    "occupation.wished",
    "wage.meets",
    "wage.below",
    "hours.fit",
    "hours.over",
    "commute.near",
    "commute.far",
    "experience.enough",
    "experience.short",
]

GateName = Literal["occupation", "employment_type", "commute", "certificate"]
"""A condition that keeps two apart where both sides say what speaks against it."""


class Part(Fact):
    """One known part of a score. Unknown parts are absent: they neither help nor hurt, as long as enough is known.

    `value` is how well this part fits. `score`, `seeker` and `posting` are the points it adds to the whole, to the fit
    for the seeker and to the fit for the posting; over all parts they add up exactly to the pair's figures.
    """

    name: PartName
    value: TenThousandth
    score: TenThousandth
    seeker: TenThousandth = 0
    posting: TenThousandth = 0


class Reason(Fact):
    """Why, as a code and the words it is about; the sentence is made where it is shown."""

    code: ReasonCode
    terms: tuple[Term, ...] = ()


class Raise(Fact):
    """A skill or certificate that is asked for and missing, and what it would add to the score, all else equal."""

    term: Term
    score: TenThousandth


class MatchedPair(Fact):
    """A seeker and a posting that fit, and why."""

    seeker_id: UUID
    seeker_revision: Revision
    posting_id: UUID
    posting_revision: Revision
    score: TenThousandth
    fit_for_seeker: TenThousandth
    fit_for_posting: TenThousandth
    known: TenThousandth | None = None
    """How much of all weight belongs to parts that are known."""
    parts: tuple[Part, ...]
    unknown: tuple[PartName, ...] = ()
    reasons: tuple[Reason, ...] = ()
    raises: tuple[Raise, ...] = ()
    """What is asked for and missing, the most helpful first."""


class MatchesFound(Event):
    """The whole list of one scope, best first; it replaces what was said before for that scope and shard."""

    stream: ClassVar[str] = "matches.found.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("matching",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)

    scope: Literal["seeker", "posting"]
    scope_id: UUID
    shard: Annotated[str, StringConstraints(pattern=r"^[0-9]+/[0-9]+$")]
    """Which share of the seekers was looked at, such as `0/1`; a posting's list is the union over shards."""
    revision: Revision
    epoch: Annotated[int, Field(ge=0)]
    pairs: tuple[MatchedPair, ...]

    @property
    def subject(self) -> str:
        return f"{self.scope}/{self.scope_id}"
