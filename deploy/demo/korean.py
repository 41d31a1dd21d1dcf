"""How is it said in Korean? Particles after a word, spans of time and of money as people write them."""

HANGUL_FIRST, HANGUL_LAST, SYLLABLES_A_VOWEL = ord("가"), ord("힣"), 28
CLOSED_DIGITS = "013678"
"""Digits that are read with a final consonant: 영, 일, 삼, 육, 칠, 팔."""


def ends_closed(word: str) -> bool:
    """Whether a word ends in a consonant as it is spoken; brackets and Latin letters count as open."""
    last = word.rstrip(") ]")[-1:]
    if last.isdigit():
        return last in CLOSED_DIGITS
    if not last or not HANGUL_FIRST <= ord(last) <= HANGUL_LAST:
        return False
    return (ord(last) - HANGUL_FIRST) % SYLLABLES_A_VOWEL != 0


def topic(word: str) -> str:
    """`가게는`, `식당은`."""
    return word + ("은" if ends_closed(word) else "는")


def span(months: int) -> str:
    """`6개월`, `1년`, `2년 반`, `3년 4개월`."""
    years, rest = divmod(months, 12)
    if not years:
        return f"{rest}개월"
    return f"{years}년" + ("" if not rest else " 반" if rest == 6 else f" {rest}개월")


def held(certificate: str) -> str:
    """What a posting asks for when it asks for a certificate."""
    if "교육" in certificate:
        return f"{certificate} 이수자"
    if certificate.endswith("종 보통"):
        return f"운전면허 {certificate} 소지자"
    return f"{certificate} 소지자" if certificate.endswith("자격") else f"{certificate} 자격 소지자"
