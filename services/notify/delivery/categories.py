"""What can someone be told? By kind of news: to whom, under which rule, and how often unless she says otherwise."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.notify.delivery.quiet_hours import RuleClass
from services.notify.delivery.windows import Cadence

RecipientKind = Literal["seeker", "firm", "agency", "counselor"]
Channel = Literal["email", "webhook", "apprise"]
Category = Literal[
    "matches",
    "proposals",
    "progress",
    "bookings",
    "programs",
    "adverts",
    "referrals",
    "receipts",
    "candidates",
    "today",
    "troubles",
    "confirmations",
]


@dataclass(frozen=True)
class Recipient:
    """Whom something is for: a seeker, the firm of a posting, an agency, the counselors of a café."""

    kind: RecipientKind
    id: UUID


@dataclass(frozen=True)
class Kind:
    """The rules of one kind of news.

    Args:
        whose: who is told such news.
        cadence: how often, where she has not chosen.
        may_stop: whether it can be unsubscribed from.
    """

    whose: tuple[RecipientKind, ...]
    cadence: Cadence = "immediate"
    rule_class: RuleClass = "service"
    may_stop: bool = True


EVERYONE: tuple[RecipientKind, ...] = ("seeker", "firm", "agency", "counselor")
KINDS: dict[Category, Kind] = {
    "matches": Kind(("seeker",), "daily"),
    "proposals": Kind(("seeker",)),
    "progress": Kind(("seeker",)),
    "bookings": Kind(("seeker",)),
    "programs": Kind(("seeker",)),
    "adverts": Kind(("seeker",), "weekly", "advert"),
    "referrals": Kind(("firm", "agency")),
    "receipts": Kind(("agency",)),
    "candidates": Kind(("agency",), "daily"),
    "today": Kind(("counselor",), "daily"),
    "troubles": Kind(("counselor",)),
    "confirmations": Kind(EVERYONE, may_stop=False),
}
CHANNELS: dict[RecipientKind, tuple[Channel, ...]] = {
    "seeker": ("email",),
    "firm": ("email",),
    "agency": ("webhook", "email", "apprise"),
    "counselor": ("email", "apprise"),
}
"""By which ways each is reached, beside the inbox on the pages, which always holds everything."""


def kinds_for(kind: RecipientKind) -> list[Category]:
    """What such a recipient can choose about, in the order of the table."""
    return [category for category, rules in KINDS.items() if kind in rules.whose and rules.may_stop]
