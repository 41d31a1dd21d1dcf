"""Whoever signs in lands where she works, and no link of a page's head leads her to a closed door."""

import re
from collections.abc import Iterator
from typing import get_args
from urllib.parse import urlsplit

import pytest
from httpx import Response

from deploy.local.gateway import PREFIXES
from shared.web.sign_in import Role
from shared.web.ways import WAYS
from tests.walls.conftest import House, fresh_houses

HEAD = re.compile(r'<header class="top">(.*?)</header>', re.DOTALL)
LINK = re.compile(r'href="([^"]+)"')
WORKS_AT = {"official": "/board", "agency": "/agency", "counselor": "/desk", "operator": "/desk", "seeker": "/mine"}


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    """Her own: elsewhere every route is tried, and she has erased herself."""
    with fresh_houses(tmp_path_factory) as houses:
        yield houses


def ask(houses: dict[str, House], role: str, path: str) -> Response:
    """What the gateway would ask, up to the page a redirect leads to."""
    prefixes = [prefix for prefix in PREFIXES if path == prefix or path.startswith(f"{prefix}/")]
    service = PREFIXES[max(prefixes, key=len)] if prefixes else "notify"
    who = houses["registry"].credentials(role)  # where everyone's agency and café are known
    answer = houses[service].web.get(path, headers={"accept": "text/html", **who})
    led = answer.headers.get("location")
    return ask(houses, role, led) if led and answer.status_code == 303 and led != path else answer


@pytest.mark.parametrize("role", WORKS_AT)
def test_the_front_door_leads_to_where_she_works(role: str, houses: dict[str, House]) -> None:
    assert houses["notify"].send(role, "GET", "/").headers["location"] == WORKS_AT[role]


@pytest.mark.parametrize("role", [role for role in get_args(Role) if role != "service"])
def test_every_link_of_every_head_opens(role: Role, houses: dict[str, House]) -> None:
    seen: dict[str, int] = {}
    ahead = [path for path, _ in WAYS[role]]
    while ahead:
        path = ahead.pop()
        if path in seen:
            continue
        answer = ask(houses, role, path)
        seen[path] = answer.status_code
        head = HEAD.search(answer.text)
        found = LINK.findall(head[1]) if head else []
        ahead += [urlsplit(link).path for link in found if not link.startswith("#")]
    assert {path: status for path, status in seen.items() if status != 200} == {}
    assert {path for path, _ in WAYS[role]} <= seen.keys()
    assert len(seen) > len(WAYS[role]), "pages were read, and the links of their heads with them"
