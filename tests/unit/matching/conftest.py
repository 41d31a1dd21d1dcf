"""A store of matching, empty and ready, on each kind of database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.unit.matching.examples import open_store


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    store = open_store(database_url)
    yield store
    store.dispose()
