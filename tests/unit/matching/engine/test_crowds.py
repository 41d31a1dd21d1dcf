"""What resembles everybody's counts less, by frozen groups that hold nobody's own words."""

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from services.matching.engine import crowds, text

TRADES = (("용접", "배관", "절단", "강판"), ("제빵", "반죽", "오븐", "진열"), ("간호", "병동", "투약", "환자"))


def seekers(count: int, seed: int = 0) -> list[text.Document]:
    """Each of one trade, and each with a word that nobody else has."""
    rnd = random.Random(seed)
    return [
        text.Document("", " ".join((*rnd.sample(TRADES[at % len(TRADES)], 3), f"only{seed}x{at}")))
        for at in range(count)
    ]


def rows_of(*said: str) -> sparse.csr_matrix:
    return text.rows([text.Document("", one) for one in said], text.neutral_frequencies())


def some_crowds(ours: sparse.csr_matrix, count: int = 120, seed: int = 0) -> crowds.Crowds:
    found = crowds.fit(text.rows(seekers(count, seed), text.neutral_frequencies()), ours)
    assert found is not None
    return found


def test_a_text_of_everything_loses_and_one_of_its_own_does_not() -> None:
    everything, plain, own = " ".join(word for trade in TRADES for word in trade), "용접 배관", "천문 망원경 관측"
    ours = rows_of(everything, plain, own, own, own)
    shares = crowds.shares(ours, some_crowds(ours))
    assert shares[0] < 1
    assert shares[2] == 1
    shorter = crowds.discounted(ours, some_crowds(ours))
    assert sparse.linalg.norm(shorter[0]) == pytest.approx(shares[0], abs=0.001)
    assert (shorter[2] != ours[2]).nnz == 0


@pytest.mark.parametrize("seed", range(3))
def test_no_group_holds_what_fewer_than_five_say(seed: int) -> None:
    own = {text.word_column(f"only{seed}x{at}") for at in range(200)}
    common = {text.word_column(word) for trade in TRADES for word in trade}
    found = some_crowds(rows_of("용접"), 200, seed)
    held = set(np.flatnonzero(np.diff(found.starts)).tolist())
    assert held & common == common
    assert not held & own - common
    assert found.groups.max() + 1 <= 200 // crowds.SIZE


def test_there_are_no_groups_where_there_are_too_few() -> None:
    ours, neutral = rows_of("용접"), text.neutral_frequencies()
    assert crowds.fit(text.rows(seekers(crowds.SIZE - 1), neutral), ours) is None
    assert crowds.fit(rows_of(*[""] * 40), ours) is None
    assert crowds.fit(text.rows(seekers(40), neutral), rows_of("")) is None
    assert crowds.discounted(ours, None) is ours


said = st.lists(st.sampled_from([*TRADES[0], *TRADES[1], *TRADES[2], "천문", "driver", "C++"]), max_size=9).map(
    " ".join
)


@settings(deadline=None, max_examples=25)
@given(st.lists(said, min_size=1, max_size=8), st.integers(0, 5))
def test_a_row_is_what_one_works_out_on_paper_alone_or_among_others(texts: list[str], seed: int) -> None:
    ours = rows_of(*texts)
    found = some_crowds(rows_of("용접 배관", "제빵"), seed=seed)
    shorter = crowds.discounted(ours, found)
    for at, row in enumerate(ours):
        steps = (shorter[at].data * text.LENGTH).tolist()
        assert dict(zip(shorter[at].indices.tolist(), steps, strict=True)) == by_hand(row, found)
        assert crowds.discounted(row, found).data.tobytes() == shorter[at].data.tobytes()


def by_hand(row: sparse.csr_matrix, found: crowds.Crowds) -> dict[int, int]:
    steps = {int(column): round(value * text.LENGTH) for column, value in zip(row.indices, row.data, strict=True)}
    alike = [Fraction(0)] * (int(found.groups.max()) + 1)
    for column, value in steps.items():
        for place in range(found.starts[column], found.starts[column + 1]):
            alike[found.groups[place]] += Fraction(value * int(found.values[place]), text.LENGTH**2)
    nearest = sorted(alike)[-crowds.NEAREST :]
    near = float(sum(nearest) * text.LENGTH) / len(nearest) / text.LENGTH
    share = min(1.0, (crowds.EASE + found.usual) / (crowds.EASE + near))
    return {column: round(value / text.LENGTH * share * text.LENGTH) for column, value in steps.items()}
