"""What else is told of the demo's cafés: hours, what they offer, and their rooms. All of it is invented."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from deploy.demo.vocabulary import CafeWords
from shared.clock import KST

HOURS = [["09:00", "21:00"]] * 5 + [["10:00", "18:00"], ["10:00", "18:00"]]
ROOMS: tuple[dict[str, Any], ...] = (
    {"name": "집중방", "capacity": 2, "equipment": ["모니터"]},
    {"name": "모임방", "capacity": 6, "equipment": ["화이트보드", "모니터"]},
    {"name": "면접방", "capacity": 4, "equipment": ["화상 카메라", "조명"]},
)
ANCHORS = ("wau",)
TAKEN = ((10, 120), (13, 60), (15, 90))
"""Hour and minutes of the bookings of tomorrow."""


def told_of(cafe: CafeWords) -> dict[str, Any]:
    """A café as the registry is told of it."""
    return {
        "name": cafe.name,
        "district": cafe.district,
        "cafe_id": str(cafe.cafe_id),
        "latitude": cafe.latitude,
        "longitude": cafe.longitude,
        "venue_type": cafe.venue_type,
        "partnership": cafe.partnership,
        "is_anchor": cafe.key in ANCHORS,
        "hours": HOURS,
        "services": ["취업상담", "출력", "와이파이"],
    }


def tomorrows_bookings(today: date, rooms: Sequence[str], people: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Every other room at three times, each someone else's."""
    wanted = [(room, *when) for room in rooms[::2] for when in TAKEN]
    for seeker, (room, hour, minutes) in zip(people, wanted, strict=False):
        starts = datetime.combine(today + timedelta(days=1), time(hour), KST)
        ends = starts + timedelta(minutes=minutes)
        times = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
        yield {"seeker_id": seeker, "room_id": room, "people": 2, **times}
