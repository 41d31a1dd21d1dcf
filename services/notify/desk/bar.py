"""What was just done, told on top of the next page with the way to take it back: it stands in the page's address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from sqlmodel import Session, col, select

from services.notify import referrals
from services.notify.referrals import Pair, Standing
from services.notify.tables import PostingCard, Review
from shared.web.sign_in import SignedIn, own_path

MOST = 50
PARAMETERS = ("done", "refused", "told", "wrong", "at")
HOME = "/desk"


@dataclass(frozen=True)
class Done:
    """The decisions that the address names, as far as they are hers."""

    reviews: tuple[Review, ...] = ()
    titles: Mapping[UUID, str] | None = None
    standings: Mapping[Pair, Standing] | None = None
    refused: int = 0
    """So many of those that were chosen had been decided before."""
    told: str = ""
    """A key of a sentence about what was done."""
    wrong: str = ""
    """The code of what was wrong with a decision, and the pair beside which it is told."""
    at: str = ""

    @property
    def accepted(self) -> list[Review]:
        return [it for it in self.reviews if it.decision == "accepted" and it.undone_at is None]

    @property
    def to_take_back(self) -> list[Review]:
        return [it for it in self.reviews if it.undone_at is None]

    @property
    def numbers(self) -> str:
        """All that is told of, so that taking one back leaves the others on the page."""
        return numbers_of(self.reviews)

    @property
    def papers(self) -> list[UUID]:
        """The referrals that registry has recorded, so that there is paper to print."""
        standings = self.standings or {}
        held = [standings[it.seeker_id, it.posting_id].held for it in self.accepted]
        return [row.referral_id for row in held if row]

    def __bool__(self) -> bool:
        return bool(self.reviews or self.refused or self.told or self.wrong)


def of_address(session: Session, who: SignedIn, query: Mapping[str, str]) -> Done:
    """What the address tells was done; numbers that are not hers tell nothing."""
    numbers = [int(it) for it in query.get("done", "").split(",")[:MOST] if it.isascii() and it.isdigit()]
    numbers = [number for number in numbers if number < 2**31]
    hers = (col(Review.number).in_(numbers), Review.account_id == who.account_id)
    reviews = tuple(session.exec(select(Review).where(*hers).order_by(col(Review.number)))) if numbers else ()
    postings = {review.posting_id for review in reviews}
    titles = select(PostingCard.posting_id, PostingCard.title).where(col(PostingCard.posting_id).in_(postings))
    refused = query.get("refused", "")
    return Done(
        reviews=reviews,
        titles=dict(session.exec(titles).all()) if reviews else {},
        standings=referrals.standings_of_seekers(session, [it.seeker_id for it in reviews]) if reviews else {},
        refused=int(refused) if refused.isascii() and refused.isdigit() and len(refused) < 4 else 0,
        told=query.get("told", "") if query.get("told", "") in TOLD else "",
        wrong=query.get("wrong", "") if query.get("wrong", "") in WRONG else "",
        at=query.get("at", ""),
    )


TOLD = ("answered", "widened", "narrowed")
WRONG = ("REASON_NEEDED", "DAY_NEEDED", "DAY_OUT_OF_RANGE", "NONE_CHOSEN", "NOT_UNDONE", "ALREADY_DECIDED")


def back_to(back: str, *, place: str = "", **told: object) -> str:
    """The page from which a form came, with what is to be told there."""
    path, _, query = own_path(back, HOME).partition("#")[0].partition("?")
    if path != HOME and not path.startswith(f"{HOME}/"):
        path, query = HOME, ""
    kept = [(name, value) for name, value in parse_qsl(query) if name not in PARAMETERS]
    asked = urlencode([*kept, *((name, str(value)) for name, value in told.items() if value)])
    fragment = f"#place-{place}" if place.isascii() and place.isdigit() else ""
    return path + (f"?{asked}" if asked else "") + fragment


def numbers_of(reviews: Iterable[Review]) -> str:
    return ",".join(str(review.number) for review in reviews)
