"""Files of the ground: what is good is taken, what is wrong comes back with its line, field and remedy."""

import json

import pytest

from services.registry.cafes.coverage import Path
from services.registry.cafes.districts import JobPlace
from services.registry.cafes.geography import Point
from services.registry.cafes.ground_files import Boundary, Residents, read

PLACES = "\ufeff종류,이름,위도,경도,자치구\n직업소개소,새빛,37.55,126.92,서울 마포구\n"


def test_a_sheet_with_korean_heads_is_read() -> None:
    assert read("places", PLACES).rows == [JobPlace(Point(37.55, 126.92), "agency", "새빛", "서울 마포구")]
    assert read("residents", 'lat,lon,인구\n37.5,127,"1,200"\n').rows == [Residents(Point(37.5, 127), 1200)]
    paths = "from_latitude,from_longitude,to_latitude,to_longitude,metres\n37.5,127,37.6,127,\n37.5,127,37.6,127,80\n"
    assert [path.metres for path in read("paths", paths).rows] == [None, 80.0]
    assert isinstance(read("paths", paths).rows[0], Path)


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ("빵집,새빛,37.55,126.92,", "kind", "KIND_UNKNOWN"),
        ("학원,,37.55,126.92,", "name", "FIELD_MISSING"),
        ("학원,새빛,126.92,37.55,", "latitude", "NUMBER_WRONG"),
        ("학원,새빛,37.55,abc,", "longitude", "NUMBER_WRONG"),
        ("학원,새빛,37.55,nan,", "longitude", "NUMBER_WRONG"),
        ("학원,새빛,37.55,,", "longitude", "FIELD_MISSING"),
        ("학원,새빛,37.55", "longitude", "FIELD_MISSING"),
        (f"학원,{'가' * 101},37.55,126.92,", "name", "TOO_LONG"),
    ],
)
def test_a_wrong_row_comes_back_with_its_line_and_field_and_the_others_are_taken(
    row: str, field: str, code: str
) -> None:
    taken = read("places", f"{PLACES}\n{row}\n학원,다음,37.56,126.93,\n")
    [bad] = taken.bad
    assert (bad.line, bad.field, bad.code) == (4, field, code)
    assert bad.message_ko
    assert bad.hint
    assert [place.name for place in taken.rows] == ["새빛", "다음"]


@pytest.mark.parametrize("residents", ["-1", "1.5", "1e9", "many"])
def test_residents_are_whole_and_not_too_many(residents: str) -> None:
    [bad] = read("residents", f"lat,lon,residents\n37.5,127,{residents}\n").bad
    assert (bad.field, bad.code) == ("residents", "NUMBER_WRONG")


def a_collection(*features: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def a_feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


RING = [[127.0, 37.5], [127.1, 37.5], [127.1, 37.6], [127.0, 37.5]]


def test_geojson_has_longitude_first_and_rings_that_close() -> None:
    point = a_feature({"type": "Point", "coordinates": [126.92, 37.55]}, kind="firm", name="가")
    assert read("places", a_collection(point)).rows == [JobPlace(Point(37.55, 126.92), "firm", "가")]
    ring = ((37.5, 127.0), (37.5, 127.1), (37.6, 127.1))
    whole = a_feature({"type": "Polygon", "coordinates": [RING]}, name="구")
    parts = a_feature({"type": "MultiPolygon", "coordinates": [[RING], [RING]]}, name="구")
    assert read("boundaries", a_collection(whole, parts)).rows == [
        Boundary("구", (ring,)),
        Boundary("구", (ring, ring)),
    ]


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        ({"type": "Point", "coordinates": [127, 37]}, "POLYGON_NEEDED"),
        ({"type": "Polygon", "coordinates": [RING[:3]]}, "RING_NOT_CLOSED"),
        ({"type": "Polygon", "coordinates": [[1, 2, 3]]}, "RING_NOT_CLOSED"),
        ({"type": "MultiPolygon", "coordinates": [5]}, "POLYGON_NEEDED"),
        (None, "POLYGON_NEEDED"),
    ],
)
def test_what_is_no_outline_comes_back(geometry: object, code: str) -> None:
    [bad] = read("boundaries", a_collection(a_feature(geometry, name="구"))).bad
    assert (bad.line, bad.code) == (1, code)


@pytest.mark.parametrize("text", ["", "{", '{"features": 3}', '{"features": [3]}', "a,b\n1,2\n", '{"a": 1}', "[]"])
def test_a_file_of_another_kind_comes_back_whole(text: str) -> None:
    taken = read("places", text)
    assert (taken.rows, [bad.code for bad in taken.bad]) == ([], ["FILE_UNREADABLE"])
