"""What agencies had sent before orders had rows of their own is there after the upgrade, on both databases."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4, uuid5

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlmodel import select

from deploy import schema
from services.registry.tables import JobOrder
from shared.database import open_engine, reading

pytestmark = pytest.mark.integration


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    postgres = request.param == "postgres"
    return open_engine(request.getfixturevalue("postgres_url") if postgres else f"sqlite:///{tmp_path / 'x.sqlite'}")


def test_each_credit_becomes_an_order(engine: Engine) -> None:
    agency, posting, sent = uuid4(), uuid4(), datetime(2026, 11, 1, tzinfo=UTC)
    as_kept = (lambda u: u) if engine.dialect.name == "postgresql" else (lambda u: u.hex)
    with schema._locked(engine) as connection:
        command.upgrade(schema._configuration("registry", connection), "0006")
        rows = {
            "agency": {"agency_id": as_kept(agency), "name": "마포", "licence": "무료", "api_key_hash": "x",
                       "made_at": sent},
            "posting": {
                "posting_id": as_kept(posting), "agency_id": as_kept(agency), "source_ref": "1", "revision": 1,
                "state": "open", "facts": json.dumps({"title": "제빵사", "closes_on": None}), "fingerprint": "f",
                "accepted_at": sent, "changed_at": sent,
            },
            "posting_credit": {
                "agency_id": as_kept(agency), "source_ref": "2", "posting_id": as_kept(posting), "content_hash": "h",
                "sent_at": sent,
            },
        }  # fmt: skip
        for table, row in rows.items():
            names = ", ".join(row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})"), row)
    schema.upgrade("registry", engine)
    with reading(engine) as session:
        order = session.exec(select(JobOrder)).one()
    assert (order.order_id, order.posting_id, order.state) == (uuid5(agency, "2"), posting, "open")
    assert (order.facts["title"], order.facts["source_ref"], order.content_hash) == ("제빵사", "2", "h")
    engine.dispose()
