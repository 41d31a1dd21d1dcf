"""What has happened in the demo city before anybody looks? Pairs in every state, and someone who applied by herself.

All of it comes in through the doors that people use. Nobody's word can be dated back, so all was said today; days of
interviews and of work lie in the past, and time reads them as it reads any.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from time import monotonic
from typing import Any, Self

import httpx

from deploy.demo.vocabulary import city_words
from services.registry.people.consents import present_texts

COUNSELOR = "counselor"
"""Of the café nearest to the applicant, too."""
APPLICANT = {
    "name": "김시연 (가상)",
    "phone": "010-0000-9000",
    "email": "siyeon@example.invalid",
    "home": "서울 마포구",
    "summary": "카페에서 2년 일했습니다. 음료 제조와 손님 응대를 맡았습니다.",
    "skills": "커피 추출, 라테 아트, 고객응대, 바리스타",
    "occupations": ["53"],
    "experience_months": "24",
    "agree": ["matching", "messages", "marketing"],
}
REFERRALS = "/api/v1/registry/referrals"
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')
PAIR = re.compile(r'name="pair" value="([0-9a-f-]{36}/[0-9a-f-]{36})"')
TEXT = re.compile(r'name="text" value="([^"]+)"')
LEFT_OVER = 5
"""Pairs of which the counselor makes no story: one dismissed, one postponed, the others proposed and taken back."""
RECORDED_SECONDS = 30.0
LOOK_SECONDS = 0.2

Word = dict[str, Any]
Pause = Callable[[float], bool]
"""Waits so many seconds; true when everything is being stopped."""


class Visitor:
    """Someone at the pages, as with a browser without scripts."""

    def __init__(self, url: str) -> None:
        self.web = httpx.Client(base_url=url, timeout=60, trust_env=False, follow_redirects=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failed: object) -> None:
        self.web.close()

    def see(self, path: str) -> str:
        return self.web.get(path).raise_for_status().text

    def send(self, page: str, to: str, **fields: Any) -> httpx.Response:
        """A form of a page, with what the page gave to bring back."""
        token = TOKEN.search(self.see(page))
        brought = {"form_token": token[1], "back": page} if token else {}
        return self.web.post(to, data=brought | fields)

    def comes_in(self, login: str) -> bool:
        fields = {"login": login, "password": city_words().password}
        return self.send("/sign-in", "/sign-in", **fields).is_success


def arrive(url: str) -> dict[str, str]:
    """Someone applies by herself, unless she has before; how she signs in."""
    phone, password = str(APPLICANT["phone"]), city_words().password
    with Visitor(url) as visitor:
        if not visitor.comes_in(phone):
            visitor.send("/me/register", "/me/register", password=password, **APPLICANT).raise_for_status()
    return {"label": f"구직자 {APPLICANT['name']}", "login": phone, "password": password}


def happen(client: httpx.Client, url: str, today: date, pause: Pause) -> None:
    """Let counselors, seekers and firms say their words, once everyone is matched; once and never again."""
    if _recorded(client):
        return
    told = stories(today)
    with Visitor(url) as counselor:
        counselor.comes_in(COUNSELOR)
        hers = _propose_to_the_applicant(url, counselor)
        pairs = _decide(counselor, len(told), today, hers)
    rows = _await(client, pairs, pause)
    for number, (pair, words) in enumerate(zip(pairs, told, strict=False)):
        if pair in rows:
            _tell(client, rows[pair], number, words)


def _decide(counselor: Visitor, count: int, today: date, hers: Sequence[str]) -> list[str]:
    """The counselor goes through her first pages; the pairs she proposed, the second of one seeker behind all others.

    No two are of one posting, and none of one that the applicant stands for: who fills it would end the other's story.
    """
    applicants = {pair.partition("/")[0] for pair in hers}
    seen = dict.fromkeys(PAIR.findall("".join(counselor.see(f"/desk?page={page}") for page in (1, 2))))
    others = _of_postings_of_their_own([*hers, *seen])
    pairs = [pair for pair in others if pair.partition("/")[0] not in applicants]
    wanted = pairs[:count]
    left = pairs[count : count + LEFT_OVER]
    seconds = _pairs_of(counselor, wanted[-1].partition("/")[0]) if wanted else []
    other = _of_postings_of_their_own([*hers, *wanted, *seconds])[len(hers) + len(wanted) :][:1]
    counselor.send("/desk", "/desk/decide", decision="accepted", pair=[*wanted, *other, *left[2:]])
    counselor.send("/desk", "/desk/undo", pair=left[2:])
    counselor.send("/desk", "/desk/decide", decision="dismissed", reason="distance", pair=left[:1])
    until = (today + timedelta(days=7)).isoformat()
    counselor.send("/desk", "/desk/decide", decision="postponed", until=until, pair=left[1:2])
    return [*wanted, *other]


def stories(today: date) -> Sequence[Sequence[Word]]:
    """For each pair what was answered after a counselor proposed it, the last one by somebody with two proposals."""

    def ago(days: int) -> str:
        return (today - timedelta(days=days)).isoformat()

    agreed = {"answer": "agreed"}
    referred = [agreed, {"answer": "consented", "consent_text": present_texts()["provision"].version}]

    def interview(days: int) -> list[Word]:
        return [*referred, {"answer": "interview_set", "on_day": ago(days)}]

    def hired(days: int) -> list[Word]:
        return [*interview(days + 5), {"answer": "hired", "on_day": ago(days)}]

    still: Word = {"answer": "still_employed"}
    return (
        [],
        [agreed],
        [{"answer": "declined", "reason": "hours"}],
        referred,
        interview(-3),
        interview(0),
        [*interview(2), {"answer": "no_show"}],
        interview(5),
        interview(20),
        [*interview(6), {"answer": "not_hired", "reason": "experience"}],
        [*hired(50), {"answer": "left", "on_day": ago(12), "reason": "distance"}],
        [*hired(40), still],
        [*hired(100), still],
        [*hired(190), still],
        hired(9),
    )


def _of_postings_of_their_own(pairs: Iterable[str]) -> list[str]:
    """The first of each posting's."""
    first: dict[str, str] = {}
    for pair in pairs:
        first.setdefault(pair.partition("/")[2], pair)
    return list(first.values())


def _propose_to_the_applicant(url: str, counselor: Visitor) -> list[str]:
    """One job waits for her word; to another she has agreed by herself. These two pairs."""
    with Visitor(url) as applicant:
        applicant.comes_in(str(APPLICANT["phone"]))
        seeker_id = str(json.loads(applicant.see("/me/data.json"))["seeker_id"])
        hers = _pairs_of(counselor, seeker_id)[:2]
        counselor.send("/desk", "/desk/decide", decision="accepted", pair=hers[:1])
        for job in (f"/mine/{pair.partition('/')[2]}" for pair in hers[1:]):
            applicant.send(job, f"{job}/word", answer="agreed")
            if text := TEXT.search(applicant.see(job)):
                applicant.send(job, f"{job}/consent", text=text[1])
    return hers


def _pairs_of(counselor: Visitor, seeker_id: str) -> list[str]:
    return list(dict.fromkeys(PAIR.findall(counselor.see(f"/desk/seekers/{seeker_id}"))))


def _await(client: httpx.Client, pairs: Sequence[str], pause: Pause) -> dict[str, dict[str, Any]]:
    """The referrals that registry has recorded of these pairs, once it has of all; not for ever."""
    deadline = monotonic() + RECORDED_SECONDS
    while not set(pairs) <= set(rows := _recorded(client)) and monotonic() < deadline:
        if pause(LOOK_SECONDS):
            break
    return rows


def _recorded(client: httpx.Client) -> dict[str, dict[str, Any]]:
    rows = client.get(REFERRALS, params={"limit": 500}).raise_for_status().json()
    return {f"{row['seeker_id']}/{row['posting_id']}": row for row in rows}


def _tell(client: httpx.Client, row: dict[str, Any], number: int, words: Sequence[Word]) -> None:
    """The firm can be written to, and everyone's answers are noted in their order."""
    address = {"channel": "email", "address": f"firm{number + 1}@example.invalid"}
    client.put("/api/v1/registry/contacts", json={"owner": "firm", "owner_id": row["posting_id"], **address})
    for word in words:
        client.post(f"{REFERRALS}/{row['referral_id']}/answers", json=word).raise_for_status()
