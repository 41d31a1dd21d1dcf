"""How good is the text part on labelled Korean occupations? A summary as a stand-in seeker, duties as the postings."""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np

from services.matching.engine import text
from services.matching.engine.index import Epoch, Index
from services.matching.engine.profiles import Profile, Side
from services.matching.engine.scorer import Rules
from shared.contracts import PostingFacts, SeekerFacts
from tests.labelled_data import labelled
from tests.unit.matching.examples import START

LEAST_MAP = 0.17
AT_ONCE = 100


def test_summaries_find_their_occupations(record_property: Callable[[str, object], None]) -> None:
    kdot = labelled("kdot")
    seekers = _read(kdot / "profile_graded" / "queries.dev.jsonl")
    postings = [one for one in _read(kdot / "corpus.jsonl") if one["duties"].strip()]
    relevant = _relevant(kdot / "profile_graded" / "qrels.dev.tsv")
    index = _index([one["text"] for one in seekers], [one["duties"] for one in postings])

    precisions: list[float] = []
    numbers = {one["id"]: number for number, one in enumerate(postings)}
    for start in range(0, len(seekers), AT_ONCE):
        some = seekers[start : start + AT_ONCE]
        scored = index.score(np.arange(start, start + len(some)), index.shelves["posting"].live())
        for one, scores in zip(some, scored.scores, strict=True):
            good = {numbers[posting] for posting in relevant[one["id"]] if posting in numbers}
            precisions.append(_average_precision(np.argsort(-scores, kind="stable").tolist(), good))
    mean = float(np.mean(precisions))
    record_property("MAP", round(mean, 4))
    print(f"\nkdot profile_graded dev: MAP {mean:.4f} over {len(precisions)} summaries")  # noqa: T201 - the report
    assert mean >= LEAST_MAP


def _index(summaries: Sequence[str], duties: Sequence[str]) -> Index:
    seekers = [_profile("seeker", at, SeekerFacts(summary=said[:5_000])) for at, said in enumerate(summaries)]
    postings = [
        _profile(
            "posting",
            at,
            PostingFacts(agency_id=UUID(int=0), source_ref="1", title="·", employer="·", description=said),
        )
        for at, said in enumerate(duties)
    ]
    frequencies = text.fit_frequencies(text.count([*summaries, *duties]))
    index = Index(Epoch(1, Rules(), frequencies))
    index.put("seeker", index.read("seeker", seekers))
    index.put("posting", index.read("posting", postings))
    return index


def _profile(side: Side, number: int, facts: SeekerFacts | PostingFacts) -> Profile:
    return Profile(side, UUID(int=number), 1, START, facts)


def _read(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _relevant(path: Path) -> dict[str, set[str]]:
    relevant: dict[str, set[str]] = defaultdict(set)
    for query, document, grade in csv.reader(path.read_text("utf-8").splitlines(), delimiter="\t"):
        if float(grade) > 0:
            relevant[query].add(document)
    return relevant


def _average_precision(ranked: Sequence[int], good: set[int]) -> float:
    places = [place for place, one in enumerate(ranked, 1) if one in good]
    return sum(found / place for found, place in enumerate(places, 1)) / len(good)
