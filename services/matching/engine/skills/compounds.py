"""Of which known words is an unknown term made? `앱배포관리` is app, deployment, management."""

from dataclasses import dataclass
from functools import lru_cache

from services.matching.engine.skills.terms import aliases, spellings, words

LONGEST_TERM = 60
"""Letters of a term that is looked into; what is longer is a sentence."""
_LONGEST_PIECE = 24
_SHORTEST_LATIN = 3
_SHORTEST_KOREAN = 2
_SHORT_WORDS = frozenset({"앱", "웹"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a term; `english` where the tables know it, `general` where it names no skill by itself."""

    spelled: str
    english: str | None = None
    general: bool = False


@lru_cache(maxsize=2**15)
def pieces(spelled: str) -> tuple[Piece, ...]:
    """A normalised term in pieces: the fewest unknown letters, then the fewest pieces."""
    if len(spelled) > LONGEST_TERM:
        return (Piece(spelled),)
    best: list[tuple[int, int, int]] = [(0, 0, 0)]
    for end in range(1, len(spelled) + 1):
        unknown, count, _ = best[end - 1]
        choice = (unknown + 1, count + 1, end - 1)
        for start in range(max(0, end - _LONGEST_PIECE), end):
            if spelled[start:end] in _pieces():
                unknown, count, _ = best[start]
                choice = min(choice, (unknown, count + 1, start))
        best.append(choice)
    return _read_back(spelled, best)


def _read_back(spelled: str, best: list[tuple[int, int, int]]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    end = len(spelled)
    while end:
        start = best[end][2]
        piece = _pieces().get(spelled[start:end]) or Piece(spelled[start:end])
        if found and piece.english is None and found[-1].english is None:
            found[-1] = Piece(piece.spelled + found[-1].spelled)
        else:
            found.append(piece)
        end = start
    return tuple(reversed(found))


@lru_cache(maxsize=1)
def _pieces() -> dict[str, Piece]:
    general = {spelled: Piece(spelled, english, True) for spelled, english in words().items()}
    known = {spelled: Piece(spelled, english_of(term)) for spelled, term in aliases().items()}
    many = {f"{spelled}s": Piece(f"{spelled}s", piece.english, True) for spelled, piece in general.items()}
    return {spelled: piece for spelled, piece in {**many, **known, **general}.items() if _is_long_enough(spelled)}


def _is_long_enough(spelled: str) -> bool:
    shortest = _SHORTEST_LATIN if spelled.isascii() else _SHORTEST_KOREAN
    return len(spelled) >= shortest or spelled in _SHORT_WORDS


@lru_cache(maxsize=2**15)
def english_of(term: str) -> str:
    """The first English way to write a known term; its own spelling where it has none."""
    return next((spelled for spelled in spellings().get(term, ()) if spelled.isascii()), term)


def word_for_word(spelled: str) -> tuple[str, ...] | None:
    """A term of two or more words, each in English; nothing where a word is unknown."""
    found = pieces(spelled)
    english = tuple(piece.english for piece in found if piece.english)
    return english if len(found) == len(english) > 1 else None


def known_within(spelled: str) -> str | None:
    """The one known term of a compound whose other words are general: `파이썬개발` is about 파이썬."""
    found = pieces(spelled)
    if len(found) < 2 or not all(piece.english for piece in found):
        return None
    specific = [piece.spelled for piece in found if not piece.general]
    if len(specific) > 1:  # `자바웹개발`: 웹개발 is listed, and yet general
        specific = [known for known in specific if not _is_general(known)]
    return aliases()[specific[0]] if len(specific) == 1 else None


def is_known_at(spelled: str, place: int) -> bool:
    """Whether the letter at this place belongs to a word that is known."""
    end = 0
    for piece in pieces(spelled):
        end += len(piece.spelled)
        if place < end:
            return piece.english is not None
    return False


@lru_cache(maxsize=2**12)
def _is_general(known: str) -> bool:
    return any(known[:at] in _general() and known[at:] in _general() for at in range(1, len(known)))


@lru_cache(maxsize=1)
def _general() -> frozenset[str]:
    return frozenset(spelled for spelled, piece in _pieces().items() if piece.general)
