"""The same order in another form is the same, another in nearly the same form is not; arrival makes no difference."""

import csv
import json
import random
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.decisions import decide
from services.registry.intake.documents import check_posting, posting_facts
from services.registry.intake.door import Arrival, Receipt, receive
from services.registry.intake.importing import Source
from services.registry.intake.rows import Given
from services.registry.orders.postings import order_id_of
from services.registry.orders.same_order import Traits, alike, linked
from services.registry.people.vault import Vault
from services.registry.tables import Agency, JobOrder, JobOrderRevision, Posting
from shared.database import reading, transaction
from tests.labelled_data import labelled
from tests.unit.registry.conftest import a_document, said
from tests.unit.registry.intake.test_door import House

Send = Callable[..., Receipt]
MakeAgency = Callable[[str], tuple[Agency, str]]

with (Path(__file__).parent / "same_order.csv").open(encoding="utf-8") as file:
    PAIRS = list(csv.DictReader(file))


def traits(**but: Any) -> Traits:
    checked = check_posting(a_document(**but), UUID(int=1))
    assert checked.posting
    return Traits(posting_facts(checked.posting, UUID(int=1), "-"))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['title']} | {pair['other title']}")
def test_pairs(pair: dict[str, str]) -> None:
    one = traits(title=pair["title"], employer=pair["employer"], place=pair["address"] or "서울 마포구")
    other = traits(
        title=pair["other title"], employer=pair["other employer"], place=pair["other address"] or "서울 마포구"
    )
    assert alike(one, other) == alike(other, one) == (pair["same"] == "yes"), pair["why"]


@pytest.mark.parametrize(
    "but",
    [
        {"wage": {"unit": "hour", "minimum": 12_500}},
        {"wage": None},
        {"weekly_hours": 20},
        {"place": "서울 종로구 망원로 10"},
        {"employment_type": "part_time"},
        {"work_hours": "22:00~06:00"},
        {"experience_months": 36},
        {"certificates": ["제과기능사"]},
        {"description": "손님을 맞이하고 음료를 만들며 매장을 정리합니다. " * 4},
    ],
    ids=lambda but: next(iter(but)),
)
def test_terms_that_are_stated_otherwise_are_another_order(but: dict[str, Any]) -> None:
    stated: dict[str, Any] = {
        "employment_type": "regular",
        "work_hours": "06:00~15:00",
        "experience_months": 0,
        "certificates": ["제빵기능사"],
        "description": "식빵과 과자빵의 반죽과 성형과 굽기를 맡고 오븐과 작업대를 깨끗이 관리합니다. " * 4,
    }
    assert not alike(traits(**stated), traits(**(stated | but), title="제과제빵사 구인"))


def test_what_is_not_stated_contradicts_nothing() -> None:
    stated = traits(
        employment_type="regular", experience_months=0, certificates=["제빵기능사"], work_hours="06:00~15:00"
    )
    assert alike(stated, traits(title="제과제빵사 구인"))


# Two jobs at two firms, each said in several forms: (firm, title) by kind.
FORMS = {
    "baker": [
        ("망원베이커리", "제과제빵사 모집"),
        ("(주)망원베이커리", "제과제빵사 구인"),
        ("망원베이커라", "제과제빵사"),
        ("망원베이커리", "제과제빵시 모집"),
    ],
    "night": [("망원베이커리", "야간 제과제빵사"), ("㈜망원베이커리", "[급구] 야간 제과제빵사")],
    "hall": [("합정식당", "홀서빙"), ("합정식당", "홀 서빙 모집")],
}
WORDS = [(kind, *form) for kind, forms in FORMS.items() for form in forms]
sendings = st.tuples(st.sampled_from("AB"), st.sampled_from("123"), st.sampled_from(WORDS))


def groups_of(house: House) -> set[frozenset[UUID]]:
    """The orders that each open posting shows."""
    with reading(house.engine) as session:
        orders = session.exec(select(JobOrder).where(JobOrder.state == "open")).all()
        live = {posting.posting_id for posting in session.exec(select(Posting).where(Posting.state == "open"))}
    assert {order.posting_id for order in orders} == live
    return {frozenset(each.order_id for each in orders if each.posting_id == posting_id) for posting_id in live}


def send_all(house: House, sent: Sequence[tuple[str, str, tuple[str, str, str]]], batch: int) -> None:
    for start in range(0, len(sent), batch):
        with transaction(house.engine) as session:
            for name, reference, (_, firm, title) in sent[start : start + batch]:
                document = a_document(source_ref=reference, employer=firm, title=title)
                receive(session, [Arrival("here", document, "http")], house.agencies[name], house.vault)


@settings(max_examples=30, deadline=None)
@given(
    sent=st.lists(sendings, min_size=1, max_size=6, unique_by=lambda each: each[:2]),
    batch=st.integers(1, 4),
    seed=st.randoms(use_true_random=False),
)
def test_any_order_of_arrival_makes_the_same_groups(
    sent: list[tuple[str, str, tuple[str, str, str]]], batch: int, seed: random.Random
) -> None:
    earlier = [(name, reference, seed.choice(WORDS)) for name, reference, _ in sent]  # what each said before
    shuffled = list(sent)
    seed.shuffle(shuffled)
    ends = []
    for history in (sent, earlier + shuffled):
        house = House()
        send_all(house, history, batch)
        ends.append(groups_of(house))
        expected = {
            order_id_of(house.agencies[name].agency_id, reference): traits(employer=firm, title=title)
            for name, reference, (_, firm, title) in sent
        }
        house.engine.dispose()
    recomputed = linked(expected, lambda one, other: alike(expected[one], expected[other]))
    assert ends[0] == ends[1] == {frozenset(group) for group in recomputed}


def test_a_split_order_stays_apart_until_it_is_joined(
    send: Send, engine: Engine, agency: Agency, make_agency: MakeAgency
) -> None:
    other, _ = make_agency("서대문 일자리센터")
    first = send(a_document(source_ref="A-1"))
    merged = send(a_document(source_ref="B-7", title="제과제빵사 구인"), by=other)
    assert (merged.outcome, merged.posting_id) == ("merged", first.posting_id)
    assert [found.code for found in merged.findings] == ["SAME_ORDER"]
    assert str(agency.agency_id) not in merged.model_dump_json()
    apart = order_id_of(other.agency_id, "B-7")
    with transaction(engine) as session:
        decide(session, apart, "split", "지점이 다른 채용")
    changed = send(a_document(source_ref="B-7", title="제과제빵사 구인", headcount=4), by=other)
    assert (changed.outcome, changed.posting_id) == ("accepted", apart)
    assert send(a_document(source_ref="A-1", headcount=4)).posting_id == first.posting_id
    with transaction(engine) as session:
        decide(session, apart, "join", "같은 지점으로 확인")
        postings = {posting.posting_id: posting.state for posting in session.exec(select(Posting))}
    assert postings == {first.posting_id: "open", apart: "withdrawn"}
    with reading(engine) as session:
        order = session.get_one(JobOrder, apart)
        assert (order.alone, order.merge_reason) == (False, "같은 지점으로 확인")
        kept = session.exec(select(JobOrderRevision).where(JobOrderRevision.order_id == apart)).all()
    assert [(each.alone, each.merge_reason) for each in kept] == [
        (False, ""),
        (True, "지점이 다른 채용"),
        (True, "지점이 다른 채용"),
    ]


def test_two_that_a_third_shows_to_be_one_become_one_and_seekers_are_told_of_one(send: Send, engine: Engine) -> None:
    send(a_document(source_ref="1", title="제과제빵사 야간"))
    send(a_document(source_ref="2", title="제과제빵시 야긴"))
    bridge = send(a_document(source_ref="3", title="제과제빵시 야간"))
    assert bridge.outcome == "merged"
    with reading(engine) as session:
        live = session.exec(select(Posting).where(Posting.state == "open")).all()
        assert len(live) == 1
        assert {order.posting_id for order in session.exec(select(JobOrder))} == {live[0].posting_id}
        assert len(said(session, "posting.withdrawn.v1")) == 1


def test_what_a_posting_costs_does_not_grow_with_a_firms_orders(
    engine: Engine, vault: Vault, agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Traits] = []
    monkeypatch.setattr(
        "services.registry.orders.postings.alike", lambda one, other: compared.append(1) or alike(one, other)
    )
    with transaction(engine) as session:
        for number in range(150):
            document = a_document(source_ref=str(number), title=f"제{number}라인 생산직")
            receive(session, [Arrival("here", document, "http")], agency, vault)
    before = len(compared)
    with transaction(engine) as session:
        receive(session, [Arrival("here", a_document(source_ref="x", title="새 생산직"), "http")], agency, vault)
    assert len(compared) - before <= 300


def test_real_postings_are_merged_seldom_and_rightly() -> None:
    """30 pairs among 5,943 when this was written, each read by a person and found to be one order."""
    file = Given.on_disk(labelled("ko_postings") / "postings.jsonl")
    known = []
    for row in Source(file, "postings").open().rows:
        checked = check_posting(row["document"], UUID(int=1))
        if checked.posting and not checked.refused:
            known.append(Traits(posting_facts(checked.posting, UUID(int=1), "-")))
    under: dict[str, list[Traits]] = {}
    for each in known:
        for key in each.keys:
            under.setdefault(key, []).append(each)
    pairs = {
        json.dumps(sorted([one.facts.title, other.facts.title]))
        for block in under.values()
        for one, other in combinations(block, 2)
        if alike(one, other)
    }
    assert 20 <= len(pairs) <= 40
