"""How is a loop over arrays compiled? Once for a machine, where it has a place to keep what was compiled."""

from collections.abc import Callable
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
    return cast(Function, made)
