"""Where is it, and how far apart? Districts by their usual names, and straight lines between their centres."""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from shared.contracts import Place

EARTH_RADIUS_M = 6_371_000
DISTRICT_WORDS = 3
_PROVINCES = {
    "서울특별시": "서울", "서울시": "서울", "경기도": "경기", "인천광역시": "인천", "인천시": "인천",
    "부산광역시": "부산", "부산시": "부산", "대구광역시": "대구", "대구시": "대구", "광주광역시": "광주",
    "대전광역시": "대전", "대전시": "대전", "울산광역시": "울산", "울산시": "울산", "세종특별자치시": "세종",
    "세종시": "세종", "강원특별자치도": "강원", "강원도": "강원", "충청북도": "충북", "충청남도": "충남",
    "전북특별자치도": "전북", "전라북도": "전북", "전라남도": "전남", "경상북도": "경북", "경상남도": "경남",
    "제주특별자치도": "제주", "제주도": "제주",
}  # fmt: skip

Point = tuple[float, float, float]
"""On the unit sphere: distances then need no trigonometry, whose last bits differ between machines."""


@dataclass(frozen=True)
class Spot:
    """A place as far as it is known."""

    district: str | None
    point: Point | None
    remote: bool


def spot(place: Place) -> Spot:
    """The district in its usual name and a point: the given one, else the district's centre."""
    named = usual_name(place.district) if place.district else None
    if place.latitude is not None and place.longitude is not None:
        return Spot(named, point(place.latitude, place.longitude), place.remote)
    return Spot(named, centre(named) if named else None, place.remote)


@lru_cache(maxsize=4096)
def usual_name(written: str) -> str:
    """`서울특별시 마포구` and `마포구` are both `서울 마포구`; a name unknown to us stays as written."""
    words = written.split()[:DISTRICT_WORDS]
    if not words:
        return ""
    words[0] = _PROVINCES.get(words[0], words[0])
    name = " ".join(words)
    return name if centre(name) else _seoul_districts().get(words[0], name)


def accepts(wished: str, district: str) -> bool | None:
    """Whether a wished district covers another; None where the other is named too coarsely to tell."""
    a, b = wished.split(), district.split()
    if a == b[: len(a)]:
        return True
    return None if b == a[: len(b)] else False


def centre(district: str) -> Point | None:
    """The centre of the district, or of the narrowest area we know that holds it."""
    words = district.split()
    known = (_centres().get(" ".join(words[:size])) for size in range(len(words), 0, -1))
    return next(filter(None, known), None)


def point(latitude: float, longitude: float) -> Point:
    up, along = math.radians(latitude), math.radians(longitude)
    return (math.cos(up) * math.cos(along), math.cos(up) * math.sin(along), math.sin(up))


def latitude_and_longitude(of: Point) -> tuple[float, float]:
    """In degrees."""
    along, across, up = of
    return math.degrees(math.asin(up)), math.degrees(math.atan2(across, along))


def neighbours(districts: Iterable[str]) -> list[str]:
    """Every district we know in the provinces and cities of these, by name."""
    provinces = {district.split()[0] for district in districts if district}
    return sorted(name for name in _centres() if " " in name and name.split()[0] in provinces)


def kilometres(one: Point, other: Point) -> float:
    """The straight line between two points, as long as the ground curves little."""
    return math.dist(one, other) * EARTH_RADIUS_M / 1_000


@lru_cache(maxsize=1)
def _centres() -> dict[str, Point]:
    table = files("shared").joinpath("districts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines())
    return {row["district"]: point(float(row["latitude"]), float(row["longitude"])) for row in rows}


@lru_cache(maxsize=1)
def _seoul_districts() -> dict[str, str]:
    return {name.split()[1]: name for name in _centres() if name.startswith("서울 ")}
