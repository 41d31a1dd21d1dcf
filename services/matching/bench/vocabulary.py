"""What does one new skill cost as the vocabulary grows? Beside ours, rapidfuzz over all terms, jamo apart."""

from collections.abc import Iterator, Sequence

from rapidfuzz import process
from rapidfuzz.distance import Indel

from services.matching.bench.figures import Data, Figure
from services.matching.bench.timing import each_in_turn, median, ratio, seconds_of
from services.matching.engine.skills.comparison import jamo
from services.matching.engine.skills.likeness import Vocabulary
from services.matching.engine.skills.terms import spellings

AT_ONCE_THE_SIZE = 20_000
NEW_TERMS = 40
SLIPS = ("쿠버네테스", "elastcsearch")
CUTOFF = 0.8


def figures(times: Sequence[int]) -> Iterator[Figure]:
    """Twenty thousand terms, so many times."""
    for each in times:
        yield from _of_size(AT_ONCE_THE_SIZE * each)


def _of_size(size: int) -> Iterator[Figure]:
    vocabulary, known = Vocabulary(), list(spellings())
    known += invented("일", size - len(known))
    built = seconds_of(lambda: vocabulary.numbers(known))
    compared, data = vocabulary.compared, Data(f"{len(vocabulary):,} terms")
    new = [*invented("새", NEW_TERMS - len(SLIPS)), *SLIPS]
    decomposed = [jamo(term) for term in vocabulary.terms]
    works = {
        "ours": lambda at: vocabulary.numbers([new[at]]),
        "rapidfuzz, process.extract": lambda at: _scan(new[at], decomposed),
    }
    taken = each_in_turn(works, range(len(new)))
    note = f"{(vocabulary.compared - compared) / len(new):.2f} pairs compared each"
    yield Figure("vocabulary, made", data, "ours", built, "s")
    yield Figure("vocabulary, one new term", data, "ours", median(taken["ours"]) * 1e6, "µs", note)
    peer = taken["rapidfuzz, process.extract"]
    yield Figure("vocabulary, one new term", data, "rapidfuzz, process.extract", median(peer) * 1e6, "µs", "all terms")
    yield Figure("vocabulary, one new term", data, "rapidfuzz ÷ ours", ratio(peer, taken["ours"]), "×")
    yield Figure("vocabulary, likeness of all", data, "ours", seconds_of(vocabulary.matrix) * 1e3, "ms")


def invented(first: str, count: int) -> list[str]:
    """Made-up Korean compounds, no two a slip apart by intent, many by accident."""
    syllables = "가거고구그기나너노누다더도두라러로루마머모무바버보부사서소수아어오우자저조주차처초추카코타토파포하호"
    base = len(syllables)
    return [
        first + "".join(syllables[(number * 7919 + 13) // base**place % base] for place in range(4)) + "기술"
        for number in range(count)
    ]


def _scan(term: str, decomposed: Sequence[str]) -> object:
    return process.extract(jamo(term), decomposed, scorer=Indel.normalized_similarity, score_cutoff=CUTOFF, limit=None)
