"""Rankings are those of a reference that goes pair by pair, with no matrix in sight."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.engine import text
from services.matching.engine.text import Document
from services.matching.quality.evaluation import best_first
from services.matching.quality.ranking import by_text
from tests.unit.matching.naive import alike, row

WORDS = (
    "빵",
    "제빵사",
    "용접원",
    "수리",
    "정비",
    "welder",
    "welders",
    "C++",
    "매장에서",
    "운전",
    "3급",
    "🙂",
    "токарь",
)
said = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
documents = st.lists(st.builds(Document, said, said), min_size=1, max_size=8)


def reference(queries: Sequence[str], documents: Sequence[Document]) -> list[list[float]]:
    """Likeness of each query to each document."""
    asked = [Document("", query) for query in queries]
    frequencies = text.fit_frequencies(text.count([one.whole for one in (*asked, *documents)]))
    columns = [row(one, frequencies) for one in documents]
    return [[float(alike(row(query, frequencies), one)) for one in columns] for query in asked]


@settings(deadline=None, max_examples=20)
@given(st.lists(said, min_size=1, max_size=4), documents)
def test_titles_and_profiles_are_ranked_as_by_the_reference(queries: list[str], documents: list[Document]) -> None:
    expected = reference(queries, documents)
    found = np.vstack(list(by_text(queries, documents)))
    assert found.tolist() == expected
    ids = [f"d{at}" for at in range(len(documents))]
    for ours, theirs in zip(found, expected, strict=True):
        by_hand = sorted(zip(theirs, ids, strict=True), key=lambda one: (-one[0], one[1]))
        assert best_first(ours, ids) == [name for _, name in by_hand]


def test_a_document_near_to_every_query_counts_less_as_in_an_epoch() -> None:
    trades = "용접 배관 절단", "제빵 반죽 오븐"
    queries = [trades[at % 2] for at in range(40)]
    own, everything = (Document("", said) for said in ("용접 배관 절단 천문", " ".join(trades)))
    documents = [everything, own, own, own]
    to_everything, to_own, *_ = np.vstack(list(by_text(queries, documents)))[0]
    before_everything, before_own, *_ = reference(queries, documents)[0]
    assert to_own == before_own
    assert to_everything < before_everything
