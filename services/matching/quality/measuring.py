"""How well do our own code and its peers rank a labelled set? All systems in one run, over the same texts."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.matching.quality import peers
from services.matching.quality.evaluation import Evaluation, Measured, best_first, measure, summed_up
from services.matching.quality.labelled import LabelledSet, Names
from services.matching.quality.ranking import (
    Kind,
    Scores,
    as_document,
    by_names,
    by_skill,
    by_text,
    is_known,
    skill_names,
)

MOST_LETTERS = 400_000_000
"""Letters that token_set_ratio may read, times queries; where it would read more, it is asked evenly chosen ones."""


@dataclass(frozen=True)
class Result:
    """What one system reached, and in how many seconds."""

    system: str
    evaluation: Evaluation
    seconds: float


def results(
    labelled: LabelledSet, kind: Kind, fields: Sequence[str], names: Names, *, beside: bool
) -> Iterator[Result]:
    """Ours first, then the peers if they are asked for; by and by, since some take minutes."""
    labelled = LabelledSet(labelled.queries, tuple(sorted(labelled.documents, key=_id)), labelled.grades)
    asked = [one["text"] for one in labelled.queries]
    everyone = range(len(asked))
    if kind == "skill":
        told = [skill_names(one, fields, names.get(one["id"], ())) for one in labelled.documents]
        texts = ["\n".join(some) for some in told]
        yield from _ours_by_table(labelled, lambda: by_skill(asked, told))
    else:
        documents = [as_document(one, fields, names.get(one["id"], ())) for one in labelled.documents]
        texts = [one.whole for one in documents]
        yield _result("ours", labelled, everyone, _by_text(asked, labelled, fields, names))
    for peer in peers.PEERS if beside else ():
        chosen = _affordable(texts, len(asked)) if peer == "token_set_ratio" else everyone
        some = [asked[at] for at in chosen]
        yield _result(peer, labelled, chosen, _of_peer(peer, some, texts))


def _by_text(
    asked: Sequence[str], labelled: LabelledSet, fields: Sequence[str], names: Names
) -> Callable[[], Iterator[Scores]]:
    documents = [as_document(one, fields) for one in labelled.documents]
    if not names:
        return lambda: by_text(asked, documents)
    told = [
        (one.title, *names.get(record["id"], ())) for one, record in zip(documents, labelled.documents, strict=True)
    ]
    return lambda: by_names(asked, documents, told)


def _of_peer(peer: peers.PeerName, queries: Sequence[str], texts: Sequence[str]) -> Callable[[], Iterator[Scores]]:
    return lambda: peers.blocks(peer, queries, texts)


def _result(system: str, labelled: LabelledSet, chosen: Sequence[int], rank: Callable[[], Iterator[Scores]]) -> Result:
    started = time.perf_counter()
    measured = _measured(labelled, chosen, rank())
    return Result(system, summed_up(measured), time.perf_counter() - started)


def _ours_by_table(labelled: LabelledSet, rank: Callable[[], Iterator[Scores]]) -> Iterator[Result]:
    """All queries, then those that the table of aliases knows and those that it does not: likeness alone."""
    started = time.perf_counter()
    measured = _measured(labelled, range(len(labelled.queries)), rank())
    seconds = time.perf_counter() - started
    yield Result("ours", summed_up(measured), seconds)
    known = [is_known(one["text"]) for one in labelled.queries]
    for system, is_in in (("ours, in the table", True), ("ours, not in the table", False)):
        some = [one for one, knows in zip(measured, known, strict=True) if knows is is_in]
        if 0 < len(some) < len(measured):
            yield Result(system, summed_up(some), seconds)


def _measured(labelled: LabelledSet, chosen: Sequence[int], blocks: Iterable[Scores]) -> list[Measured]:
    ids = [one["id"] for one in labelled.documents]
    rows = (row for block in blocks for row in block)
    measured = []
    for at, scores in zip(chosen, rows, strict=True):
        query = labelled.queries[at]
        own = query.get("self")
        ranked = [document for document in best_first(scores, ids) if document != own]
        measured.append(measure(ranked, labelled.grades[query["id"]]))
    return measured


def _affordable(texts: Sequence[str], queries: int) -> Sequence[int]:
    most = max(1, MOST_LETTERS // max(1, sum(map(len, texts))))
    if queries <= most:
        return range(queries)
    chosen: list[int] = np.linspace(0, queries - 1, most).astype(int).tolist()
    return chosen


def _id(record: dict[str, str]) -> str:
    return record["id"]
