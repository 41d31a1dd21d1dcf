"""What does one new skill term cost as the vocabulary grows? `python -m tests.benchmarks.vocabulary_growth`

Beside ours, in the same run, what one would do instead: rapidfuzz over all terms (`process.extract`, jamo, cutoff .8).
"""

import statistics
import time
from collections.abc import Callable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import Indel

from services.matching.skills.comparison import jamo
from services.matching.skills.likeness import Vocabulary
from services.matching.skills.terms import spellings
from shared.command import show_table

SIZES = (20_000, 80_000, 320_000)
NEW_TERMS = 200
PEER_TERMS = 10


def main() -> None:
    show_table(
        ("terms", "build s", "one new term µs", "pairs compared each", "matrix ms", "rapidfuzz over all µs", "ratio"),
        [_measured(size) for size in SIZES],
    )


def _measured(size: int) -> tuple[object, ...]:
    vocabulary = Vocabulary()
    known = [*spellings(), *invented("일", size - len(spellings()))]
    build = _seconds(lambda: vocabulary.numbers(known))
    compared = vocabulary.compared
    new = [*invented("새", NEW_TERMS - 2), "쿠버네테스", "elastcsearch"]
    one = statistics.median(_seconds(lambda term=term: vocabulary.numbers([term])) for term in new)  # type: ignore[misc]
    each = (vocabulary.compared - compared) / len(new)
    matrix = _seconds(vocabulary.matrix)
    decomposed = [jamo(term) for term in vocabulary.terms]
    peer = statistics.median(_seconds(lambda term=term: _scan(term, decomposed)) for term in new[:PEER_TERMS])  # type: ignore[misc]
    return (
        f"{len(vocabulary):,}", f"{build:.2f}", f"{one * 1e6:.0f}", f"{each:.2f}", f"{matrix * 1e3:.1f}",
        f"{peer * 1e6:.0f}", f"{peer / one:.0f}×",
    )  # fmt: skip


def invented(first: str, count: int) -> list[str]:
    """Made-up Korean compounds, no two a slip apart by intent, many by accident."""
    syllables = "가거고구그기나너노누다더도두라러로루마머모무바버보부사서소수아어오우자저조주차처초추카코타토파포하호"
    base = len(syllables)
    return [
        first + "".join(syllables[(number * 7919 + 13) // base**place % base] for place in range(4)) + "기술"
        for number in range(count)
    ]


def _scan(term: str, decomposed: Sequence[str]) -> None:
    process.extract(jamo(term), decomposed, scorer=Indel.normalized_similarity, score_cutoff=0.8, limit=None)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
