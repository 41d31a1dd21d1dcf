"""Reasons name what is known, for and against, in the words the two sides used."""

from typing import Any

from sqlalchemy import Engine

from services.matching.engine.lists import Key
from services.matching.engine.written import body_of, key_of, line
from shared.contracts import MatchedPair
from tests.unit.matching.examples import (
    START,
    a_posting,
    a_seeker,
    hear,
    newest_said,
    posting_id,
    seeker_id,
    started,
)


def found(engine: Engine, seeker: dict[str, Any], posting: dict[str, Any]) -> MatchedPair:
    hear(started(engine), engine, [a_seeker(**seeker), a_posting(**posting)])
    (pair,) = newest_said(engine)["seeker", seeker_id(1), "0/1"].pairs
    assert newest_said(engine)["posting", posting_id(1), "0/1"].pairs == (pair,)
    return pair


def test_reasons_for_and_against(engine: Engine) -> None:
    seeker = {
        "summary": "빵을 굽고 매장을 청소한다",
        "skills": ["Excel", "제과제빵"],
        "certificates": ["제빵기능사"],
        "experience_months": 6,
        "home": {"district": "서울 마포구"},
        "wishes": {"occupation_codes": ["5301"], "wage": {"unit": "hour", "minimum": 13_000}, "weekly_hours": 40},
    }
    posting = {
        "description": "매장에서 빵을 굽는 일",
        "required_skills": ["엑셀", "라떼아트"],
        "preferred_skills": ["제과 제빵"],
        "certificates": ["제빵기능사"],
        "occupation_code": "530101",
        "wage": {"unit": "hour", "minimum": 12_000},
        "weekly_hours": 40,
        "experience_months": 12,
        "place": {"district": "마포구"},
    }
    pair = found(engine, seeker, posting)
    told = {reason.code: reason.terms for reason in pair.reasons}
    assert "매장" in told.pop("text.shared")
    assert told == {
        "skill.found": ("제과 제빵", "엑셀"),
        "skill.missing": ("라떼아트",),
        "certificate.held": ("제빵기능사",),
        "occupation.wished": ("530101",),
        "wage.below": (),
        "hours.fit": (),
        "commute.near": ("서울 마포구",),
        "experience.short": (),
    }
    assert pair.unknown == ()
    assert sum(part.score for part in pair.parts) == pair.score
    assert sum(part.seeker for part in pair.parts) == pair.fit_for_seeker
    assert sum(part.posting for part in pair.parts) == pair.fit_for_posting


def test_what_is_unknown_is_said_to_be_unknown_and_is_no_reason(engine: Engine) -> None:
    pair = found(engine, {}, {"required_skills": ["엑셀"], "wage": {"unit": "hour", "minimum": 12_000}})
    assert [part.name for part in pair.parts] == ["text"]
    assert pair.parts[0].value == pair.score
    assert len(pair.unknown) == 8
    assert {reason.code for reason in pair.reasons} == {"text.shared"}


def test_a_line_is_read_as_it_was_written() -> None:
    key = Key(-1234, int(START.timestamp()), seeker_id(1))
    body = '[1234,5,6,[[1,2,3,4,5]],[0],[["text.shared","빵","a,b"]]]'
    assert key_of(line(key, 7, body)) == key
    assert body_of(line(key, 7, body)) == body
