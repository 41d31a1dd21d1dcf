"""The search looks closely at few, and finds exactly whom a look at everyone finds."""

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.engine import crowds, layers, reaches, text
from services.matching.engine.index import Epoch, Index
from services.matching.engine.kernels import OUT_OF_REACH
from services.matching.engine.profiles import SIDES, Profile, Side, other_side
from services.matching.engine.scorer import UNKNOWN, Rules
from services.matching.engine.search import reached, values_of
from tests.unit.matching.examples import a_posting, a_seeker

WORDS = [
    "빵", "굽는", "용접", "배송", "청소", "주방", "보조", "회계", "간호", "python", "엑셀",
    "운전", "판매", "상담", "경비", "조리", "설비", "전기", "도장", "재단",
]  # fmt: skip
SKILLS = ["제빵", "제과제빵", "용접", "파이썬", "파이선", "엑셀", "쿠버네티스", "쿠버네테스", "지게차운전기능사"]
TYPES = ("regular", "daily", "intern", "contract")
DISTRICTS = [None, "서울 마포구", "서울 송파구", "경기 성남시", "부산 해운대구"]


def some_facts(rnd: random.Random, side: Side) -> dict[str, Any]:
    words = " ".join(rnd.choices(WORDS, weights=range(len(WORDS), 0, -1), k=rnd.choice((0, 3, 12, 30))))
    skills = rnd.sample(SKILLS, rnd.choice((0, 1, 3)))
    place = {"district": rnd.choice(DISTRICTS)}
    common = {"experience_months": rnd.choice((None, 0, 24)), "certificates": rnd.choice(([], ["용접기능사"]))}
    if side == "seeker":
        wishes = {
            "occupation_codes": rnd.choice(([], ["0241"], ["24", "5301"])),
            "widened": rnd.random() < 0.5,
            "employment_types": rnd.choice(([], ["regular"])),
            "wage": rnd.choice((None, {"unit": "hour", "minimum": rnd.randrange(9000, 15000)})),
            "weekly_hours": rnd.choice((None, 20, 40)),
            "districts": rnd.choice(([], ["서울 마포구"])),
            "commute_km": rnd.choice((None, 5, 20)),
        }
        return common | {"summary": words, "skills": skills, "home": place, "wishes": wishes}
    offer = {
        "occupation_code": rnd.choice((None, "0241", "5301", "02")),
        "employment_type": rnd.choice((None, "regular", "daily")),
        "wage": rnd.choice((None, {"unit": "year", "minimum": 3 * 10**7}, {"unit": "hour", "minimum": 12000})),
        "weekly_hours": rnd.choice((None, 30, 40)),
        "preferred_skills": rnd.sample(SKILLS, 1),
        "place": place | {"remote": rnd.random() < 0.1},
    }
    return common | offer | {"title": "사람 구함", "description": words, "required_skills": skills}


def some_profiles(rnd: random.Random, side: Side, count: int, first: int = 0) -> list[Profile]:
    made: list[Profile] = []
    for number in range(first, first + count):
        facts, minutes = some_facts(rnd, side), rnd.randrange(5)
        if side == "seeker":
            s = a_seeker(number, minutes=minutes, **facts)
            made.append(Profile(side, s.seeker_id, 1, s.applied_at, s.facts))
        else:
            p = a_posting(number, minutes=minutes, **facts)
            made.append(Profile(side, p.posting_id, 1, p.accepted_at, p.facts))
    return made


def an_index(rnd: random.Random, seekers: int, postings: int, rules: Rules) -> Index:
    profiles = {"seeker": some_profiles(rnd, "seeker", seekers), "posting": some_profiles(rnd, "posting", postings)}
    neutral = Index(Epoch(0, rules))
    rows = {side: neutral.read(side, profiles[side]).text for side in SIDES}
    frequencies = text.fit_frequencies(rows["seeker" if seekers > postings else "posting"])
    found = {side: crowds.fit(rows[other_side(side)], rows[side]) for side in SIDES}
    index = Index(Epoch(1, rules, frequencies, {side: one for side, one in found.items() if one is not None}))
    for side in SIDES:
        index.put(side, index.read(side, profiles[side]))
    return index


def by_looking_at_everyone(index: Index, side: Side, slots: Any, floors: Any) -> list[tuple[int, int, int]]:
    """Who asks, who is found and the score, in order, from scores of everyone against everyone."""
    others, rules = index.shelves[other_side(side)], index.epoch.rules
    everyone = others.live()
    scores = index.score(slots, everyone).scores if side == "seeker" else index.score(everyone, slots).scores.T
    found = []
    for slot, row in zip(slots.tolist(), scores, strict=True):
        order = np.lexsort((others.order(everyone), -row))
        best = order[: rules.size(side)]
        last = row[best[-1]] if len(best) == rules.size(side) else 0
        for at in order:
            if row[at] >= max(rules.threshold, min(last, floors[everyone[at]])):
                found.append((slot, int(everyone[at]), int(row[at])))
    return found


def by_searching(index: Index, side: Side, slots: Any, floors: Any) -> list[tuple[int, int, int]]:
    return [
        pair
        for some in reached(index, side, slots, floors)
        for pair in zip(some.mine.tolist(), some.others.tolist(), some.scores.tolist(), strict=True)
    ]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few hundred profiles fill several blocks, with heads."""
    monkeypatch.setattr(layers, "LARGEST", 64)
    monkeypatch.setattr(layers, "SMALLEST", 8)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("side", SIDES)
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32), sizes=st.tuples(st.integers(1, 150), st.integers(1, 150)), best=st.integers(1, 30))
def test_whoever_reaches_a_list_is_found_with_the_same_score(
    side: Side, seed: int, sizes: tuple[int, int], best: int
) -> None:
    rnd = random.Random(seed)
    index = an_index(rnd, *sizes, Rules(threshold=300, seeker_list=best, posting_list=best))
    slots = index.shelves[side].live()
    everyone = len(index.shelves[other_side(side)].floors)
    for choices in ([OUT_OF_REACH], [0, 2000, 4000, 6000, OUT_OF_REACH]):
        floors = np.array(rnd.choices(choices, k=everyone), dtype=np.int32)
        expected = by_looking_at_everyone(index, side, slots, floors)
        assert by_searching(index, side, slots, floors) == expected
        one = rnd.choice(slots.tolist())
        alone = [pair for pair in expected if pair[0] == one]
        assert by_searching(index, side, np.array([one]), floors) == alone, "all cores for one"


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("side", SIDES)
def test_a_certificate_lets_in_though_it_weighs_nothing(side: Side) -> None:
    """Lists are weighed, so they cannot tell who has it."""
    index = an_index(random.Random(3), 150, 150, Rules(weights=Rules().weights | {"certificate": 0}))
    slots, floors = index.shelves[side].live(), np.zeros(256, dtype=np.int32)
    assert by_searching(index, side, slots, floors) == by_looking_at_everyone(index, side, slots, floors)


@pytest.mark.usefixtures("small_blocks")
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_profiles_that_come_change_and_go_are_found_as_they_are(seed: int) -> None:
    rnd = random.Random(seed)
    index = an_index(rnd, 40, 40, Rules(threshold=300, seeker_list=3, posting_list=5))
    for step in range(8):
        side = rnd.choice(SIDES)
        shelf = index.shelves[side]
        index.remove(side, rnd.sample(sorted(shelf.slot), rnd.randrange(min(5, len(shelf.slot)))))
        index.put(side, index.read(side, some_profiles(rnd, side, rnd.randrange(1, 20), first=rnd.randrange(60))))
        floors = np.full(len(shelf.floors), OUT_OF_REACH, dtype=np.int32)
        slots = index.shelves[other_side(side)].live()
        expected = by_looking_at_everyone(index, other_side(side), slots, floors)
        assert by_searching(index, other_side(side), slots, floors) == expected, step


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_values_are_those_of_the_plain_path(seed: int) -> None:
    index = an_index(random.Random(seed), 30, 30, Rules())
    scored = index.score(index.shelves["seeker"].live(), index.shelves["posting"].live())
    seekers, postings = np.nonzero(scored.scores > UNKNOWN)
    assert (values_of(index, seekers, postings) == scored.values[:, seekers, postings].T).all()


def test_layers_stay_few_and_cover_everyone() -> None:
    index = an_index(random.Random(7), 1, 1, Rules())
    shelf = index.shelves["seeker"]
    for number in range(60):
        index.put("seeker", index.read("seeker", some_profiles(random.Random(number), "seeker", 30, first=30 * number)))
        list(reached(index, "posting", index.shelves["posting"].live(), shelf.floors))
    spans = [(layer.first, layer.last) for layer in shelf.layers.all]
    assert spans[0][0] == 0
    assert spans[-1][1] == len(shelf.profiles)
    assert all(one[1] == two[0] for one, two in pairwise(spans))
    assert len(spans) < 8


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("side", SIDES)
def test_a_block_keeps_together_who_says_the_same(side: Side) -> None:
    index = an_index(random.Random(7), 300, 300, Rules())
    shelf, asking = index.shelves[side], index.shelves[other_side(side)]
    list(reached(index, other_side(side), asking.live(), shelf.floors))
    fields = ("occupations", "types") if side == "seeker" else ("occupation", "type")
    assert sorted(np.concatenate([block.members for block in shelf.layers.blocks])) == shelf.live().tolist()
    assert len(shelf.layers.blocks) > 1
    for block in shelf.layers.blocks:
        starts, *told, _ = block.stretches
        assert starts[-1] == len(block.members)
        said = np.stack([*(shelf.columns[block.members][name] for name in fields), shelf.patterns[block.members]])
        assert (said == np.repeat(np.stack(told), np.diff(starts), axis=1)).all()
        assert (block.conditions == shelf.columns[block.members]).all()


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("side", SIDES)
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_only_blocks_are_passed_over_of_whom_gates_shut_out_everyone(side: Side, seed: int) -> None:
    index = an_index(random.Random(seed), 200, 200, Rules())
    asking = index.shelves[side].live()
    others = index.shelves[other_side(side)]
    list(reached(index, side, asking, others.floors))
    in_vain: list[bool] = []
    for slot in asking[:20]:
        opened, passed = opened_and_passed(index, side, np.array([slot]))
        assert (opened >= passed).all()
        in_vain += (opened > passed).tolist()
    assert np.mean(in_vain) < 0.1, "hardly any is looked at in vain"


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("wishes", "offer"),
    [
        ([{"occupation_codes": [code]} for code in ("0241", "0242", "5301", "8711")], {"occupation_code": "0241"}),
        ([{"districts": [name]} for name in DISTRICTS[1:]], {"place": {"district": "서울 마포구"}}),
        ([{"commute_km": 7}] * 4, {"place": {"district": "서울 마포구"}}),
        ([{"employment_types": [kind]} for kind in TYPES], {"employment_type": "daily"}),
    ],
    ids=["occupation", "areas", "distance", "types"],
)  # fmt: skip
def test_what_one_posting_cannot_reach_is_not_looked_at(wishes: list[dict[str, Any]], offer: dict[str, Any]) -> None:
    """A quarter of the seekers wish what it offers, one in four as they come: they stand together in the blocks."""
    index = Index(Epoch(1, Rules()))
    made = [
        a_seeker(at, wishes=wishes[at % 4], home={"district": DISTRICTS[1 + at % 4]}, summary="빵") for at in range(512)
    ]
    seekers = [Profile("seeker", s.seeker_id, 1, s.applied_at, s.facts) for s in made]
    p = a_posting(0, title="사람 구함", description="빵", **offer)
    index.put("seeker", index.read("seeker", seekers))
    index.put("posting", index.read("posting", [Profile("posting", p.posting_id, 1, p.accepted_at, p.facts)]))
    posting = index.shelves["posting"].live()
    assert list(reached(index, "posting", posting, index.shelves["seeker"].floors))
    opened, passed = opened_and_passed(index, "posting", posting)
    assert opened.tolist() == passed.tolist()
    assert opened.sum() == len(opened) // 4


def opened_and_passed(index: Index, side: Side, slot: Any) -> tuple[Any, Any]:
    """Of every block of the other side: whether it is looked at, and whether the gates let anyone of it in."""
    seekers, postings, tables = index.shelves["seeker"], index.shelves["posting"], index.tables()
    opened, passed = [], []
    for layer in index.shelves[other_side(side)].layers.all:
        asks = slot, side == "posting", seekers.columns, postings.columns, *tables
        opened += reaches.open_blocks(layer.stretches, layer.ends, *asks).tolist()
        for block in layer.blocks:
            members = block.members.astype(np.int64)
            _, shut = index.judge(*((slot, members) if side == "seeker" else (members, slot)))
            passed.append(not np.any([shut["occupation"], shut["employment_type"], shut["commute"]], axis=0).all())
    return np.array(opened), np.array(passed)
