"""Where does each role work, and which pages has she a way to from every page?"""

from collections.abc import Mapping

from shared.web.sign_in import Role, SignedIn

Way = tuple[str, str]
"""A page's path, and the sentence that names it."""

_BOARD: Way = ("/board", "board.title")
_BENEFIT: Way = ("/benefit", "benefit.title")
_LEDGERS: Way = ("/ledgers", "ledger.books")
_GROUND: tuple[Way, ...] = (("/districts", "districts.title"), ("/coverage", "coverage.title"))
_FAIRNESS: Way = ("/matching/fairness", "fairness.title")
_NEEDS: Way = ("/matching/skill-needs", "needs.title")
_CAFES: Way = ("/counter/cafes", "counter.cafes")
_SEASONS: Way = ("/counter/seasons", "seasons.title")
_DESK: Way = ("/desk", "desk.navigation")
_COUNTER: tuple[Way, ...] = (
    ("/counter", "counter.title"),
    ("/counter/rooms", "counter.rooms"),
    ("/counter/programs", "counter.programs"),
)
_NEWS: tuple[Way, ...] = (("/inbox", "inbox.title"), ("/preferences", "preferences.title"))
_DELIVERIES: Way = ("/deliveries", "deliveries.title")

WAYS: Mapping[Role, tuple[Way, ...]] = {
    "counselor": (_DESK, *_COUNTER, _CAFES, _LEDGERS, _BENEFIT, *_NEWS),
    "official": (
        _BOARD, ("/board/plan", "plan.title"), _BENEFIT, *_GROUND, _NEEDS, _FAIRNESS, _SEASONS, _CAFES, _LEDGERS, _DESK,
    ),
    "agency": (
        ("/agency", "agency.title"), ("/agency-results", "results.title"), _LEDGERS, _BENEFIT, *_NEWS, _DELIVERIES,
    ),
    "operator": (
        _DESK, *_COUNTER, _CAFES, _BOARD, _BENEFIT, *_GROUND, _LEDGERS, _DELIVERIES,
        _NEEDS, _FAIRNESS, _SEASONS,
        ("/matching/proofs", "proofs.title"),
    ),
    "seeker": (
        ("/mine", "mine.title"), ("/me", "mine.data"), ("/cafes", "cafes.title"), ("/cafes/programs", "programs.title"),
        ("/cafes/mine", "rooms.mine"), *_NEWS,
    ),
    "service": (),
}  # fmt: skip
"""Of each role, where she works first."""


def home_of(who: SignedIn | None) -> str:
    """Where someone works; a stranger signs in first."""
    if who is None:
        return "/sign-in"
    return next((path for path, _ in WAYS[who.role]), "/desk")
