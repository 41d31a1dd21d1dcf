"""Which grade of a licence is meant? `컴활 1급` is not `컴활 2급`, nor is a 기능사 a 기사."""

import re

_GRADE = re.compile(r"(?<![0-9])(?:(?P<grade>[1-9]|iii|ii|i|특|[a-c]등)급|[1-9][0-9]{1,3}점|[1-4]종$)|(?<=jlpt)n[1-5]$")
_ROMAN = {"i": "1", "ii": "2", "iii": "3"}
_RANK = re.compile(r"(?<=[가-힣]{2})(?:산업기사|기능사|기능장|기술사|기사)$")


def split_grade(spelled: str) -> tuple[str, str | None]:
    """A normalised term without its grade or score, and that (`1급`, `900점`); as it is where it states none."""
    found = _GRADE.search(spelled)
    if not found:
        return spelled, None
    grade = f"{_ROMAN[found['grade']]}급" if found["grade"] in _ROMAN else found[0]
    return spelled[: found.start()] + spelled[found.end() :], grade


def split_rank(spelled: str) -> tuple[str, str | None]:
    """The trade of a national licence, and its rank: 기능사 < 산업기사 < 기사 < 기술사, and 기능장 beside them."""
    found = _RANK.search(spelled)
    return (spelled[: found.start()], found[0]) if found else (spelled, None)
