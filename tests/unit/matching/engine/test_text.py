"""A row depends on its profile and the epoch alone, and a product on its two rows alone."""

import re
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from services.matching.engine import text
from services.matching.engine.skills.senses import senses

WORDS = [
    "빵을",
    "굽는다",
    "매장을",
    "청소",
    "용접",
    "Python",
    "java",
    "개발",
    "간호",
    "조무",
    "배송",
    "운전",
    "3년",
    "우대",
]
documents = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), min_size=1, max_size=12)


def rows(said: list[str], frequencies: text.Floats) -> sparse.csr_matrix:
    """Rows of documents whose first word is their title."""
    return text.rows([text.Document(*f"{one} ".split(" ", 1)) for one in said], frequencies)


@settings(deadline=None)
@given(documents, documents)
def test_a_product_has_the_same_bits_in_any_batch_and_either_direction(ours: list[str], theirs: list[str]) -> None:
    frequencies = text.fit_frequencies(text.count([*ours, *theirs]))
    a, b = rows(ours, frequencies), rows(theirs, frequencies)
    block = (a @ b.T.tocsr()).toarray()
    turned = (b @ a.T.tocsr()).toarray().T
    single = [
        [(rows([x], frequencies) @ rows([y], frequencies).T.tocsr()).toarray()[0, 0] for y in theirs] for x in ours
    ]
    assert block.tobytes() == np.ascontiguousarray(turned).tobytes() == np.array(single).tobytes()


@settings(deadline=None)
@given(documents, documents)
def test_frequencies_fitted_in_pages_have_the_same_bits(some: list[str], others: list[str]) -> None:
    in_pages = text.fit_in_pages(map(text.count, (some, [], others)))
    assert in_pages.tobytes() == text.fit_frequencies(text.count([*some, *others])).tobytes()


def test_a_row_is_as_long_as_one_and_its_columns_rise() -> None:
    (row,) = [rows(["빵을 굽고 빵을 판다"], text.neutral_frequencies())]
    assert abs(np.linalg.norm(row.data) - 1) < 1e-4
    assert (row.data * text.LENGTH % 1 == 0).all()
    assert (np.diff(row.indices) > 0).all()


def test_a_title_counts_as_much_before_a_long_text_as_before_a_short_one() -> None:
    def share(body: str) -> float:
        title, whole = (
            text.rows([one], text.neutral_frequencies()) for one in (text.Document("빵", ""), text.Document("빵", body))
        )
        return float((title @ whole.T).toarray()[0, 0])

    assert abs(share("용접") - share("용접 배송 운전 간호 조무 청소 매장")) < 1e-12


def test_nothing_said_is_an_empty_row() -> None:
    assert rows(["", " \n"], text.neutral_frequencies()).nnz == 0
    assert rows([], text.neutral_frequencies()).shape == (0, text.COLUMNS)


def test_particles_are_not_part_of_a_word() -> None:
    assert text.words("매장을 청소하고, C++ 개발에서는 MES를") == ["매장", "청소", "c++", "개발", "mes"]


def test_plurals_are_read_as_singulars() -> None:
    said = ["welders", "companies", "glass", "bus", "aws", "analysis", "용접s"]
    assert [text.singular(word) for word in said] == ["welder", "company", "glass", "bus", "aws", "analysis", "용접s"]
    assert text.word_column("welders") == text.word_column("welder")


def test_a_word_is_weighed_where_it_was_counted() -> None:
    for word in ("제빵", "python", "welders"):
        assert text.word_column(word) in text.count([word]).indices


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    frequencies = text.fit_frequencies(text.count(["빵 매장", "매장 청소", "매장 판매"]))
    assert frequencies[text.word_column("청소")] > frequencies[text.word_column("매장")]


ANY_TEXT = st.lists(
    st.text(st.sampled_from("가나빵굽 \t\n\x1c\x85\u2003az09+#-é一🙂ﬁΣ"), max_size=12) | st.sampled_from(WORDS),
    max_size=20,
).map(" ".join)


@settings(deadline=None, max_examples=300)
@given(ANY_TEXT | st.text(st.characters(exclude_categories=["Cs"])))
def test_terms_are_those_that_scikit_learn_counts(said: str) -> None:
    whole = text.plain(said)
    apart = {"korean": re.sub(r"[0-9a-z]+", " ", whole), "latin": re.sub(r"[가-힣]+", " ", whole)}
    words_of = {
        script: [text.singular(word) for word in text.words(whole) if is_korean(word) == (script == "korean")]
        for script in apart
    } | {"both": [sense for word in text.words(whole) for sense in senses(word)]}
    blocks = []
    for kind in text.KINDS:
        analysis: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (kind.size, kind.size)}
        if not kind.size:
            analysis = {"analyzer": words_of.__getitem__}
        vectoriser = HashingVectorizer(
            n_features=kind.columns, norm=None, alternate_sign=False, lowercase=False, **analysis
        )
        blocks.append(vectoriser.transform([apart[kind.script] if kind.size else kind.script]))
    expected, counts = sparse.hstack(blocks, format="csr"), text.count([said])
    assert (counts != expected).nnz == 0
    assert (np.diff(counts.indices) > 0).all()


def is_korean(word: str) -> bool:
    return re.search("[가-힣]", word) is not None
