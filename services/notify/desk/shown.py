"""What a page tells of a pair: one number, one sentence, and the parts that the number is the sum of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.notify.match_lists import ShownPair
from services.notify.people import opaque_label
from services.notify.tables import PostingCard, SeekerCard
from shared.contracts import Money, Part
from shared.web.catalogue import Language, say
from shared.web.spoken import spoken_reason

WHOLE = 10_000


@dataclass(frozen=True)
class Slice:
    """One part of the score as a piece of a bar."""

    part: Part
    start: int
    """Where the piece begins: the sum of the pieces before it."""


@dataclass(frozen=True)
class Row:
    """One pair, ready to be shown."""

    shown: ShownPair
    name: str
    spoken: str
    slices: tuple[Slice, ...]

    @property
    def posting(self) -> PostingCard:
        return self.shown.posting

    @property
    def seeker(self) -> SeekerCard:
        return self.shown.seeker

    @property
    def points(self) -> int:
        """The one number: the score of a hundred."""
        return round(self.shown.pair.score / 100)


def rows_of(pairs: Sequence[ShownPair], names: Mapping[UUID, str], language: Language) -> list[Row]:
    """Pairs as they are read on the page, with the names that registry told."""
    return [
        Row(
            shown=shown,
            name=name_of(shown.seeker.seeker_id, names, language),
            spoken=spoken_reason(shown.pair.reasons, language),
            slices=slices_of(shown.pair.parts),
        )
        for shown in pairs
    ]


def name_of(seeker_id: UUID, names: Mapping[UUID, str], language: Language) -> str:
    """Her name, or the opaque label where it is not known."""
    return names.get(seeker_id) or say(language, "seeker.opaque", label=opaque_label(seeker_id))


def label_of_cafe(cafe_id: UUID, language: Language) -> str:
    """How a café is called whose name is not known."""
    return say(language, "calls.cafe_label", label=opaque_label(cafe_id))


def slices_of(parts: Sequence[Part]) -> tuple[Slice, ...]:
    """The largest first, side by side, so that together they are as long as the score."""
    start = 0
    slices = []
    for part in sorted(parts, key=lambda part: (-part.score, part.name)):
        slices.append(Slice(part, start))
        start += part.score
    return tuple(slices)


def wage_of(card: PostingCard) -> Money | None:
    """The wage as it was published."""
    return Money.model_validate(card.wage) if card.wage else None


def least_wage(card: SeekerCard) -> Money | None:
    """The least she takes."""
    wished = card.wishes.get("wage")
    return Money.model_validate(wished) if wished else None
