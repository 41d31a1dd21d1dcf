"""How does a term sound, whatever its script? Hangul and Latin spellings of one word share their consonants.

Vowels are written in too many ways to help, so a term is reduced to its consonants in eleven classes that both scripts
tell apart: k t p s c h l m n and nothing. Voiced and unvoiced fall together (g/k, d/t, b/p/v/f), so do l/r.
"""

import re
import unicodedata
from functools import lru_cache

_INITIALS = ("k", "k", "n", "t", "t", "l", "m", "p", "p", "s", "s", "", "c", "c", "c", "k", "t", "p", "h")
"""ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"""
_SPOKEN_INITIALS = ("g", "k", "n", "d", "t", "l", "m", "b", "p", "s", "s", "", "c", "c", "c", "k", "t", "p", "h")
"""The same, with the voiced apart."""
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
        (r"(?<=[aeiou])gn(?=e?[drs]*$|m)", "n"),
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
_SPOKEN = str.maketrans(
    {"c": "k", "q": "k", "f": "p", "v": "b", "r": "l", "j": "c", "C": "c", "S": "s", "z": "s"}
    | dict.fromkeys("aeiouyw", "V")
)
_ENDED = str.maketrans("ktp", "KTP")
"""Voiced or not: the end of a Korean syllable does not tell."""
_EITHER = {"K": "gk", "T": "dt", "P": "bp"}
_BEGUN_AGAIN = re.compile(r"K(?=[gk])|T(?=[dt])|P(?=[bp])")
_BEAT = re.compile(r"(V?)V*([^V]|$)")
_PLAIN = re.compile(r"[a-z]+|[가-힣]+|[0-9]+")
_ONE_SCRIPT = re.compile(r"[a-z]+|[가-힣]+")
_SILENT = re.compile(r"(?<=[a-z]{2})e$")
_EU = 18
"""The place of ㅡ among the vowels."""
MOST_VOWELS_APART = 1
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
    return _told_apart(word).translate(_CLASSES)


def _told_apart(word: str) -> str:
    for pattern, sound in _LATIN_SOUNDS:
        word = pattern.sub(sound, word)
    return word


def is_sound(spelled: str) -> bool:
    """Whether a normalised term is written in one of the two scripts alone."""
    return bool(_ONE_SCRIPT.fullmatch(spelled))


def is_read_aloud(latin: str, korean: str) -> bool:
    """Whether the Korean letters write down how the Latin word sounds, as loanwords are written.

    ㅋ ㅌ ㅍ stand for k t p, ㄱ ㄷ ㅂ for g d b; both begin with a vowel or neither, and of the vowels
    between consonants, of which ㅡ is none, one at most is in one of them alone.
    """
    beats, written = _beats(_spoken_latin(latin)), _beats(_spoken_hangul(korean))
    if len(beats) != len(written) or beats[0][0] != written[0][0]:
        return False
    pairs = list(zip(beats, written, strict=True))
    if any(heard not in _EITHER.get(letter, letter) for (_, heard), (_, letter) in pairs):
        return False
    return sum(vowel != vowel_written for (vowel, _), (vowel_written, _) in pairs) <= MOST_VOWELS_APART


def _beats(spoken: str) -> list[tuple[str, str]]:
    """Each consonant, and at last the end, after whether a vowel goes before it."""
    return _BEAT.findall(spoken)


def _spoken_latin(word: str) -> str:
    spoken = _told_apart(word)
    heard = spoken.removesuffix("e") if _SILENT.search(word) else spoken
    return _TWICE.sub(r"\1", heard.translate(_SPOKEN))


def _spoken_hangul(word: str) -> str:
    return _TWICE.sub(r"\1", _BEGUN_AGAIN.sub("", "".join(map(_spoken_syllable, word))))


def _spoken_syllable(syllable: str) -> str:
    if ending := _ENDINGS.get(syllable):
        return ending
    initial, rest = divmod(ord(syllable) - _FIRST_SYLLABLE, _SYLLABLES_AN_INITIAL)
    vowel, final = divmod(rest, _FINALS_A_VOWEL)
    ended = _FINALS.get(_FINAL_LETTERS[final], "").translate(_ENDED)
    return _SPOKEN_INITIALS[initial] + ("" if vowel == _EU else "V") + ended
