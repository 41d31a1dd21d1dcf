"""How a sender's words are read: each reading turns one text into one of our values, or says that it cannot."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from services.registry.intake.districts import district_of
from shared import markup
from shared.clock import KST
from shared.won import won

NOTHING_SAID = frozenset({"", "-", ".", "none", "null", "nan", "n/a", "정보 없음", "정보없음", "미공개", "해당없음"})
"""What senders write into a field that they leave empty."""


class Unread(Exception):
    """A text could not be read; the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Closing:
    """Until when a posting is open: None until filled; and the sender's own words."""

    closes_on: date | None
    note: str = ""


def said(text: str) -> str:
    """The text in one form of each character, or nothing if it only says that nothing is said."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return "" if plain.casefold() in NOTHING_SAID else plain


def read_text(text: str) -> str | None:
    return None if text.strip().casefold() in NOTHING_SAID else text.strip()


def read_html(text: str) -> str | None:
    """Plain text of a snippet."""
    return read_text(markup.plain(text).replace("\xa0", " "))


DIGITS_ONLY = re.compile(r"(\d{4})(\d{2})(\d{2})")
DAY = re.compile(r"(?<!\d)(\d{4}|\d{2})\s?[-./년]\s?(\d{1,2})\s?[-./월]\s?(\d{1,2})(?!\d|\s?시(?!작)|\s?:\s?\d)")
"""Not the `10. 5. 18` of `10. 5. 18:00`, which tells no year."""
END_OF_A_RANGE = re.compile(rf"[~∼〜]\s?{DAY.pattern}")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})")
UNTIL_FILLED = re.compile(
    r"(?:채용|모집|충원|구인)\s?(?:완료\s?)?시|(?:채용|모집|충원)될\s?때|상시|수시|9999[-./]?12[-./]?31|until filled",
    re.IGNORECASE,
)


def read_date(text: str) -> date | None:
    """A day: 20260820, 26-10-31, 2025-12-31, 25. 1. 3., a full instant, or one of them within a sentence."""
    words = said(text)
    if not words:
        return None
    try:
        if INSTANT.fullmatch(words):
            return datetime.fromisoformat(words).astimezone(KST).date()
        return _day_in(words)
    except ValueError:
        raise Unread("DATE_INVALID") from None


def _day_in(words: str) -> date:
    found = DIGITS_ONLY.fullmatch(words) or DAY.search(words)
    if not found:
        raise ValueError
    year = int(found[1])
    return date(year if len(found[1]) == 4 else 2000 + year, int(found[2]), int(found[3]))


def read_closing(text: str) -> Closing | None:
    """The last day; `채용시까지 26-10-31` is that day at the latest, 99991231 and 상시채용 are until filled."""
    words = said(text)
    if not words:
        return None
    open_ended = UNTIL_FILLED.search(words)
    end = END_OF_A_RANGE.search(words)
    try:
        day = read_date(end[0] if end else words)
    except Unread:
        if not open_ended:
            raise
        day = None
    if day is not None and day.year == 9999:
        day = None
    return Closing(day, words[:100])


COUNTED = r"시(?!급|간급)|분(?!기)|일(?!급|당)|개월|달|년(?!봉)|월(?!급|봉)|명|회|%|세|차|호|h\b|hour"
SUM = re.compile(
    r"(?<![\d,.])(?>(?:\d[\d,]*(?:\.\d+)?\s?[억만천백십]+\s?)+(?:\d{3,})?|\d[\d,]*(?:\.\d+)?|(?<![가-힣])만(?=\s?원))"
    rf"(?!(?:\s?[~∼〜]\s?\d+)?\s?(?:{COUNTED})|(?<=\d)대|(?<!\d\d)(?<=\d)\s?교대)"
)
"""`2,500,000`, `1억 2천만`, `3천5백만`, `1만500`, `만원`; not that of `209시간`, `8~10시간`, `4대보험`, `2교대`."""
BEFORE_A_SUM = rf"[\s:]*(?:(?:평균|약|최소|최대|세전|세후|실수령|기본급)[\s:]*)?(?={SUM.pattern})"
WAGE_UNITS: tuple[tuple[str, str], ...] = (
    ("hour", r"시급|시간급|시간당|/\s?시간|/\s?h|\bH\b|hour"),
    ("day", r"일급|일당|/\s?일(?![가-힣])|(?<![가-힣\d])일\s?(?=[\d,]+\s?[만원])|\bD\b|day"),
    ("month", rf"월급|월봉|/\s?월(?![가-힣])|(?<!\d)월{BEFORE_A_SUM}|\bM\b|month"),
    ("year", rf"연봉|년봉|/\s?[연년](?![가-힣])|(?<!\d)연{BEFORE_A_SUM}|\bY\b|year"),
)
"""A bare 일, 월 or 연 is a wage's only before a sum: `월 22일 근무, 일급 15만원` is a day's."""
TO = re.compile(r"\s?원?\s?(?:이상|부터|에서)?\s?[~∼〜–-]\s?")
BESIDE_A_WAGE = re.compile(r"\+|인센티브|성과급|상여|수당|식대|식비|교통비|퇴직금|별도|지원금|장려금")
CALLED_A_WAGE = re.compile(r"[시일월]급|연봉|[년월]봉|시간급|일당|기본급|급여|임금|보수")
PARTS = re.compile(r"[;·()\n]|,(?!\d)|\s/\s|\s및\s")
FOREIGN = re.compile(r"USD|EUR|JPY|CNY|GBP|[$€¥£]|달러|유로|엔화|위안", re.IGNORECASE)
BY_TALK = re.compile(r"내규|협의|면접\s?후|추후|당사\s?규정")
SURELY_A_YEAR = 10_000_000
"""An amount this high without a unit is a year's."""
SURELY_TEN_THOUSANDS = 10_000
"""Nobody is paid less a month or a year: `연봉 2,400` leaves 만원 unsaid."""


def read_wage(text: str) -> dict[str, Any] | None:
    """`시급 / 10320원`, `5,000만원 이상`, `월급 250~300만원`, `연봉 1억 2천만원`; whole won a unit."""
    words = _of_the_wage(said(text)).replace(" / ", " ")
    if not words:
        return None
    if FOREIGN.search(words):
        raise Unread("WAGE_CURRENCY")
    amounts = _amounts(BESIDE_A_WAGE.split(words)[0]) or _amounts(words)
    if not amounts:
        raise Unread("WAGE_UNSTATED" if BY_TALK.search(words) else "WAGE_UNREADABLE")
    unit = _wage_unit(words) or ("year" if max(amounts) >= SURELY_A_YEAR else None)
    if unit is None:
        raise Unread("WAGE_UNIT_UNKNOWN")
    if unit in ("month", "year") and max(amounts) < SURELY_TEN_THOUSANDS and not re.search(r"(?<!만)원", words):
        amounts = [amount * 10_000 for amount in amounts]
    low, high = min(amounts), max(amounts)
    if len(amounts) == 1 and re.search(r"이상|부터|~\s*$|↑", words):
        return {"unit": unit, "minimum": low}
    if len(amounts) == 1 and re.search(r"이하|까지|미만|^\D*~|↓", words):
        return {"unit": unit, "maximum": high}
    return {"unit": unit, "minimum": low, "maximum": high}


def _of_the_wage(words: str) -> str:
    """What is left of `연 600만원 상여, 월급 250만원` when what tells of a bonus or an allowance alone is taken out."""
    parts = PARTS.split(words)
    kept = [part for part in parts if CALLED_A_WAGE.search(part) or not BESIDE_A_WAGE.search(part)]
    return " ".join(kept) if len(kept) < len(parts) and _amounts(" ".join(kept)) else words


def _wage_unit(words: str) -> str | None:
    """The unit that is said first: what follows in brackets is often the same wage by another."""
    found = ((unit, re.search(sign, words + " ")) for unit, sign in WAGE_UNITS)
    return min(((sign.start(), unit) for unit, sign in found if sign), default=(0, None))[1]


def _amounts(words: str) -> list[int]:
    """The first sum of money, or the two of a range; in `250~300만` the unit serves both."""
    found = [sum_found for sum_found in SUM.finditer(words) if won(sum_found[0]) > 0]
    if len(found) < 2 or not TO.fullmatch(words, found[0].end(), found[1].start()):
        return [won(each[0]) for each in found[:1]]
    low, high = (won(each[0]) for each in found[:2])
    if not _is_large(found[0][0]) and _is_large(found[1][0]) and low * 10_000 <= high:
        low *= 10_000
    if not _is_large(found[1][0]) and high < low <= high * 10_000:
        high *= 10_000
    return [low, high]


def _is_large(sum_told: str) -> bool:
    return "만" in sum_told or "억" in sum_told


MONTHS = re.compile(r"(\d+)\s?(?:개월|달)")
YEARS = re.compile(r"(\d+)(?:\s?[~-]\s?\d+)?\s?(?:년|year|yr|↑)")
ANYONE = re.compile(r"신입|무관|관계\s?없음|인턴|newcomer|\bany\b|no requirements", re.IGNORECASE)


def read_experience(text: str) -> int | None:
    """The least months asked for: `3년 이상`, `경력 3~10년`, `6개월`, a bare number of years; 0 where newcomers may."""
    words = said(text)
    if not words:
        return None
    if ANYONE.search(words):
        return 0
    if re.fullmatch(r"\d{1,2}(?:\.0)?", words):
        return int(float(words)) * 12
    years, months = YEARS.search(words), MONTHS.search(words)
    if not years and not months:
        raise Unread("EXPERIENCE_UNSTATED")
    return (int(years[1]) * 12 if years else 0) + (int(months[1]) if months else 0)


EMPLOYMENT: tuple[tuple[str, str], ...] = (
    ("part_time", r"시간제|파트\s?타임|아르바이트|알바|part"),
    ("contract", r"(?<!무기)계약직|(?<!무)기간제|기간의?\s?정함이?\s?있는|contract"),
    ("dispatch", r"파견|dispatch"),
    ("daily", r"일용|daily"),
    ("intern", r"인턴|intern"),
    ("freelance", r"프리랜서|위촉|freelance"),
    ("regular", r"정규직|상용|무기계약|기간의?\s?정함이?\s?없는|regular"),
)


def read_employment(text: str) -> str | None:
    """The kind of employment. Where several are offered none is chosen: a gate must not shut on a guess."""
    words = re.sub(r"\((?!시간제)[^)]*\)", "", said(text))
    if not words:
        return None
    kinds = [kind for kind, sign in EMPLOYMENT if re.search(sign, words, re.IGNORECASE)]
    if not kinds:
        raise Unread("EMPLOYMENT_UNREADABLE")
    if kinds in (["part_time", "contract"], ["part_time", "regular"]):
        return "part_time"  # 계약직(시간제), 상용(시간제): the hours are what a seeker asks about
    if len(kinds) > 1:
        raise Unread("EMPLOYMENT_SEVERAL")
    return kinds[0]


NUMBER = re.compile(r"\D*?(\d[\d,]*(?:\.\d+)?)\D*")


def read_number(text: str) -> float | None:
    """A number, with thousands separators and a unit behind it: `40시간`, `1,200`."""
    words = said(text)
    if not words:
        return None
    found = NUMBER.fullmatch(words)
    if not found or len(found[1]) > 15:
        raise Unread("NUMBER_UNREADABLE")
    return float(found[1].replace(",", ""))


def read_whole(text: str) -> int | None:
    """A whole number of things: `3`, `1.0`, `2명`; `00명` says nothing."""
    words = said(text)
    if re.fullmatch(r"[0Oo○]{1,3}\s?명?", words):
        return None
    number = read_number(words)
    if number is not None and number != int(number):
        raise Unread("NUMBER_UNREADABLE")
    return None if number is None else int(number)


def read_digits(text: str) -> str | None:
    """A code of digits, such as 550100, also where a sheet made it 550100.0."""
    words = re.sub(r"\.0$", "", said(text))
    if not words:
        return None
    if not re.fullmatch(r"\d{1,6}", words):
        raise Unread("CODE_UNKNOWN")
    return words


PHONE_SIGNS = re.compile(r"[\s()+.-]")
LOST_ITS_ZERO = re.compile(r"10\d{7,8}|[2-6]\d{7,9}")
"""A sheet took 010-1234-5678 for a number."""
SAID_TWICE = re.compile(r"^(\S+) \1 ")
"""`서울특별시 서울특별시 마포구 …`, as Work24 writes it."""


def read_phone(text: str) -> str | None:
    """A telephone number as it is written; one that lost its first zero is not guessed at."""
    words = said(text)
    digits = PHONE_SIGNS.sub("", words)
    if words and (not re.fullmatch(r"\d{8,15}", digits) or LOST_ITS_ZERO.fullmatch(digits)):
        raise Unread("PHONE_INVALID")
    return words or None


def read_place(text: str) -> dict[str, Any] | None:
    """An address and the district it lies in."""
    words = said(text)
    if not words or not re.search(r"\w{2}", words):  # "0", "***-***"
        return None
    place = {
        "district": district_of(words),
        "address": SAID_TWICE.sub(r"\1 ", words)[:300],
        "remote": bool(re.search(r"재택", words)),
    }
    return {name: value for name, value in place.items() if value}


def read_url(text: str) -> str | None:
    words = text.strip()
    if not words:
        return None
    if not re.match(r"https?://\S+$", words) or len(words) > 500:
        raise Unread("URL_INVALID")
    return words


def read_district(text: str) -> str | None:
    """A district alone."""
    words = said(text)
    return district_of(words) if words else None


CONSENT_WORDS: tuple[tuple[str, str], ...] = (
    ("matching", r"매칭|알선|구직|예|네|동의|동의함|동의합니다|y|yes|o|○|1|true|matching"),
    ("messages", r"알림|문자|연락|메시지|messages?"),
    ("marketing", r"광고|마케팅|홍보|marketing"),
)


def read_consents(words: list[str]) -> list[str]:
    """What someone agrees to, by purpose; whatever is not plainly a consent is none."""
    plain = [word.strip().casefold() for text in words for word in re.split(r"[,;/·\n]", text)]
    return [purpose for purpose, pattern in CONSENT_WORDS if any(re.fullmatch(pattern, word) for word in plain)]


ReadingName = Literal[
    "text",
    "html",
    "list",
    "date",
    "closing",
    "wage",
    "experience",
    "employment",
    "number",
    "whole",
    "digits",
    "place",
    "district",
    "districts",
    "phone",
    "url",
    "status",
    "code",
    "consents",
]
"""The closed set that a mapping file may name; those that need the rule or the row are read in `mapping`."""

STATUS_WORDS: tuple[tuple[str, str], ...] = (
    ("renewed", r"연장|갱신|renew"),
    ("reopened", r"재개|재오픈|reopen"),
    ("filled", r"충원 ?완료|채용 ?완료|채용됨|충원됨|filled"),
    ("suspended", r"중지|중단|보류|suspend"),
    ("withdrawn", r"철회|취소|삭제|withdraw|cancel"),
    ("closed", r"마감|종료|완료|close"),
    ("open", r"진행|모집 ?중|채용 ?중|구인 ?중|접수 ?중|게시|open"),
)
"""What senders call the state of an order; the first that is found counts."""


def read_status(text: str) -> str | None:
    words = said(text)
    if not words:
        return None
    found = (status for status, called in STATUS_WORDS if re.search(called, words, re.IGNORECASE))
    if status := next(found, None):
        return status
    raise Unread("STATUS_UNREADABLE")


READINGS: dict[str, Callable[[str], Any]] = {
    "text": read_text,
    "html": read_html,
    "date": read_date,
    "closing": read_closing,
    "wage": read_wage,
    "experience": read_experience,
    "employment": read_employment,
    "number": read_number,
    "whole": read_whole,
    "digits": read_digits,
    "place": read_place,
    "district": read_district,
    "phone": read_phone,
    "url": read_url,
    "status": read_status,
}
