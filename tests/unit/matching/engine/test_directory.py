"""An inverted index holds every value of every document once, where its directory says, and nothing anywhere else."""

import numpy as np
import pytest
from scipy import sparse

from services.matching.engine.directory import sizes_of
from services.matching.engine.kernels import SparseRows, invert

TEXT_WIDTH, TERMS = 1_000, 77
OFTEN = 15


def rows_of(matrix: sparse.csr_matrix) -> SparseRows:
    return SparseRows(matrix.indptr.astype(np.int64), matrix.indices, matrix.data)


@pytest.mark.parametrize("count", [1, 40])
def test_every_value_stands_in_its_columns_list_or_in_the_head(count: int) -> None:
    chance = np.random.default_rng(count)
    text = sparse.random(2 * count, TEXT_WIDTH, density=0.02, format="lil", random_state=chance)
    text[:, [0, 63, 64, TEXT_WIDTH - 1]] = 1.0  # the ends of words of bits, and what many have
    text = text.tocsr()
    text.data = chance.integers(1, 2**15, text.nnz).astype(np.uint16)
    members = chance.permutation(2 * count)[:count].astype(np.int32)
    terms = sparse.random(count, TERMS, density=0.1, format="csr", random_state=chance)
    lists, entries, head, _, head_starts, head_entries = invert(
        rows_of(text), rows_of(terms), members, TEXT_WIDTH, TEXT_WIDTH + TERMS, OFTEN
    )
    own, told = text[members].tocsc(), np.zeros((count, TEXT_WIDTH), dtype=np.int64)
    assert head.tolist() == np.flatnonzero(np.diff(own.indptr) >= OFTEN).tolist()
    for near in range(count):
        for entry in head_entries[head_starts[near] : head_starts[near + 1]].tolist():
            told[near, head[entry >> 16]] = entry & 65_535
    sizes = sizes_of(lists, np.arange(TEXT_WIDTH + TERMS + 10_000))
    assert sizes[TEXT_WIDTH + TERMS :].sum() == 0, "what no document has, or what was met later, has no list"
    firsts = np.cumsum(sizes) - sizes
    for column in range(TEXT_WIDTH):
        for entry in entries[firsts[column] : firsts[column] + sizes[column]].tolist():
            told[entry >> 16, column] = entry & 65_535
    assert (told == own.toarray()).all()
    assert sizes[TEXT_WIDTH : TEXT_WIDTH + TERMS].tolist() == np.diff(terms.tocsc().indptr).tolist()
    assert len(entries) + len(head_entries) == own.nnz + terms.nnz
