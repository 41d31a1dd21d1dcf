"""What are made-up profiles put together from? Stand-in words, or the lines of postings at hand.

*words*: terms drawn one by one, as many as the goals were set for: about 58 a seeker and 140 a posting, nine skills.
*texts*: titles, lines and skills of given postings, put together anew within a trade, as many lines as real postings
have; their n-grams are counted by the scorer's own code, once a line, since counts of a text are sums over its lines.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

from services.matching.bench.pools import Numbers, Pool, ranks
from services.matching.engine import text
from services.matching.engine.profiles import Facts, Side
from services.matching.engine.skills.terms import canonical
from shared.contracts import PostingFacts, SeekerFacts

Span = tuple[int, int]
"""The least and the most."""


class Patterns(NamedTuple):
    """Profiles whose conditions are taken for made-up ones, and of whose texts others are put together."""

    postings: Sequence[PostingFacts]
    seekers: Sequence[SeekerFacts]


@dataclass(frozen=True)
class Materials:
    """Pools, and the counts of terms of what they hold; nothing here depends on how many profiles are made."""

    name: str
    trades: int
    titles: Pool
    title_counts: sparse.csr_matrix
    lines: Pool
    line_counts: sparse.csr_matrix
    skills: Pool
    skill_counts: sparse.csr_matrix
    terms: Sequence[str]
    """Canonical skills; the skill pool draws their numbers."""
    conditions: dict[Side, Sequence[Sequence[Facts]]]
    """What profiles state besides texts and skills, by trade."""
    lines_each: dict[Side, Span]
    skills_each: dict[Side, Span]


# --- words ----------------------------------------------------------------------------------------------------------

WORDS, WORDS_OF_A_TRADE, TRADES = 50_000, 1_500, 300
SKILLS, SKILLS_OF_A_TRADE = 5_000, 60
WRITTEN_OTHERWISE = 3
"""Spellings of each skill besides its own."""
_ONSETS = [*"bcdfghjklmnprstvw", "br", "cl", "cr", "dr", "fl", "gr", "pl", "pr", "sc", "sh", "sp", "st", "tr", "th"]
_NUCLEI = [*"aeiouy", "ai", "ea", "io", "ou"]
_CODAS = ["", *"nrstlmx", "ck", "st", "nd", "ng", "ct"]


def words(patterns: Patterns, seed: int) -> Materials:
    """Terms drawn one by one from Zipf's law, a third of them from the trade's own."""
    chance = np.random.default_rng(seed)
    terms = invented_skills(chance)
    columns = chance.permutation(text.COLUMNS)[:WORDS]
    ones = np.ones(WORDS), (np.arange(WORDS), columns)
    trade_words = [chance.choice(np.arange(200, WORDS), WORDS_OF_A_TRADE, replace=False) for _ in range(TRADES)]
    return Materials(
        name="words",
        trades=TRADES,
        titles=Pool.of(1, [[0]] * TRADES),
        title_counts=_no_counts(1),
        lines=Pool(WORDS, np.concatenate(trade_words), _starts(trade_words), 0.3, 5, 20),
        line_counts=sparse.coo_matrix(ones, shape=(WORDS, text.COLUMNS)).tocsr(),
        skills=_skill_pool(chance, terms),
        skill_counts=_no_counts(len(terms)),
        terms=terms,
        conditions=_conditions(patterns, [*_by_trade(patterns)], TRADES),
        lines_each={"seeker": (40, 80), "posting": (100, 200)},
        skills_each={"seeker": (5, 15), "posting": (5, 15)},
    )


def invented_skills(chance: np.random.Generator) -> list[str]:
    """Made-up skills, each followed by other spellings of it: what people mistype."""
    told: dict[str, None] = {}
    while len(told) < SKILLS * (1 + WRITTEN_OTHERWISE):
        skill = canonical(" ".join(_syllables(chance) for _ in range(chance.integers(1, 3))))
        spelled = {skill, *(canonical(_slipped(chance, skill)) for _ in range(WRITTEN_OTHERWISE))}
        if len(spelled) == 1 + WRITTEN_OTHERWISE and not spelled & told.keys():
            told |= dict.fromkeys((skill, *sorted(spelled - {skill})))
    return list(told)


def _syllables(chance: np.random.Generator) -> str:
    count = chance.integers(2, 4)
    return "".join(chance.choice(_ONSETS) + chance.choice(_NUCLEI) + chance.choice(_CODAS) for _ in range(count))


def _slipped(chance: np.random.Generator, skill: str) -> str:
    at, letter = int(chance.integers(1, len(skill))), chr(int(chance.integers(ord("a"), ord("z") + 1)))
    return skill[:at] + letter + skill[at + int(chance.integers(0, 2)) :]


def _skill_pool(chance: np.random.Generator, terms: Sequence[str]) -> Pool:
    each = 1 + WRITTEN_OTHERWISE
    own = []
    for _ in range(TRADES):
        skills = chance.choice(SKILLS, SKILLS_OF_A_TRADE, replace=False) * each
        own.append(np.concatenate([skills + written for written in range(each)]))
    return Pool(len(terms), np.concatenate(own), _starts(own), 0.75, 3, len(terms))


# --- texts ----------------------------------------------------------------------------------------------------------

REMOTE = 8
"""One posting in so many is for any place."""
_END_OF_LINE = re.compile(r"\n+|(?<=[.!?])\s+")


def texts(patterns: Patterns) -> Materials:
    """Titles, lines and skills of these postings, put together anew within each trade."""
    by_trade = list(_by_trade(patterns).values())
    titles, titles_of = _numbered([[one.title for one in some] for some in by_trade])
    lines, lines_of = _numbered([[line for one in some for line in _lines_of(one)] for some in by_trade])
    terms, terms_of = _numbered(_terms_by_trade(by_trade))
    return Materials(
        name="texts",
        trades=len(by_trade),
        titles=Pool.of(len(titles), titles_of),
        title_counts=text.count(titles),
        lines=Pool.of(len(lines), lines_of),
        line_counts=text.count(lines),
        skills=Pool.of(len(terms), terms_of, own_share=0.75),
        skill_counts=text.count(terms) * text.SKILL_TIMES,
        terms=terms,
        conditions=_conditions(patterns, [*_by_trade(patterns)], len(by_trade)),
        lines_each={"seeker": (2, 7), "posting": (4, 18)},
        skills_each={"seeker": (3, 10), "posting": (2, 8)},
    )


def _lines_of(posting: PostingFacts) -> Iterable[str]:
    whole = "\n".join((posting.description, posting.qualification, posting.preferred))
    return (line for line in _END_OF_LINE.split(whole) if line.strip())


def _terms_by_trade(by_trade: Sequence[Sequence[PostingFacts]]) -> list[list[str]]:
    """Skills; where no posting names any, the words of the titles."""
    skills = [[term for one in some for term in _terms_of(one)] for some in by_trade]
    if any(skills):
        return skills
    return [[canonical(word) for one in some for word in text.words(one.title)] for some in by_trade]


def _terms_of(posting: PostingFacts) -> Iterable[str]:
    return filter(None, map(canonical, (*posting.required_skills, *posting.preferred_skills)))


def _numbered(by_trade: Sequence[Sequence[str]]) -> tuple[list[str], list[list[int]]]:
    """Everything once, and the numbers that each trade uses; a trade that has none uses all."""
    numbers: dict[str, int] = {}
    used = [sorted({numbers.setdefault(one, len(numbers)) for one in some}) for some in by_trade]
    return list(numbers), [some or list(range(len(numbers))) for some in used]


# --- both -----------------------------------------------------------------------------------------------------------


def _by_trade(patterns: Patterns) -> dict[str, list[PostingFacts]]:
    """Postings by the first digits of their occupation; where none is told, by the skill that most of them name."""
    common = Counter(term for one in patterns.postings for term in set(_terms_of(one)))
    trades: dict[str, list[PostingFacts]] = defaultdict(list)
    for one in patterns.postings:
        by_skill = max(_terms_of(one), key=lambda term: (common[term], term), default="")
        trades[one.occupation_code[:3] if one.occupation_code else by_skill].append(one)
    return dict(sorted(trades.items()))


def _conditions(patterns: Patterns, keys: Sequence[str], trades: int) -> dict[Side, Sequence[Sequence[Facts]]]:
    postings = list(_by_trade(patterns).values())
    wishing = [[one for one in patterns.seekers if _wishes(one, key)] or patterns.seekers for key in keys]
    of_postings = [[_bare(one, at % REMOTE == 0) for at, one in enumerate(some, 1)] for some in postings]
    of_seekers = [[one.model_copy(update=_NO_SEEKER_TEXT) for one in some] for some in wishing]
    turns = [trade % len(keys) for trade in range(trades)]
    return {"posting": [of_postings[at] for at in turns], "seeker": [of_seekers[at] for at in turns]}


def _bare(posting: PostingFacts, remote: bool) -> PostingFacts:
    place = posting.place.model_copy(update={"remote": True}) if remote else posting.place
    return posting.model_copy(update=_NO_POSTING_TEXT | {"place": place})


_NO_POSTING_TEXT = {"title": "-", "description": "", "qualification": "", "preferred": "", "required_skills": ()}
_NO_SEEKER_TEXT = {"summary": "", "skills": ()}


def _wishes(seeker: SeekerFacts, trade: str) -> bool:
    return any(code.startswith(trade) or trade.startswith(code) for code in seeker.wishes.occupation_codes)


def _starts(by_trade: Sequence[Numbers]) -> Numbers:
    return np.cumsum([0, *map(len, by_trade)])


def _no_counts(rows: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((rows, text.COLUMNS))


def trades_of(materials: Materials, chance: np.random.Generator, count: int) -> Numbers:
    """Somebody's trade: some are many."""
    return ranks(chance, materials.trades, 10, count)
