"""Somebody with a browser: joins, books a room, scans a code."""

import re
from datetime import datetime
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.cafes.links import Links
from services.registry.settings import RegistrySettings
from services.registry.tables import Booking, Cafe, Room
from shared.database import reading
from tests.unit.registry.cafes.town import DAY, span

PASSWORD = "long enough to keep"
NINE = f"{DAY}T09:00"


def send(browser: TestClient, page: str, to: str, **fields: Any) -> Any:
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', browser.get(page).text)
    assert token, page
    return browser.post(to, data={"form_token": token[1], **fields})


def join(browser: TestClient, phone: str = "010-2222-3333", **but: Any) -> Any:
    return send(browser, "/cafes/join", "/cafes/join", **({"phone": phone, "password": PASSWORD} | but))


def come_back(browser: TestClient, phone: str = "010-2222-3333") -> Any:
    """Signs in again: no session outlives the night."""
    return send(browser, "/sign-in", "/sign-in", login=phone, password=PASSWORD)


def book(browser: TestClient, cafe: tuple[Cafe, list[Room]], **but: Any) -> Any:
    at = f"/cafes/{cafe[0].cafe_id}/book"
    told = {"starts": NINE, "minutes": "120", "room": str(cafe[1][0].room_id), "people": "1"} | but
    return send(browser, f"{at}?starts={NINE}", at, **told)


def only(engine: Engine) -> Booking:
    with reading(engine) as session:
        return session.exec(select(Booking)).one()


def links(settings: RegistrySettings) -> Links:
    return Links(settings.session_key.get_secret_value())


def at(clock: str) -> datetime:
    return span(clock, "24:00").starts_at
