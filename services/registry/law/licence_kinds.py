"""Which kinds of agency are there? Four under the Employment Security Act, each by its Korean and its English word."""

from typing import Literal

Licence = Literal["공공", "무료", "유료", "정보제공"]
"""Public, free (filed), paid (registered), information provider: as it is kept and shown."""
LicenceWord = Literal["공공", "무료", "유료", "정보제공", "public", "free", "paid", "information"]
"""As a person or a program may say it."""

LICENCES: dict[LicenceWord, Licence] = {
    "공공": "공공",
    "무료": "무료",
    "유료": "유료",
    "정보제공": "정보제공",
    "public": "공공",
    "free": "무료",
    "paid": "유료",
    "information": "정보제공",
}


def licence_kept(word: str) -> Licence:
    """The kind in what we kept."""
    return next(licence for licence in LICENCES.values() if licence == word)


def licence_of(word: LicenceWord) -> Licence:
    """The kind that a word of either language names."""
    return LICENCES[word]
