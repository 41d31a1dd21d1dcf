"""Whose is it at the registry? Agencies and cafés open what is theirs; another's is answered as what does not exist."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from httpx import Response
from sqlmodel import Session

from services.registry.cafes.places import add_cafe
from services.registry.intake.asking import mapping_of
from services.registry.intake.door import Arrival, receive
from services.registry.intake.saved import Keeper, save_mapping
from services.registry.people.master_keys import MasterKeys
from services.registry.people.vault import Vault
from services.registry.tables import Agency, Upload
from shared.clock import now
from shared.database import open_engine, transaction
from tests.unit.registry.conftest import a_document
from tests.walls.conftest import OUR_CAFE, SECRET, House

OTHER_CAFE = UUID(int=91)


@dataclass(frozen=True)
class Row:
    """A way to an object; `{}` stands for ours, another's, and none."""

    role: str
    method: str
    path: str


TABLE = (
    Row("agency", "PATCH", "/api/v1/registry/postings/{posting}"),
    Row("agency", "DELETE", "/api/v1/registry/postings/{posting}"),
    Row("agency", "GET", "/api/v1/registry/orders?agency={agency}"),
    Row("agency", "GET", "/api/v1/registry/submissions?agency={agency}"),
    Row("agency", "GET", "/api/v1/registry/mappings?agency={agency}"),
    Row("agency", "GET", "/api/v1/registry/exports/postings.csv?agency={agency}"),
    Row("agency", "GET", "/api/v1/registry/ledgers/orders?agency={agency}"),
    Row("agency", "DELETE", "/api/v1/registry/mappings/{mapping}"),
    Row("agency", "GET", "/agency/file/{upload}"),
    Row("agency", "GET", "/agency/file/{upload}/rejected.csv"),
    Row("agency", "POST", "/agency/mappings/{page_mapping}/remove"),
    Row("agency", "GET", "/ledgers/orders?agency={agency}"),
    Row("agency", "GET", "/ledgers/half-year?agency={agency}"),
    Row("agency", "GET", "/ledgers/half-year.csv?agency={agency}"),
    Row("counselor", "GET", "/ledgers/seekers?cafe={cafe}"),
    Row("counselor", "GET", "/ledgers/placements?cafe={cafe}"),
    Row("counselor", "POST", "/counter/mappings/{cafe_mapping}/remove"),
)
LOST = UUID(int=1)


@pytest.fixture(scope="module")
def objects(houses: dict[str, House]) -> dict[str, dict[str, UUID]]:
    """What ours and the other agency and café have, by what stands in an address."""
    house = houses["registry"]
    engine = open_engine(house.settings.database_url)
    with transaction(engine) as session:
        for cafe_id in (OUR_CAFE, OTHER_CAFE):
            add_cafe(session, f"카페 {cafe_id.int}", "서울 마포구", cafe_id)
        found = {
            "own": _of(session, house.agencies["ours"][0], OUR_CAFE),
            "other": _of(session, house.agencies["other"][0], OTHER_CAFE),
        }
    engine.dispose()
    return found | {"none": dict.fromkeys(found["own"], LOST)}


def _of(session: Session, agency: Agency, cafe_id: UUID) -> dict[str, UUID]:
    vault = Vault(MasterKeys(SECRET), SECRET)
    document = a_document(source_ref="1", employer=f"{agency.name} 빵집")
    posting = receive(session, [Arrival("here", document, "http")], agency, vault)[0].posting_id
    assert posting
    upload = Upload(
        upload_id=uuid4(),
        agency_id=agency.agency_id,
        file_name="a",
        result={"read": 0, "outcomes": {}, "codes": {}, "returned": []},
        sent_at=now(),
    )
    session.add(upload)

    def mapping(keeper: Keeper, name: str) -> UUID:
        return save_mapping(session, keeper, mapping_of("seekers", name, {"소개": "summary"})).mapping_id

    return {
        "agency": agency.agency_id,
        "cafe": cafe_id,
        "posting": posting,
        "upload": upload.upload_id,
        "mapping": mapping(Keeper(agency.agency_id), "하나"),
        "page_mapping": mapping(Keeper(agency.agency_id), "둘"),
        "cafe_mapping": mapping(Keeper(cafe_id=cafe_id), "셋"),
    }


def ask(house: House, row: Row, names: dict[str, UUID]) -> Response:
    path = row.path.format(**names)
    if row.method != "PATCH":
        return house.send(row.role, row.method, path)
    return house.web.patch(path, json={"status": "renewed"}, headers=house.credentials(row.role))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.role} {row.method} {row.path}")
def test_another_s_is_answered_as_what_does_not_exist(
    row: Row, houses: dict[str, House], objects: dict[str, dict[str, UUID]]
) -> None:
    other, none, own = (ask(houses["registry"], row, objects[whose]) for whose in ("other", "none", "own"))
    assert own.status_code in (200, 303), own.text[:500]
    assert other.status_code == none.status_code == 404
    assert other.json() == none.json()
