"""What is measured counts only where the answers are exactly right, and peers that are missing are said to be."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from services.matching.bench import arrival, batch, changes, floor, memory, season, start, vectorising, vocabulary
from services.matching.bench.answers import NOBODY, Best, by_scorer, by_sums, found_by_us, found_in_rows, wrong
from services.matching.bench.figures import GOALS, Data, Figure
from services.matching.bench.made import TOP, World, made
from services.matching.bench.materials import Materials, Patterns, texts, words
from services.matching.bench.peers import (
    WRONG,
    Absent,
    Matrices,
    System,
    expanded,
    plain,
    same_sums,
    scipy_product,
    sparse_dot_topn,
    whole,
)
from services.matching.bench.timing import each_in_turn, interleaved, ratio
from services.matching.engine import layers
from services.matching.engine.profiles import SIDES, Side
from services.matching.engine.search import Reached
from services.matching.engine.text import neutral_frequencies, posting_document, rows
from tests.unit.matching.examples import posting_facts, seeker_facts

TRADES = {"0241": "빵을 굽는다\n반죽을 한다", "5301": "전기를 잇는다\n배선을 고친다"}


@pytest.fixture(scope="module")
def patterns() -> Patterns:
    wishes = [{"occupation_codes": [code], "districts": ["서울 마포구"]} for code in TRADES]
    return Patterns(
        [
            posting_facts(
                title=f"{told} {turn}", description=told, required_skills=["제빵", "배선"], occupation_code=code
            )
            for code, told in TRADES.items()
            for turn in range(8)
        ],
        [seeker_facts(wishes=each) for each in wishes],
    )


@pytest.fixture(scope="module", params=[words, texts])
def materials(request: pytest.FixtureRequest, patterns: Patterns) -> Materials:
    return texts(patterns) if request.param is texts else words(patterns, seed=1)


@pytest.fixture(scope="module")
def world(materials: Materials) -> World:
    return made(materials, 150, 40, seed=1)


def text_of(world: World, side: Side) -> sparse.csr_matrix:
    shelf = world.plain.shelves[side]
    return shelf.text.take(shelf.live(), 10**6)


def test_the_same_seed_makes_the_same_world(materials: Materials, world: World) -> None:
    again, another = made(materials, 150, 40, seed=1), made(materials, 150, 40, seed=2)
    for side in SIDES:
        assert (text_of(world, side) != text_of(again, side)).nnz == 0
        assert (text_of(world, side) != text_of(another, side)).nnz > 0
        assert world.whole.shelves[side].profiles == again.whole.shelves[side].profiles


def test_stand_in_words_are_as_many_as_the_goals_were_set_for(patterns: Patterns) -> None:
    world = made(words(patterns, seed=1), 600, 300, seed=1)
    terms = {side: np.diff(text_of(world, side).indptr).mean() for side in SIDES}
    assert terms == {"seeker": pytest.approx(58, abs=3), "posting": pytest.approx(140, abs=8)}


def test_all_systems_find_whom_a_look_at_everyone_finds(world: World) -> None:
    matrices = Matrices.of(world)
    for side in SIDES:
        asked = world.evenly(side, 1_000)
        for system in (plain(world), whole(world), sparse_dot_topn(matrices), scipy_product(matrices)):
            assert isinstance(system, System)
            assert system.check(side, asked, system.ask(side, asked)) == 0
        assert same_sums(matrices, world.plain, side, asked)


def test_expanded_is_the_greatest_likeness_of_any_term_held() -> None:
    chance = np.random.default_rng(1)
    held, alike = (sparse.random(*shape, 0.3, "csr", random_state=chance) for shape in ((9, 7), (7, 7)))
    held.data[:] = 1
    by_hand = np.array([(row[:, None] * alike.toarray()).max(axis=0) for row in held.toarray()])
    assert expanded(held.tocsr(), alike.tocsr()).toarray() == pytest.approx(by_hand)


def spoilt(system: System, spoil: Callable[[Reached], Reached]) -> System:
    """A system whose first answer is not quite right."""

    def ask(side: Side, asked: Any) -> Any:
        found = system.ask(side, asked)
        return [spoil(found[0]), *found[1:]]

    return system._replace(ask=ask)


def first_and_third_swapped(found: Reached) -> Reached:
    others = found.others.copy()
    others[[0, 2]] = others[[2, 0]]
    return Reached(found.mine, others, found.scores, found.rank)


def first_scored_higher(found: Reached) -> Reached:
    return Reached(found.mine, found.others, found.scores + (np.arange(len(found.scores)) == 0), found.rank)


def first_missed(found: Reached) -> Reached:
    return found.where(np.arange(len(found.scores)) > 0)


@pytest.mark.parametrize("spoil", [first_and_third_swapped, first_scored_higher, first_missed])
def test_a_wrong_answer_is_shown_and_does_not_count(world: World, spoil: Callable[[Reached], Reached]) -> None:
    matrices = Matrices.of(world)
    peer = sparse_dot_topn(matrices)
    run = batch.run(world, rounds=1, queries=10, systems=(spoilt(plain(world), spoil), peer))
    told = list(batch.figures(run))
    ours = [figure for figure in told if figure.system == plain(world).name]
    assert len(ours) == 3
    assert all(figure.value is None and WRONG in figure.note for figure in ours)
    assert {figure.value for figure in told if "÷" in figure.system} == {None}
    assert all(figure.value for figure in told if figure.system == "sparse_dot_topn")
    goal = next(goal for goal in GOALS if goal.name == "G1")
    assert goal.verdict(next(figure for figure in told if figure.goal == "G1")) == "does not count"


def test_a_wrong_answer_to_a_newcomer_does_not_count(world: World) -> None:
    told = list(arrival.figures(world, 10, (spoilt(whole(world), first_missed), plain(world))))
    of_whole = [figure for figure in told if figure.system == whole(world).name]
    assert [(figure.value, figure.note.startswith(WRONG)) for figure in of_whole] == [(None, True)] * 2
    assert all(figure.value for figure in told if figure.system == plain(world).name)


def test_a_peer_that_is_not_installed_is_said_to_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sparse_dot_topn", None)
    absent = sparse_dot_topn(Matrices.of(world))
    assert isinstance(absent, Absent)
    told = [*batch.figures(batch.run(world, rounds=1, queries=5)), *arrival.figures(world, 10)]
    notes = [figure.note for figure in told if figure.system == "sparse_dot_topn"]
    assert notes == ["not installed: pip install 'iljari[bench]'"] * 2


def test_within_tolerance_only_ties_may_trade_places() -> None:
    exact = best([1, 2, 3, 4], [0.9, 0.5, 0.5, 0.2])
    assert wrong(best([1, 3, 2, 4], [0.9, 0.5, 0.5, 0.2]), exact) == 1
    assert wrong(best([1, 3, 2, 4], [0.9, 0.5, 0.5, 0.2]), exact, 1e-6) == 0
    assert wrong(best([2, 1, 3, 4], [0.9, 0.5, 0.5, 0.2]), exact, 1e-6) == 1
    assert wrong(best([1, 2, 2, 4], [0.9, 0.5, 0.5, 0.2]), exact, 1e-6) == 1
    assert wrong(best([1, 2, 3, 5], [0.9, 0.5, 0.5, 0.2]), exact, 1e-6) == 1
    assert wrong(best([1, 2, 3, 4], [0.9, 0.5, 0.5, 0.3]), exact, 1e-6) == 1


def best(ids: list[int], scores: list[float]) -> Best:
    padding = TOP - len(ids)
    return Best(np.array([[*ids, *[NOBODY] * padding]]), np.array([[*scores, *[0.0] * padding]]))


def test_answers_of_a_matrix_and_of_the_search_are_read_alike(world: World) -> None:
    asked = world.evenly("posting", 3)
    by_us = found_by_us(plain(world).ask("posting", asked), asked)
    assert wrong(by_us, by_scorer(world.plain, "posting", asked)) == 0
    table = sparse.csr_matrix(np.array([[0.0, 0.3, 0.1], [0.2, 0.0, 0.0]]))
    read = found_in_rows(table, 2)
    assert read.ids[:, :2].tolist() == [[1, 2], [0, NOBODY]]
    assert wrong(read, by_sums(table, sparse.identity(3, format="csr"))) == 0


def test_all_take_their_turn_in_every_round_and_another_is_first_each_time() -> None:
    order: list[str] = []
    taken = interleaved({name: lambda name=name: order.append(name) for name in "abc"}, rounds=3)  # type: ignore[misc]
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"
    assert {name: len(some.clock) for name, some in taken.items()} == {"a": 3, "b": 3, "c": 3}
    order.clear()
    each_in_turn({name: lambda number, name=name: order.append(f"{name}{number}") for name in "ab"}, [1, 2])  # type: ignore[misc]
    assert order == ["a1", "b1", "a2", "b2"]


def test_a_ratio_is_taken_round_by_round() -> None:
    assert ratio(np.array([2.0, 20.0, 2.0]), np.array([1.0, 10.0, 1.0])) == 2


@pytest.mark.parametrize(
    ("value", "seekers", "verdict"),
    [
        (12, 100_000, "moonshot"),
        (5, 100_000, "reached"),
        (4.9, 100_000, "missed"),
        (12, 500, "moonshot, but asked for 100,000 seekers"),
        (None, 100_000, "does not count"),
    ],
)
def test_a_goal_judges_a_figure(value: float | None, seekers: int, verdict: str) -> None:
    goal = next(goal for goal in GOALS if goal.name == "G1")
    assert goal.verdict(Figure("batch", Data("words", seekers, 1), "ours", value, "×")) == verdict


def test_what_comes_and_goes_is_seen_by_the_next_search(materials: Materials, world: World) -> None:
    told = list(changes.figures(world, materials, 5, seed=1))
    visible = [figure for figure in told if "visible" in figure.question]
    assert len(visible) == 4
    assert all(figure.note == "5 times, each seen" and figure.value is not None for figure in visible)
    assert world.sizes["seeker"] == 150


def test_the_floor_counts_the_entries_that_a_search_adds_up(
    materials: Materials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists without a head hold every entry: as many as columns that both sides of a pair use, or look alike."""
    monkeypatch.setattr(layers, "OFTEN", 1)
    world = made(materials, 600, 20, seed=1)
    assert all(figure.value for figure in floor.figures(world, rounds=1, queries=5))
    asked = world.evenly("posting", 7)
    shared = (text_of(world, "posting")[asked].sign() @ text_of(world, "seeker").sign().T).sum()
    assert floor.entries_a_pair(world.plain, asked) == pytest.approx(shared / 7 / 600, rel=0.2)


def test_bytes_of_arrays_count_each_array_once() -> None:
    one = np.zeros(1_000, dtype=np.int64)
    held = {"a": [one, one[10:]], "b": (one.reshape(10, 100), Data("words"), {"c": np.zeros(3, dtype=np.int8)})}
    assert memory.of_arrays(held) == 8_003


def test_a_process_holds_more_than_arrays(world: World, patterns: Patterns) -> None:
    (of_world,) = memory.figures(world)
    whole_process, arrays = memory.of_process(patterns)
    assert of_world.value is not None
    assert whole_process.value is not None
    assert arrays.value is not None
    assert 0 < arrays.value < whole_process.value


def test_the_vectoriser_set_up_as_a_peer_gives_our_numbers(patterns: Patterns) -> None:
    told = list(vectorising.figures(patterns, rounds=1))
    assert all(figure.value and WRONG not in figure.note for figure in told)


def test_a_row_of_other_numbers_is_found_to_differ(patterns: Patterns) -> None:
    documents = [posting_document(one) for one in patterns.postings]
    frequencies = neutral_frequencies()
    peer = vectorising.Peer(documents, frequencies)
    ours = rows(documents[:1], frequencies)
    assert peer.differs(documents[0], ours) is False
    ours.data[0] += 2**-15
    assert peer.differs(documents[0], ours) is True


def test_a_store_is_filled_and_started_from(patterns: Patterns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "SEEKERS", 20)
    monkeypatch.setattr(start, "POSTINGS", 10)
    assert all(figure.value for figure in start.figures(patterns, rounds=1))


def test_a_vocabulary_is_measured_at_each_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "AT_ONCE_THE_SIZE", 3_000)
    told = list(vocabulary.figures([1, 2]))
    assert {str(figure.data).split()[-1] for figure in told} == {"terms"}
    assert len({figure.data for figure in told}) == 2


def test_a_season_makes_every_list_and_times_newcomers_meanwhile(patterns: Patterns) -> None:
    cities = [season.people(patterns, seekers, seekers // 4, seed=1) for seekers in (600, 1_200)]
    seasons = [season.run(city, arrivals=4, priority=0) for city in cities]
    assert [one.lists for one in seasons] == [600 + 150, 1_200 + 300]
    assert [len(one.quiet) for one in seasons] == [4, 4]
    told = {figure.question.split(",")[1].strip(): figure for figure in season.figures(seasons[0])}
    assert told["whole"].value == seasons[0].seconds > 0
    assert told["memory of a process"].value
    (grown,) = season.growth(seasons)
    assert grown.note == "4× the pairs, 2× the lists"
