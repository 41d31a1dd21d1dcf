"""Which of the words that both sides use would a counselor say aloud?

Not what stands in every posting, nor what only joins words, nor a verb's endings, nor a bare figure. Of a word and a
compound that holds it the compound is said.
"""

import csv
import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.resources import files

Telling = Callable[[str], float]

MOST_WORDS = 5
WIDESPREAD = 6
"""A word of which more than one profile in so many speaks tells nothing of this pair."""
LEAST_TELLING = 1.0 + math.log(WIDESPREAD)
"""The inverse document frequency of such a word (text.fit_frequencies)."""

_FIGURE = re.compile(r"\d+(?:\D{1,3}|[a-z]+)?$")
_ENDING = re.compile(
    r"(?:적인|적으로|스러운|[러로여까]운|[으하되기추보오쓰계나지시]신|신분|분들|[있없][는어게고던을]|[많높좋낮]은|[하되]게|거나|지만|면서|으며|"
    r"려[는고면]|도록|수록|까지|부터|[어아해]서|[어하되]여|[내되]어|않[은는고게]|[하되놓치가오보즐]지|[하되]는데|[하되]기|"
    r"[나찾하되갖많높맞]고|[해했았었]던|했고|겠다?|니다|세요|십시오|[하되내으]시|므로?|해야)$"
    r"|..(?<![실업])적$"
)


def said_aloud(shared: Iterable[str], telling: Telling) -> list[str]:
    """The words to say of those that both sides use: the rarest first, longer ones first among equals."""
    chosen: list[str] = []
    for word in sorted(filter(_is_said, shared), key=lambda word: (-telling(word), -len(word), word)):
        if telling(word) < LEAST_TELLING or len(chosen) == MOST_WORDS:
            break
        chosen = _with(chosen, word)
    return chosen


def _with(chosen: list[str], word: str) -> list[str]:
    if any(word in longer for longer in chosen):
        return chosen
    return [*[shorter for shorter in chosen if shorter not in word], word]


@lru_cache(maxsize=2**16)
def _is_said(word: str) -> bool:
    return word not in _unsaid() and not _FIGURE.match(word) and not _ENDING.search(word)


@lru_cache(maxsize=1)
def _unsaid() -> frozenset[str]:
    table = files("services.matching.engine").joinpath("unsaid.csv").read_text("utf-8").splitlines()
    return frozenset(word for row in csv.DictReader(table) for word in row["words"].split("|"))
