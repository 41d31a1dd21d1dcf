"""How is a loop over arrays compiled? Once for a machine and a release, where it has a place to keep what was compiled.

What is compiled has its helpers and constants of other modules in it, so it is kept for the engine's whole source: as
Numba would have it, the date of one file would do, and a helper changed elsewhere would go unheard.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compiled at its first call, and kept on disk for the next start where there is a place for it."""
    return _kept_if_possible(function)


def inlined(function: Function) -> Function:
    """Compiled into its callers: a call would pass dozens of arrays, and count references to each."""
    return _kept_if_possible(function, forceinline=True)


def _kept_if_possible(function: Function, **options: Any) -> Function:
    made: Any
    try:
        made = njit(nogil=True, error_model="numpy", cache=True, **options)(function)
    except RuntimeError:  # a read-only machine: compiled at every start
        made = njit(nogil=True, error_model="numpy", **options)(function)
    else:
        kept = made._cache._cache_file  # Numba has no open way to say what else it depends on
        kept._source_stamp = (kept._source_stamp, _source())
    return cast(Function, made)


@lru_cache(maxsize=1)
def _source() -> str:
    """What all that is compiled together says."""
    said = blake2b(digest_size=16)
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        said.update(file.read_bytes())
    return said.hexdigest()
