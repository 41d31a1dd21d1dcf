"""Which map goes with which page: districts, one district, coverage with what is proposed."""

from collections.abc import Sequence

from services.registry.cafes.city_coverage import Coverage, NextSites
from services.registry.cafes.city_map import Drawing, Picture, extent_of
from services.registry.cafes.coverage import Walk
from services.registry.cafes.geography import Point, degrees, outline
from services.registry.cafes.ground import Ground
from services.registry.cafes.promotion import lies_in
from services.registry.cafes.standing import Standing
from services.registry.tables import PromotionDistrict

TOLD_APART = 2
MOST_NAMES = 30
"""More of them written on one map cover each other."""


def districts_picture(
    held: Ground, districts: Sequence[PromotionDistrict], cafes: Sequence[Standing]
) -> Picture | None:
    """Boundaries, districts by state, places and cafés; None where there is nothing to draw."""
    points = [each.point for each in held.places] + [each.point for each in cafes if each.point]
    drawing = _begun(held, points, [each.outline for each in districts])
    if drawing is None:
        return None
    for each in districts:
        drawing.shape(each.outline, each.state, each.name)
    for place in held.places:
        drawing.dot(place.point, place.kind, place.name)
    _put_cafes(drawing, cafes)
    return drawing.picture


def district_picture(district: PromotionDistrict, cafes: Sequence[Standing]) -> Picture:
    """One district with its places, and the cafés within its frame."""
    places = [(Point(**each["point"]), each["kind"], each["name"]) for each in district.evidence["places"]]
    drawing = Drawing(extent_of([], [district.outline]))
    drawing.shape(district.outline, district.state, district.name)
    for point, kind, name in places:
        drawing.dot(point, kind, name)
    within = lies_in(district, [each.point for each in cafes if each.point])
    _put_cafes(drawing, [each for each, inside in zip(cafes, within, strict=True) if inside])
    return drawing.picture


def cafes_picture(held: Ground, cafes: Sequence[Standing]) -> Picture | None:
    """Boundaries and cafés alone, each leading to its page; None where it would show nothing beside one another."""
    placed = [each.point for each in cafes if each.point]
    drawing = _begun(held, placed, [])
    if drawing is None or len(placed) + len(held.boundaries) < TOLD_APART:
        return None
    start = f"{cafes[0].name.split(' ')[0]} " if cafes else ""
    told_alike = all(each.name.startswith(start) for each in cafes)
    for each in cafes:
        if each.point:
            short = each.name.removeprefix(start) if told_alike else each.name
            label = short if len(placed) <= MOST_NAMES else ""
            drawing.dot(each.point, "standing", each.name, label=label, address=f"/cafes/{each.cafe_id}")
    return drawing.picture


def coverage_picture(held: Ground, told: Coverage, sites: NextSites | None) -> Picture | None:
    """Boundaries, where people live, cafés with what is near them, proposed sites."""
    placed = [each.point for each in told.cafes if each.point]
    drawing = _begun(held, placed + [each.point for each in held.residents], [])
    if drawing is None:
        return None
    for cell in held.residents:
        if cell.residents:
            drawing.dot(cell.point, "cell", "")
    for each in told.cafes:
        if each.point:
            drawing.shape(_near(each.point, told.walk), "near", each.name)
    for site in sites.sites if sites else ():
        drawing.shape(_near(site.point, told.walk), "near-next", site.name or site.district)
        drawing.dot(site.point, "next", site.name or site.district)
    _put_cafes(drawing, told.cafes)
    return drawing.picture


def _begun(held: Ground, points: Sequence[Point], rings: Sequence[list[list[float]]]) -> Drawing | None:
    borders = [ring for each in held.boundaries for ring in each.rings]
    extent = extent_of(points, [*borders, *rings])
    if not len(extent):
        return None
    drawing = Drawing(extent)
    for each in held.boundaries:
        for ring in each.rings:
            drawing.shape(ring, "border", each.name)
    return drawing


def _put_cafes(drawing: Drawing, cafes: Sequence[Standing]) -> None:
    for each in cafes:
        if each.point:
            drawing.dot(each.point, "standing", each.name)


def _near(point: Point, walk: Walk) -> list[list[float]]:
    """What the straight-line estimate calls near."""
    return outline(degrees([point]), walk.metres / walk.detour)
