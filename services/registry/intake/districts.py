"""Which district an address lies in, in its usual Korean name: `서울 마포구`."""

import csv
import re
from functools import cache
from importlib.resources import files

QUARTER = re.compile(r"\s*([가-힣]{1,4}구)(?![가-힣])")
"""A district within a city, such as 분당구 in 성남시."""


def district_of(address: str) -> str | None:
    """Province and city or district; the province alone where no more is said; None where nothing is recognised.

    A province that is left out is supplied where the name has only one: 강남구 is in Seoul, 중구 could be anywhere.
    """
    rest, province = address.strip(), None
    while found := _provinces().match(rest):  # twice in "서울 동작구 서울시 …" and "서울특별시 서울특별시 …"
        province = _short_names()[found.group(1)]
        rest = rest[found.end() :].strip()
    inside = _places_of(province).search(rest)
    if inside is None:
        return province
    place = inside.group(1)
    home = province or _home_of(place)
    quarter = QUARTER.match(rest, inside.end()) if place.endswith("시") else None
    return " ".join(filter(None, (home, place, quarter and quarter.group(1)))) if home else None


@cache
def _table() -> dict[str, tuple[list[str], list[str]]]:
    text = (files(__package__) / "districts.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["province"]: (row["also"].split(), row["districts"].split()) for row in rows}


@cache
def _short_names() -> dict[str, str]:
    return {name: short for short, (also, _) in _table().items() for name in [*also, short]}


@cache
def _provinces() -> re.Pattern[str]:
    names = sorted(_short_names(), key=len, reverse=True)
    # 광주시 is a city of Gyeonggi and 제주시 one of Jeju: a province's short name is not followed by 시.
    return re.compile(f"({'|'.join(names)})(?!시)")


@cache
def _places_of(province: str | None) -> re.Pattern[str]:
    places = _table()[province][1] if province else [p for _, places in _table().values() for p in places]
    names = sorted(set(places), key=len, reverse=True) or ["(?!)"]
    return re.compile(rf"(?:^|[\s(,])({'|'.join(names)})")


def _home_of(place: str) -> str | None:
    homes = [province for province, (_, places) in _table().items() if place in places]
    return homes[0] if len(homes) == 1 else None
