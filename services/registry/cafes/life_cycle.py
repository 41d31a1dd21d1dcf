"""How does a café come about and end? The states, who it is run with, and which step may follow which."""

from typing import Literal

CafeState = Literal["planned", "called", "agreed", "opened", "operating", "ended"]
"""계획, 공모, 협약, 개소, 운영, 종료."""
VenueType = Literal["대학", "청년공간", "공공시설", "민간시설"]
Partnership = Literal["직영", "자치구", "대학", "민간"]
"""An axis of its own: a café in a university may well be run by the city."""

ORDER: tuple[CafeState, ...] = ("planned", "called", "agreed", "opened", "operating", "ended")
FOLLOWS: dict[CafeState, tuple[CafeState, ...]] = {
    "planned": ("called", "agreed", "ended"),  # the city's own café needs no call
    "called": ("agreed", "ended"),
    "agreed": ("opened", "ended"),
    "opened": ("operating", "ended"),
    "operating": ("ended",),
    "ended": (),
}
RUNNING: tuple[CafeState, ...] = ("opened", "operating")
"""Where people may come and book."""


def may_follow(before: CafeState, after: CafeState) -> bool:
    return after in FOLLOWS[before]
