"""The programs of the demo's cafés: what was held in the months before, and what is coming. All of it is invented."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

USUAL = (
    ("counseling", "취업상담", "", "10:00", 4, (3, 4, 3)),
    ("resume_clinic", "이력서 클리닉", "", "14:00", 8, (9, 7, 8)),
    ("mentoring", "현직자 멘토링", "", "16:00", 6, (4, 5, 6)),
    ("lecture", "엑셀로 시작하는 사무", "엑셀", "14:00", 30, (24, 17, 21)),
    ("resume_photo", "이력서용 사진촬영", "", "11:00", 12, (6, 5, 9)),
)
"""Kind, title, skill, hour, seats, and how many wanted a seat in three sessions."""
COMES = 5
"""Of so many with a seat one does not come."""


def invented_rows(today: date, cafes: Sequence[str]) -> Iterator[dict[str, str]]:
    """Rows as `iljari programs import` takes them; each café by its name holds two or three kinds a month."""
    for place, cafe in enumerate(cafes):
        for turn, (kind, title, skill, hour, seats, wanted) in enumerate(USUAL):
            if (place + turn) % 2 and turn != 1:
                continue
            row = {"cafe": cafe, "kind": kind, "title": title, "skill": skill, "seats": str(seats)}
            for back, people in enumerate(wanted, 1):
                seated = min(seats, people + place % 3)
                counts = {"enrolled": str(seated), "attended": str(seated - seated // COMES)}
                yield row | {"starts_at": f"{_weekday(today, -28 * back + turn)}T{hour}"} | counts
            yield row | {"starts_at": f"{_weekday(today, 3 + turn + place % 4)}T{hour}"}


def _weekday(today: date, days: int) -> date:
    day = today + timedelta(days=days)
    return day + timedelta(days=max(0, 7 - day.weekday()) % 7) if day.weekday() > 4 else day
