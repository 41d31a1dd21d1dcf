"""Is an erased person gone from every byte of every file? Of a hundred, planted in every format and failure."""

import csv
import io
import json
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import xlsxwriter
from redis import Redis

from tests.campaign.canaries import Canary, Search, forms
from tests.journey.city import City, iljari, iljari_json, started_city, wait_for

pytestmark = [pytest.mark.campaign, pytest.mark.journey]

PEOPLE = tuple(Canary(number) for number in range(100))
ERASED = tuple(canary for canary in PEOPLE if canary.number % 2)
KEPT = tuple(canary for canary in PEOPLE if not canary.number % 2)
GONE_SECONDS = 60.0
BURIED = 40
"""Fewer than blow the fuse, after which nothing more is buried until somebody has looked."""
MOST_APPLICATIONS = 10
"""From one address within a quarter of an hour."""
WHY = {"why": "canary"}
COLUMNS = {
    "구직번호": "reference", "이름": "name", "연락처": "phone", "이메일": "email", "기술": "skill", "주소": "home",
    "자기소개": "summary",
}  # fmt: skip


def groups() -> dict[str, list[Canary]]:
    """Who comes by which way: pairs of an erased and a kept one."""
    ways = (
        "batch",
        "utf-8.csv",
        "bom.csv",
        "cp949.csv",
        "utf-8.tsv",
        "utf-8.jsonl",
        "utf-8.json",
        "book.xlsx",
        "phone",
    )
    return {way: [c for c in PEOPLE if c.number // 2 % len(ways) == at] for at, way in enumerate(ways)}


def sheet(people: Sequence[Canary]) -> list[list[str]]:
    rows = [list(COLUMNS)]
    for canary in people:
        told = canary.values | {"home": canary.document()["home"], "summary": canary.document()["summary"]}
        rows.append([told[what] for what in COLUMNS.values()])
    return rows


def write_file(folder: Path, way: str, people: Sequence[Canary]) -> Path:
    path = folder / way
    kind, form = way.rsplit(".", 1)
    if form in ("csv", "tsv"):
        text = io.StringIO(newline="")
        csv.writer(text, delimiter="\t" if form == "tsv" else ",").writerows(sheet(people))
        path.write_bytes(text.getvalue().encode({"bom": "utf-8-sig"}.get(kind, kind)))
    elif form == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            page = book.add_worksheet()
            for number, row in enumerate(sheet(people)):
                page.write_row(number, 0, row)
    else:
        documents = [canary.document() for canary in people]
        lines = "\n".join(json.dumps(document, ensure_ascii=False) for document in documents)
        path.write_text(lines if form == "jsonl" else json.dumps(documents), "utf-8")
    return path


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with started_city(tmp_path_factory.mktemp("city")) as city:
        yield city


def take_in(client: httpx.Client, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    batch = {"consent": "consent", "rows": [{"where": f"{at}", "document": row} for at, row in enumerate(rows)]}
    receipts: list[dict[str, Any]] = client.post("/api/v1/registry/seekers/batch", json=batch).json()["receipts"]
    return receipts


def bring_everybody(city: City, folder: Path, told: Path) -> None:
    for way, people in groups().items():
        if way == "batch":
            with city.client() as client:
                take_in(client, [canary.document(birth_date=canary.birth_date) for canary in people])
            continue
        if way == "phone":
            for canary in people[:MOST_APPLICATIONS]:
                apply(city, canary)
            continue
        rejected = told / f"{way}.rejected.csv"
        file = write_file(folder, way, people)
        done = iljari_json("import", "seekers", file, "--consent", "consent", "--rejected", rejected, data=city.data)
        assert done["accepted"] == len(people), (way, done)


def apply(city: City, canary: Canary) -> None:
    """By herself, on her own page."""
    with httpx.Client(base_url=city.url, headers={"accept": "text/html"}, follow_redirects=True) as browser:
        token = re.search(r'name="form_token" value="([0-9a-f]+)"', browser.get("/me/register").text)
        assert token
        told = canary.document(birth_date=canary.birth_date, skills=canary.values["skill"], agree="matching")
        told |= {"password": "long enough to keep", "form_token": token[1]}
        assert browser.post("/me/register", data=told).url.path == "/me"


def fail_in_every_way(city: City, told: Path) -> None:
    """The same values in wrong places: refused, answered, buried, complained of, and put right again."""
    agency = iljari_json("agency", "add", "카나리아 직업소개소", "--licence", "무료", data=city.data)
    as_agency = {"Authorization": f"Bearer {agency['api_key']}"}
    redis = Redis.from_url(agency["redis_url"])
    spine = Redis.from_url(f"unix://registry:{city.secrets['registry_redis_password']}@{_redis_socket(city)}?db=0")
    with city.client() as client:
        take_in(client, [c.document(no_such_field=c.values["name"]) for c in PEOPLE])
        take_in(client, [c.document(summary=f"{c.values['text']} 900101-1234568") for c in PEOPLE])
        wrong = [c.document(name="", certificates=[c.values["name"]], skills=[c.values["text"]]) for c in PEOPLE[:40]]
        assert {receipt["outcome"] for receipt in take_in(client, wrong)} == {"accepted"}
        right = [c.document(birth_date=c.birth_date) for c in PEOPLE]
        assert {receipt["outcome"] for receipt in take_in(client, right)} <= {"accepted", "unchanged"}
        for canary in PEOPLE:
            values = canary.values
            posting = {"employer": values["name"], "description": " ".join(values.values()), "zzz": values["email"]}
            key = {"Idempotency-Key": f"canary-{canary.number}"}
            assert client.post("/api/v1/registry/postings", json=posting, headers=as_agency | key).status_code == 422
            client.get("/api/v1/registry/submissions", params={"outcome": values["phone"], "agency": values["name"]})
            client.post("/api/v1/registry/people/reveal", json={"seeker_ids": [values["name"]], "who": values["phone"]})
            redis.xadd(agency["sends_to"], {"data": json.dumps(posting, ensure_ascii=False)})
            redis.xadd(agency["sends_to"], {"data": f"{values['name']} not JSON {values['phone']}"})
        for canary in PEOPLE[:BURIED]:
            spine.xadd("seeker.published.v1", _unhearable(seeker_ids(client, canary)[0], canary))
    (told / "broken.csv").write_text("이름,이름\n" + "\n".join(c.values["name"] for c in PEOPLE), "cp949")
    refused = iljari("import", "seekers", told / "broken.csv", "--consent", "consent", "--data", city.data)
    assert refused.returncode != 0
    (told / "said.txt").write_text(refused.stdout + refused.stderr)
    (told / "broken.csv").unlink()


def _unhearable(seeker: str, canary: Canary) -> dict[str, str]:
    """An event that no service can hear: it is buried with all that it says."""
    data = {"seeker_id": seeker, "revision": 0, "facts": {"summary": canary.values["text"]}}
    return {
        "specversion": "1.0", "type": "seeker.published.v1", "id": f"canary-{canary.number}", "source": "/x",
        "time": "2026-11-24T00:00:00Z", "data": json.dumps(data, ensure_ascii=False),
    }  # fmt: skip


def _redis_socket(city: City) -> str:
    state = json.loads((city.data / "iljari.json").read_text("utf-8"))
    return str(state["redis_socket"])


def seeker_ids(client: httpx.Client, canary: Canary) -> list[str]:
    """Who was sent under her reference, and who signs in with her phone number."""
    asked = [
        client.post("/api/v1/registry/seekers/find", json={"reference": r}) for r in (canary.reference, canary.phone)
    ]
    return [str(found.json()["seeker_id"]) for found in asked if found.is_success]


def to_forget(client: httpx.Client) -> int:
    return sum(
        client.get(f"/api/v1/{service}/status").json()["to_forget"] for service in ("registry", "matching", "notify")
    )


def test_every_form_of_a_value_is_found_and_nothing_else(tmp_path: Path) -> None:
    canary = Canary(7)
    (tmp_path / "data").mkdir()
    search = Search(PEOPLE)
    for kind, value in canary.values.items():
        for form, pattern in forms(value):
            assert len(pattern) >= 6, (kind, form)
            (tmp_path / "data" / "file").write_bytes(b"before" + pattern + b"after")
            hits = search.folder(tmp_path / "data", tmp_path / "scratch").hits
            assert {number for number, *_ in hits} == {7}, (kind, form, hits)


def test_the_erased_are_gone_from_every_byte_and_the_kept_are_not(city: City, tmp_path: Path) -> None:
    told = city.data / "told"
    told.mkdir()
    bring_everybody(city, tmp_path, told)
    fail_in_every_way(city, told)
    city.wait_until_quiet()
    search = Search(PEOPLE)
    before = search.folder(city.data, tmp_path / "scratch")
    assert {number for number, *_ in before.hits} == {canary.number for canary in PEOPLE}, "what is planted is seen"

    with city.client() as client:
        for canary in KEPT[:5]:
            export = client.post(f"/api/v1/registry/seekers/{seeker_ids(client, canary)[0]}/export", json=WHY).json()
            (told / f"export-{canary.number}.json").write_text(json.dumps(export, ensure_ascii=False), "utf-8")
        take_in(client, [canary.document(summary=f"{canary.values['text']} 다시") for canary in PEOPLE])
        started = time.monotonic()  # while that is still being heard
        for one in (one for canary in ERASED for one in seeker_ids(client, canary)):
            client.post(f"/api/v1/registry/seekers/{one}/erase", json=WHY).raise_for_status()
        last = iljari_json("seeker", "erase", seeker_ids(client, ERASED[-1])[0], "--why", "canary", data=city.data)
        assert last["gone_everywhere"]
        wait_for(lambda: to_forget(client) == 0, GONE_SECONDS, "everything to be forgotten")
    seconds = time.monotonic() - started
    city.wait_until_quiet()
    after = search.folder(city.data, tmp_path / "scratch")
    values = len(ERASED) * len(ERASED[0].values)
    print(  # noqa: T201 -- the figures that are reported
        f"\ncanary: {after.files} files, {after.bytes:,} bytes and {after.packed} packed values searched for "
        f"{values * 2} values in {len(search.patterns):,} patterns; before: {sum(before.hits.values()):,} hits in "
        f"{len({hit[3] for hit in before.hits})} files; after: erased {len(after.of(ERASED))}, "
        f"kept {len(after.of(KEPT)):,}; gone after {seconds:.1f} s"
    )
    assert after.of(ERASED) == []
    assert {number for number, *_ in after.of(KEPT)} == {canary.number for canary in KEPT}
    assert {kind for number, kind, *_ in after.of(KEPT[:5])} >= {"name", "phone", "email", "text", "skill"}
    assert iljari_json("audit", "verify", data=city.data)["breaks"] == []

    with city.client() as client:
        back = take_in(client, [canary.document() for canary in ERASED])
        assert {receipt["outcome"] for receipt in back} == {"returned"}
    city.stop()
    stopped = search.folder(city.data, tmp_path / "scratch")
    assert stopped.of(ERASED) == [], "also of those who were sent again, and when everything has stopped"
