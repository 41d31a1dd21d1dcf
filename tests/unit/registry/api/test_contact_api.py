"""Where an agency may ask to be called: an https address of the public net, and none of the inside in any spelling."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from services.registry.app import create_app
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency
from tests.unit.registry.conftest import OPERATOR

NOT_ALLOWED = [
    "http://169.254.169.254/",
    "http://127.0.0.1:6379/",
    "https://127.0.0.1:6379/",
    "https://2130706433/",
    "https://[::1]/",
    "https://localhost/",
    "http://jobs.example/hook",
    "file:///etc/passwd",
    "gopher://jobs.example/",
    "https://name:password@jobs.example/",
    "https://jobs.example:port/",
    "https:///hook",
    "https://[::1",
    "not an address",
]


@pytest.mark.parametrize("url", NOT_ALLOWED)
def test_a_webhook_of_the_inside_is_refused_when_it_is_named(
    client: TestClient, make_agency: Callable[[str], tuple[Agency, str]], url: str
) -> None:
    agency, key = make_agency("마포")
    own = client.put("/api/v1/registry/webhook", json={"url": url}, headers={"Authorization": f"Bearer {key}"})
    contact = {"owner": "agency", "owner_id": str(agency.agency_id), "channel": "webhook", "address": url}
    by_operator = client.put("/api/v1/registry/contacts", json=contact, headers=OPERATOR)
    for answer, where in ((own, "url"), (by_operator, "address")):
        assert (answer.status_code, answer.json()["code"]) == (422, "URL_NOT_ALLOWED")
        assert answer.json()["where"] == where
        assert url not in answer.text
    assert client.get(f"/api/v1/registry/contacts/agency/{agency.agency_id}", headers=OPERATOR).json()["channels"] == {}


@pytest.mark.parametrize(("inside", "url"), [(False, "https://jobs.example:8443/hook"), (True, "http://10.0.0.5/hook")])
def test_a_webhook_that_may_be_called_gets_its_secret(
    settings: RegistrySettings, make_agency: Callable[[str], tuple[Agency, str]], url: str, *, inside: bool
) -> None:
    client = TestClient(create_app(settings.model_copy(update={"webhooks_inside": inside})))
    key = {"Authorization": f"Bearer {make_agency('마포')[1]}"}
    assert client.put("/api/v1/registry/webhook", json={"url": url}, headers=key).json()["secret"].startswith("whsec_")
