"""Who answers? Ours, and what one would pick instead, all over the same rows with the same threads."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from services.matching.bench.answers import Best, by_scorer, by_sums, found_by_us, found_in_rows, wrong
from services.matching.bench.made import PLAIN, TOP, World
from services.matching.engine.index import Index
from services.matching.engine.kernels import OUT_OF_REACH
from services.matching.engine.profiles import SIDES, Side, other_side
from services.matching.engine.scorer import FULL
from services.matching.engine.search import THREADS, reached
from services.matching.engine.shelf import HELD, Slots
from services.matching.engine.skills.likeness import SAME
from services.matching.engine.text import COLUMNS

CHECKED = 24
"""Queries of each system that are compared with a look at everyone, before anything is timed."""
SINGLE = 1e-6
"""What sums in single precision may be off."""
WHOLE = "ours, whole"
WRONG = "DOES NOT COUNT"
NOT_INSTALLED = "not installed: pip install 'iljari[bench]'"


class System(NamedTuple):
    """Somebody who finds the best of the other side."""

    name: str
    note: str
    ask: Callable[[Side, Slots], Any]
    check: Callable[[Side, Slots, Any], int]
    """Of how many of the first that asked the answer is wrong."""


class Absent(NamedTuple):
    """A peer that cannot be measured, and why."""

    name: str
    why: str


def noted(system: System, wrong: int, checked: int) -> str:
    """What is to be said beside its figures."""
    if wrong:
        return f"{WRONG}: {wrong} of {checked} answers differ from brute force; {system.note}"
    return f"{system.note}; top {TOP} of {checked} equal brute force"


def ours(index: Index, name: str, note: str) -> System:
    """The search of production; floors out of reach ask for the best alone."""
    floors = {side: np.full(len(index.shelves[side].floors), OUT_OF_REACH, dtype=np.int32) for side in SIDES}

    def ask(side: Side, asked: Slots) -> Any:
        return list(reached(index, side, asked, floors[other_side(side)]))

    def check(side: Side, asked: Slots, found: Any) -> int:
        some = asked[:CHECKED]
        return wrong(found_by_us(found, some), by_scorer(index, side, some))

    return System(name, note, ask, check)


def whole(world: World) -> System:
    return ours(world.whole, WHOLE, "gates and nine parts")


def plain(world: World) -> System:
    return ours(world.plain, "ours, plain sum", "text and skills")


@dataclass(frozen=True)
class Matrices:
    """The plain sum as one sparse product: a posting's row times a seeker's row is the score."""

    rows: dict[Side, sparse.csr_matrix]
    exact: dict[Side, sparse.csr_matrix]
    turned: dict[Side, sparse.csr_matrix]

    @classmethod
    def of(cls, world: World) -> "Matrices":
        exact: dict[Side, sparse.csr_matrix] = {
            "seeker": _seeker_rows(world.plain),
            "posting": _posting_rows(world.plain),
        }
        rows: dict[Side, sparse.csr_matrix] = {side: some.astype(np.float32) for side, some in exact.items()}
        return cls(rows, exact, {side: some.T.tocsr() for side, some in rows.items()})


def sparse_dot_topn(matrices: Matrices) -> System | Absent:
    """The strongest peer: products that keep the best, compiled, over several threads; single precision is granted."""
    if find_spec("sparse_dot_topn") is None:
        return Absent("sparse_dot_topn", NOT_INSTALLED)
    from sparse_dot_topn import sp_matmul_topn

    def ask(side: Side, asked: Slots) -> Any:
        turned = matrices.turned[other_side(side)]
        return sp_matmul_topn(
            matrices.rows[side][asked], turned, top_n=TOP, sort=True, n_threads=min(THREADS, len(asked))
        )

    return System(
        "sparse_dot_topn", f"text and skills, {THREADS} threads (one for one row)", ask, _checked_by(matrices)
    )


def scipy_product(matrices: Matrices) -> System:
    """The whole product, a portion at a time, then the best of each row; SciPy works on one thread."""

    def ask(side: Side, asked: Slots) -> Any:
        portions = np.array_split(asked, max(1, len(asked) // 64))
        found = [_best_of(matrices.rows[side][some] @ matrices.turned[other_side(side)]) for some in portions]
        return sparse.vstack(found, format="csr")

    return System("SciPy product + argpartition", "text and skills, 1 thread", ask, _checked_by(matrices))


def _best_of(products: sparse.csr_matrix) -> sparse.csr_matrix:
    dense = products.toarray()
    size = min(TOP, dense.shape[1])
    best = np.argpartition(-dense, size - 1, axis=1)[:, :size]
    rows = np.repeat(np.arange(len(dense)), size)
    scores = np.take_along_axis(dense, best, axis=1).ravel()
    found = sparse.csr_matrix((scores, (rows, best.ravel())), shape=dense.shape)
    found.eliminate_zeros()
    return found


def _checked_by(matrices: Matrices) -> Callable[[Side, Slots, Any], int]:
    def check(side: Side, asked: Slots, found: Any) -> int:
        some = asked[:CHECKED]
        exact = by_sums(matrices.exact[side][some], matrices.exact[other_side(side)])
        return wrong(found_in_rows(found, len(some)), exact, SINGLE)

    return check


def same_sums(matrices: Matrices, index: Index, side: Side, asked: Slots) -> bool:
    """Whether the plain sum of our scorer and the product of the rows are one definition, but for whole numbers."""
    by_us: Best = by_scorer(index, side, asked)
    by_product = by_sums(matrices.exact[side][asked], matrices.exact[other_side(side)])
    return bool((np.abs(by_us.scores / FULL - by_product.scores) <= 1.5 / FULL).all())


def expanded(held: sparse.csr_matrix, alike: sparse.csr_matrix) -> sparse.csr_matrix:
    """`E[s, r]`: the greatest likeness of any of a seeker's terms to term r; one term of everyone at a time."""
    counts = np.diff(held.indptr)
    greatest = sparse.csr_matrix((held.shape[0], alike.shape[1]))
    for place in range(counts.max(initial=0)):
        who = np.flatnonzero(counts > place)
        picked = (np.ones(len(who)), (who, held.indices[held.indptr[who] + place]))
        greatest = greatest.maximum(sparse.csr_matrix(picked, shape=held.shape) @ alike)
    return greatest.tocsr()


def _seeker_rows(index: Index) -> sparse.csr_matrix:
    shelf, width = index.shelves["seeker"], len(index.vocabulary)
    everyone = shelf.live()
    likeness = index.vocabulary.matrix().astype(np.float64) / SAME
    skills = expanded(shelf.skills[HELD].take(everyone, width), likeness)
    return sparse.hstack([shelf.text.take(everyone, COLUMNS), skills], format="csr")


def _posting_rows(index: Index) -> sparse.csr_matrix:
    shelf, width = index.shelves["posting"], len(index.vocabulary)
    everyone = shelf.live()
    asked = shelf.skills["required_skills"].take(everyone, width)
    counts = np.diff(asked.indptr)
    shares = asked.multiply(sparse.csr_matrix(1.0 / np.maximum(counts, 1)).T).tocsr()
    weights = PLAIN.weights["text"], PLAIN.weights["required_skills"]
    parts = [shelf.text.take(everyone, COLUMNS) * weights[0], shares * weights[1]]
    return sparse.hstack(parts, format="csr") / sum(weights)
