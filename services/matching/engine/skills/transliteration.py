"""How does a term sound, whatever its script? Hangul and Latin spellings of one word share their consonants.

Vowels are written in too many ways to help, so a term is reduced to its consonants in eleven classes that both scripts
tell apart: k t p s c h l m n and nothing. Voiced and unvoiced fall together (g/k, d/t, b/p/v/f), so do l/r.
"""

import re
import unicodedata
from functools import lru_cache

_INITIALS = ("k", "k", "n", "t", "t", "l", "m", "p", "p", "s", "s", "", "c", "c", "c", "k", "t", "p", "h")
"""ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"""
_FINALS = dict(
    zip("ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ", "kkknnntllllllllmppttnttktpt", strict=True)
)
_FINAL_LETTERS = ("", *_FINALS)
_ENDINGS = {"즈": "s", "츠": "ts"}
"""What English plurals become."""
_FIRST_SYLLABLE, _SYLLABLES_AN_INITIAL, _FINALS_A_VOWEL = 0xAC00, 588, 28

_LATIN_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"(?<=[a-z])ght", "t"),
        (r"^(?:kn|gn)", "n"),
        (r"^wr", "r"),
        (r"^wh", "w"),
        (r"^ps(?=[yei])", "s"),
        (r"^x", "s"),
        (r"tch", "C"),
        (r"chr", "kr"),
        (r"sch", "sk"),
        (r"ch", "C"),
        (r"ph", "p"),
        (r"[ts]h", "s"),
        (r"ck|cq|q", "k"),
        (r"dg(?=[eiy])", "C"),
        (r"(?:t|s|c|x)i(?=on|al|ous|an)", "S"),
        (r"tu(?=r|al)", "C"),
        (r"sc(?=[eiy])", "s"),
        (r"cc(?=[eiy])", "ks"),
        (r"c(?=[eiy])", "s"),
        (r"g(?=[eiy])", "C"),
        (r"gh", "k"),
        (r"ng(?=[^aeiouyrlw]|$)", "n"),
        (r"mb$", "m"),
        (r"x", "ks"),
        (r"st(?=m|le$|en$)", "s"),
        (r"(?<=[aeiouy])r(?![aeiouyr])|(?<=[aeiouy])r(?=es?$)", ""),
    )
)
_CLASSES = str.maketrans(
    {**dict.fromkeys("cgk", "k"), **dict.fromkeys("dt", "t"), **dict.fromkeys("bpvf", "p"), **dict.fromkeys("lr", "l")}
    | {**dict.fromkeys("jC", "c"), **dict.fromkeys("Sz", "s"), **dict.fromkeys("aeiouyw", "")}
)
_PLAIN = re.compile(r"[a-z]+|[가-힣]+|[0-9]+")
_ONE_SCRIPT = re.compile(r"[a-z]+|[가-힣]+")
_LATIN_VOWELS = re.compile(r"[aeiouyw]+")
_SILENT = re.compile(r"(?<=[a-z]{2})e$")
_EU = 18
"""The place of ㅡ among the vowels."""
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=2**16)
def skeleton(written: str) -> str:
    """The consonants of a word in either script; figures stand for themselves, other letters for nothing."""
    plain = unicodedata.normalize("NFKC", written).casefold()
    return _TWICE.sub(r"\1", "".join(_sound(piece) for piece in _PLAIN.findall(plain)))


def _sound(piece: str) -> str:
    if piece[0].isdigit():
        return piece
    if piece.isascii():
        return _latin(piece)
    return _hangul(piece)


def _hangul(word: str) -> str:
    sounds: list[str] = []
    for syllable in word:
        if ending := _ENDINGS.get(syllable):
            sounds.append(ending)
            continue
        initial, rest = divmod(ord(syllable) - _FIRST_SYLLABLE, _SYLLABLES_AN_INITIAL)
        sounds.append(_INITIALS[initial])
        if final := _FINAL_LETTERS[rest % _FINALS_A_VOWEL]:
            sounds.append(_FINALS[final])
    return "".join(sounds)


def _latin(word: str) -> str:
    for pattern, sound in _LATIN_SOUNDS:
        word = pattern.sub(sound, word)
    return word.translate(_CLASSES)


def is_sound(spelled: str) -> bool:
    """Whether a normalised term is written in one of the two scripts alone."""
    return bool(_ONE_SCRIPT.fullmatch(spelled))


def vowels(spelled: str) -> int:
    """How many vowels are heard; the ㅡ between consonants and a last silent e are not."""
    if spelled.isascii():
        return len(_LATIN_VOWELS.findall(_SILENT.sub("", spelled)))
    return sum(
        (ord(syllable) - _FIRST_SYLLABLE) % _SYLLABLES_AN_INITIAL // _FINALS_A_VOWEL != _EU for syllable in spelled
    )
