"""How Korean sentences are put together: particles after any word, stems made into endings."""

import re

HANGUL = range(0xAC00, 0xD7A4)
FINALS = 28
RIEUL = 8
BIEUP = 17

_PARTICLES = {
    "은/는": ("은", "는"),
    "이/가": ("이", "가"),
    "을/를": ("을", "를"),
    "과/와": ("과", "와"),
    "으로/로": ("으로", "로"),
}
# How a digit ends when read in Korean: 영 일 이 삼 사 오 육 칠 팔 구.
_DIGIT_FINAL = {"0": BIEUP, "1": RIEUL, "3": BIEUP, "6": BIEUP, "7": RIEUL, "8": RIEUL}
# A Latin letter read by its name that ends in a consonant: 엘 엠 엔 알.
_LETTER_FINAL = {"L": RIEUL, "M": BIEUP, "N": BIEUP, "R": RIEUL}
# A Latin word read as a loanword that ends in a consonant: 엑셀 크롬 파이썬 스프링 샵 슬랙 깃 오라클 크롬(e) 라인.
_LOANWORD_RIEUL = re.compile(r"(l|le)$")
_LOANWORD_FINAL = re.compile(r"(m|n|ng|me|ne|ck|(?<![aeiou])[aeiou][pkt]|web)$")


class Word(str):
    """A word that takes the fitting particle when formatted: `f"{Word('엑셀'):을/를}"` is 엑셀을."""

    __slots__ = ()

    def __format__(self, particle: str) -> str:
        return with_particle(str(self), particle) if particle in _PARTICLES else super().__format__(particle)


def with_particle(word: str, particle: str) -> str:
    """The word with the form of the particle that its last sound asks for."""
    closed, open_ = _PARTICLES[particle]
    final = last_final(word)
    takes_open = final == 0 or (particle == "으로/로" and final == RIEUL)
    return word + (open_ if takes_open else closed)


def last_final(word: str) -> int:
    """The final consonant of the last syllable as read aloud: 0 for none, else its number in the Hangul table."""
    spoken = re.sub(r"[^\w+#]+$", "", word)
    if not spoken:
        return 0
    last = spoken[-1]
    if ord(last) in HANGUL:
        return (ord(last) - HANGUL.start) % FINALS
    if last == "#":
        return BIEUP  # 샵
    return _DIGIT_FINAL.get(last, 0) if last.isdigit() else _latin_final(spoken)


def _latin_final(spoken: str) -> int:
    match = re.search(r"[A-Za-z]+$", spoken)
    if not match:
        return 0
    letters = match.group()
    if letters.isupper():
        return _LETTER_FINAL.get(letters[-1], 0)
    if _LOANWORD_RIEUL.search(letters.lower()):
        return RIEUL
    return BIEUP if _LOANWORD_FINAL.search(letters.lower()) else 0


def listed(words: tuple[str, ...] | list[str], most: int) -> Word:
    """Words in a row as one says them: 엑셀과 파이썬; 엑셀, 파이썬과 한글; 엑셀, 파이썬, 한글 등."""
    if len(words) > most:
        return Word(", ".join(words[:most]) + " 등")
    if len(words) < 2:
        return Word("".join(words))
    return Word(", ".join([*words[:-2], f"{with_particle(words[-2], '과/와')} {words[-1]}"]))


def politely(stem: str) -> str:
    """A predicate's stem with the polite ending: 갖추었 → 갖추었습니다, 희망하신 직종이 → 희망하신 직종입니다."""
    last = ord(stem[-1])
    if last not in HANGUL or (last - HANGUL.start) % FINALS:
        return stem + "습니다"
    return stem[:-1] + chr(last + BIEUP) + "니다"
