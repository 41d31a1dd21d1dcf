"""The same on SQLite and PostgreSQL, also when several bring the same order at the same moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.digest import digests
from services.registry.handlers import say_everything_again
from services.registry.intake.door import Arrival, receive
from services.registry.orders.agencies import add_agency
from services.registry.people.audit import Look
from services.registry.people.erasure import ErasureRecord, erase, erase_again
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import Agency, KeptByLaw, Posting, Seeker, Submission, Table
from shared.contracts import RestatementRequested
from shared.database import SpineTable, reading, scour, transaction
from tests.unit.registry.conftest import a_document, said

pytestmark = pytest.mark.integration

MakeEngine = Callable[..., Engine]


@pytest.fixture
def store(make_engine: MakeEngine) -> Engine:
    return make_engine(Table.metadata, SpineTable.metadata)


def test_the_same_order_at_the_same_moment_is_one_posting(store: Engine, vault: Vault) -> None:
    with transaction(store) as session:
        agencies = [add_agency(session, f"기관 {number}", "무료")[0] for number in range(4)]

    def bring(agency: Agency) -> list[str]:
        outcomes = []
        for number in range(5):
            document = a_document(source_ref=str(number), title=f"제빵사 {number}")
            with transaction(store) as session:
                outcomes.append(receive(session, [Arrival("here", document, "http")], agency, vault)[0].outcome)
        return outcomes

    with ThreadPoolExecutor(4) as threads:
        outcomes = Counter(outcome for told in threads.map(bring, agencies) for outcome in told)
    assert outcomes == {"accepted": 5, "merged": 15}
    with reading(store) as session:
        assert len(session.exec(select(Posting)).all()) == 5


def test_a_seeker_and_a_posting_are_kept_and_said_again(store: Engine, vault: Vault) -> None:
    with transaction(store) as session:
        agency, _ = add_agency(session, "마포", "공공")
        receive(session, [Arrival("1", a_document(), "file"), Arrival("2", {"x": 1}, "file")], agency, vault)
        register(session, [SeekerRow("1", {"name": "홍길동", "summary": "빵"})], "consent", vault)
    with transaction(store) as session:
        say_everything_again([RestatementRequested(asked_by="notify", reason="operator")], session)
    with reading(store) as session:
        assert len(said(session, "posting.published.v1")) == len(said(session, "seeker.published.v1")) == 2
        assert {kind: digest.count for kind, digest in digests(session).items()} == {"postings": 1, "seekers": 1}
        returned = session.exec(select(Submission).where(Submission.outcome == "returned")).one()
        assert returned.received_at.tzinfo is not None
        assert returned.findings


def test_someone_is_erased_and_the_file_is_scoured(store: Engine, vault: Vault, tmp_path: Path) -> None:
    record = ErasureRecord(tmp_path / "erasures.jsonl")
    look = Look("구직자 본인", "own page", action="erase")
    with transaction(store) as session:
        receipt = register(session, [SeekerRow("1", {"name": "홍길동", "summary": "빵"})], "consent", vault)[0]
        seeker = session.get_one(Seeker, receipt.seeker_id)
        line = erase(session, vault, record, seeker, look)
        assert line is not None
    assert scour(store)
    with transaction(store) as session:
        assert vault.read(session, [seeker.seeker_id], look) == {}
        assert said(session, "seeker.published.v1") == []
        assert vault.audit.check(session).breaks == ()
        assert erase_again(session, vault, record) == 0
        assert session.exec(select(KeptByLaw)).one().ends_at == line.ends_at
