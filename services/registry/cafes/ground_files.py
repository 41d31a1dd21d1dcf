"""Reads what an operator brings of the ground: job-related places, residents, boundaries, paths; CSV or GeoJSON.

Each row that cannot be taken is told with its line, field, reason and remedy; the others are taken. Values are never
echoed. GeoJSON is RFC 7946: WGS 84, longitude first; the line of a feature is its number in the collection.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, get_args

from services.registry.cafes.coverage import Path
from services.registry.cafes.districts import JobPlace, PlaceKind
from services.registry.cafes.geography import Point

Layer = Literal["places", "residents", "boundaries", "paths"]
LAYERS: tuple[Layer, ...] = get_args(Layer)
Row = Mapping[str, Any]
R = TypeVar("R")

MOST_RESIDENTS = 1_000_000
LONGEST_PATH_METRES = 10_000.0
LATITUDES, LONGITUDES = (33.0, 39.0), (124.0, 132.0)
"""Of the Republic of Korea: what lies elsewhere has its columns swapped, or another projection."""

HEADS = {
    "kind": ("종류", "구분", "유형"),
    "name": ("이름", "명칭", "상호", "시설명", "격자"),
    "latitude": ("위도", "lat"),
    "longitude": ("경도", "lon", "lng"),
    "district": ("자치구", "시군구"),
    "residents": ("인구", "인구수", "주민"),
    "from_latitude": ("시작위도",),
    "from_longitude": ("시작경도",),
    "to_latitude": ("끝위도",),
    "to_longitude": ("끝경도",),
    "metres": ("거리", "미터"),
}
KINDS: Mapping[str, PlaceKind] = {
    "agency": "agency", "직업소개소": "agency", "알선업체": "agency",
    "firm": "firm", "기업체": "firm", "기업": "firm",
    "academy": "academy", "학원": "academy", "직업훈련기관": "academy",
    "cafe": "cafe", "일자리카페": "cafe",
    "centre": "centre", "일자리센터": "centre", "고용센터": "centre",
}  # fmt: skip


@dataclass(frozen=True)
class BadRow:
    """Why a row came back."""

    line: int
    field: str
    code: str
    message: str
    message_ko: str
    hint: str


class Wrong(Exception):
    """One field that is not as it must be, until its line is known."""

    def __init__(self, where: str, code: str, message: str, message_ko: str, hint: str) -> None:
        super().__init__(code)
        self.where, self.code, self.message, self.message_ko, self.hint = where, code, message, message_ko, hint

    def at(self, line: int) -> BadRow:
        return BadRow(line, self.where, self.code, self.message, self.message_ko, self.hint)


@dataclass(frozen=True)
class Residents:
    """A point or the middle of a cell, and how many live there."""

    point: Point
    residents: int
    name: str = ""
    district: str = ""


@dataclass(frozen=True)
class Boundary:
    """An administrative area by its rings; a ring within another is a hole."""

    name: str
    rings: tuple[tuple[tuple[float, float], ...], ...]


@dataclass
class Taken(Generic[R]):
    """What could be read, and what came back."""

    rows: list[R] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


def read(layer: Layer, text: str) -> Taken[Any]:
    """Everything of a file. A file that is neither CSV nor GeoJSON comes back as one bad row of line 1."""
    return _each(text, READERS[layer])


def place_of(row: Row) -> JobPlace:
    kind = KINDS.get(_text(row, "kind").lower())
    if kind is None:
        raise Wrong(
            "kind", "KIND_UNKNOWN", "This kind of place is not known.", "알 수 없는 종류입니다.",
            "agency 직업소개소, firm 기업체, academy 학원, cafe 일자리카페, centre 일자리센터 중 하나로 적어 주세요.",
        )  # fmt: skip
    return JobPlace(_point(row), kind, _text(row, "name"), _text(row, "district", needed=False))


def residents_of(row: Row) -> Residents:
    residents = int(_number(row, "residents", (0, MOST_RESIDENTS), whole=True))
    name, district = (_text(row, key, needed=False) for key in ("name", "district"))
    return Residents(_point(row), residents, name, district)


def boundary_of(row: Row) -> Boundary:
    rings = row.get("rings")
    if not rings:
        raise Wrong(
            "geometry", "POLYGON_NEEDED", "A boundary is a Polygon or MultiPolygon.",
            "경계는 면(Polygon)이어야 합니다.",
            "GeoJSON Polygon 또는 MultiPolygon으로 내보내 주세요. Export it as GeoJSON polygons.",
        )  # fmt: skip
    return Boundary(_text(row, "name"), tuple(_ring(ring) for ring in rings))


def path_of(row: Row) -> Path:
    metres = _number(row, "metres", (0, LONGEST_PATH_METRES)) if str(row.get("metres") or "").strip() else None
    return Path(_point(row, "from_"), _point(row, "to_"), metres)


READERS: Mapping[Layer, Callable[[Row], Any]] = {
    "places": place_of, "residents": residents_of, "boundaries": boundary_of, "paths": path_of,
}  # fmt: skip


def _each(text: str, made: Callable[[Row], R]) -> Taken[R]:
    taken: Taken[R] = Taken()
    try:
        for line, row in _rows(text):
            try:
                taken.rows.append(made(row))
            except Wrong as wrong:
                taken.bad.append(wrong.at(line))
    except Wrong as wrong:
        taken.bad.append(wrong.at(1))
    return taken


def _rows(text: str) -> Iterator[tuple[int, Row]]:
    plain = text.removeprefix("\ufeff")
    return _features(plain) if plain.lstrip().startswith("{") else _lines(plain)


def _lines(text: str) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(io.StringIO(text))
    try:
        heads = [_head(cell) for cell in next(reader, [])]
        if not any(head in HEADS for head in heads):
            raise _unreadable()
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, dict(zip(heads, cells, strict=False))
    except csv.Error:
        raise _unreadable() from None


def _head(cell: str) -> str:
    name = cell.strip().lower()
    return next((ours for ours, names in HEADS.items() if name in (ours, *names)), name)


def _features(text: str) -> Iterator[tuple[int, Row]]:
    try:
        features = json.loads(text)["features"]
        shapes = [(feature.get("geometry") or {}, feature.get("properties") or {}) for feature in features]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _unreadable() from None
    for line, (geometry, properties) in enumerate(shapes, 1):
        named = {_head(str(name)): value for name, value in properties.items()}
        yield line, named | _geometry(geometry)


def _geometry(geometry: Mapping[str, Any]) -> dict[str, Any]:
    kind, where = geometry.get("type"), geometry.get("coordinates")
    try:
        if kind == "Point" and where:
            return {"longitude": where[0], "latitude": where[1]}
        if kind == "Polygon" and where:
            return {"rings": where}
        if kind == "MultiPolygon" and where:
            return {"rings": [ring for polygon in where for ring in polygon]}
    except (LookupError, TypeError):
        pass
    return {}


def _ring(corners: Sequence[Any]) -> tuple[tuple[float, float], ...]:
    try:
        points = [_point({"longitude": corner[0], "latitude": corner[1]}) for corner in corners]
    except (LookupError, TypeError):
        points = []
    if len(points) < 4 or points[0] != points[-1]:
        raise Wrong(
            "geometry", "RING_NOT_CLOSED", "A ring has four corners or more and ends where it begins.",
            "경계선이 닫혀 있지 않습니다.",
            "첫 점과 끝 점이 같아야 합니다 (RFC 7946). Repeat the first corner as the last.",
        )  # fmt: skip
    return tuple((point.latitude, point.longitude) for point in points[:-1])


def _point(row: Row, prefix: str = "") -> Point:
    north = _number(row, f"{prefix}latitude", LATITUDES)
    return Point(north, _number(row, f"{prefix}longitude", LONGITUDES))


def _text(row: Row, name: str, *, needed: bool = True) -> str:
    value = " ".join(str(row.get(name) or "").split())
    if needed and not value:
        raise Wrong(name, "FIELD_MISSING", "This field is empty.", "값이 없습니다.", f"`{name}` 열을 채워 주세요.")
    if len(value) > 100:
        raise Wrong(name, "TOO_LONG", "This is longer than 100 characters.", "100자를 넘습니다.", "줄여서 적어 주세요.")
    return value


def _number(row: Row, name: str, limits: tuple[float, float], *, whole: bool = False) -> float:
    written = str(row.get(name) if row.get(name) is not None else "").strip().replace(",", "")
    if not written:
        raise Wrong(name, "FIELD_MISSING", "This field is empty.", "값이 없습니다.", f"`{name}` 열을 채워 주세요.")
    try:
        value = float(written)
    except ValueError:
        value = float("nan")
    if not limits[0] <= value <= limits[1] or (whole and value != int(value)):
        least, most = limits
        raise Wrong(
            name, "NUMBER_WRONG", f"A {'whole ' if whole else ''}number from {least:g} to {most:g} is needed.",
            f"{least:g}부터 {most:g}까지의 {'정수' if whole else '수'}여야 합니다.",
            "WGS 84의 도 단위인지, 위도와 경도가 바뀌지 않았는지 보세요." if "itude" in name else "값을 고쳐 주세요.",
        )  # fmt: skip
    return value


def _unreadable() -> Wrong:
    return Wrong(
        "file", "FILE_UNREADABLE", "This is neither CSV with a line of heads nor GeoJSON.",
        "머리글이 있는 CSV도 GeoJSON도 아닙니다.", "UTF-8 CSV 또는 GeoJSON FeatureCollection으로 저장해 주세요.",
    )  # fmt: skip
