"""Which grade of a licence is meant? `컴활 1급` is not `컴활 2급`, nor is a 기능사 a 기사."""

import re

_GRADE = re.compile(r"(?P<grade>[1-3]|iii|ii|i)급")
_ROMAN = {"i": "1", "ii": "2", "iii": "3"}
_RANK = re.compile(r"(?<=[가-힣]{2})(?:산업기사|기능사|기능장|기술사|기사)$")


def split_grade(spelled: str) -> tuple[str, str | None]:
    """A normalised term without its grade, and the grade as a figure; the term as it is where it states none."""
    found = _GRADE.search(spelled)
    if not found:
        return spelled, None
    grade = found["grade"]
    return spelled[: found.start()] + spelled[found.end() :], _ROMAN.get(grade, grade)


def join_grade(term: str, grade: str) -> str:
    return f"{term}{grade}급"


def split_rank(spelled: str) -> tuple[str, str | None]:
    """The trade of a national licence, and its rank: 기능사 < 산업기사 < 기사 < 기술사, and 기능장 beside them."""
    found = _RANK.search(spelled)
    return (spelled[: found.start()], found[0]) if found else (spelled, None)
