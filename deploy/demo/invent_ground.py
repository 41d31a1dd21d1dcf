"""What ground does the demo city stand on? Job-related places, residents and an outline, all of them made up.

Where people live and how many is no statistic: cells around the middles of districts, fuller the nearer. Real figures
are imported by the operator (`iljari districts import`).
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, exp, radians
from random import Random

from deploy.demo.vocabulary import CityWords, District

SEED = "iljari demo ground"
SOURCE = "가상의 도시 견본 (통계가 아님) · invented sample, no statistic"
SIDE_METRES = 700.0
CITY_METRES = 4_000.0
"""A cell belongs to the city when a district's middle is no farther."""
METRES_A_DEGREE = 111_195.0
FULLEST = 9_000
STREETS = (("wau", 14), ("gyedong", 11), ("gullae", 9), ("seokchon", 8), ("mullae", 6))
"""Cafés in whose streets places cluster, and how many."""
SCATTERED = 70
KINDS = (("agency", "직업소개소", 4), ("firm", "상사", 5), ("academy", "직업전문학원", 3), ("centre", "일자리센터", 1))
CITY = "서울 "


@dataclass(frozen=True)
class GroundFiles:
    """The layers as files."""

    places: str
    residents: str
    boundaries: str


def invent_ground(words: CityWords) -> GroundFiles:
    """The same ground every time."""
    random = Random(SEED)  # noqa: S311 - nothing here is secret
    homes = [each for each in words.districts if each.name.startswith(CITY)]
    cells = _cells(homes)
    return GroundFiles(_places(words, homes, random), _residents(cells, homes, random), _outline(cells))


def _places(words: CityWords, homes: list[District], random: Random) -> str:
    rows: list[tuple[str, str, float, float, str]] = []
    cafes = {cafe.key: cafe for cafe in words.cafes}
    rows += [("cafe", cafe.name, cafe.latitude, cafe.longitude, cafe.district) for cafe in words.cafes]
    for key, count in STREETS:
        cafe = cafes[key]
        for _ in range(count):
            north, east = random.gauss(0, 110), random.gauss(0, 110)
            rows.append(_place(words, random, len(rows), cafe.latitude, cafe.longitude, north, east, cafe.district))
    for _ in range(SCATTERED):
        home = random.choice(homes)
        north, east = random.uniform(-1_900, 1_900), random.uniform(-1_900, 1_900)
        rows.append(_place(words, random, len(rows), home.latitude, home.longitude, north, east, home.name))
    return _sheet(("kind", "name", "latitude", "longitude", "district"), rows)


def _place(  # noqa: PLR0913, PLR0917 - a place and what it is made of
    words: CityWords, random: Random, number: int, latitude: float, longitude: float, north: float, east: float,
    district: str,
) -> tuple[str, str, float, float, str]:  # fmt: skip
    kind, word, _ = random.choices(KINDS, [weight for *_, weight in KINDS])[0]
    there = _moved(latitude, longitude, north, east)
    return kind, f"{random.choice(words.roads)} {word} {number}", *there, district


def _cells(homes: list[District]) -> list[tuple[float, float, District, float]]:
    """Middle, nearest district and how far its middle is."""
    south, north = min(each.latitude for each in homes), max(each.latitude for each in homes)
    west, east = min(each.longitude for each in homes), max(each.longitude for each in homes)
    margin = CITY_METRES / METRES_A_DEGREE
    found = []
    latitude = south - margin
    while latitude < north + margin:
        longitude = west - 1.3 * margin
        while longitude < east + 1.3 * margin:
            apart, home = min((_apart(latitude, longitude, each), each.name) for each in homes)
            if apart <= CITY_METRES:
                found.append((latitude, longitude, next(each for each in homes if each.name == home), apart))
            longitude += SIDE_METRES / METRES_A_DEGREE / cos(radians(latitude))
        latitude += SIDE_METRES / METRES_A_DEGREE
    return found


def _residents(cells: list[tuple[float, float, District, float]], homes: list[District], random: Random) -> str:
    most = max(each.share for each in homes)
    rows = [
        (
            f"{number:04}", round(latitude, 6), round(longitude, 6),
            int(FULLEST * (0.3 + 0.7 * home.share / most) * exp(-apart / 2_500) * random.uniform(0.5, 1.0)), home.name,
        )
        for number, (latitude, longitude, home, apart) in enumerate(cells, 1)
    ]  # fmt: skip
    return _sheet(("name", "latitude", "longitude", "residents", "district"), rows)


def _outline(cells: list[tuple[float, float, District, float]]) -> str:
    """One outline around all cells."""
    from services.registry.cafes.geography import Point, degrees, outline

    ring = outline(degrees([Point(latitude, longitude) for latitude, longitude, *_ in cells]), SIDE_METRES / 2)
    corners = [[longitude, latitude] for latitude, longitude in [*ring, ring[0]]]
    feature = {
        "type": "Feature",
        "properties": {"name": "가상의 도시"},
        "geometry": {"type": "Polygon", "coordinates": [corners]},
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False)


def _moved(latitude: float, longitude: float, north: float, east: float) -> tuple[float, float]:
    across = METRES_A_DEGREE * cos(radians(latitude))
    return round(latitude + north / METRES_A_DEGREE, 6), round(longitude + east / across, 6)


def _apart(latitude: float, longitude: float, home: District) -> float:
    north = (latitude - home.latitude) * METRES_A_DEGREE
    east = (longitude - home.longitude) * METRES_A_DEGREE * cos(radians(latitude))
    return float((north**2 + east**2) ** 0.5)


def _sheet(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return text.getvalue()
