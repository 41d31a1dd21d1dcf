"""A season on a living system: what a dry run says is what is told, and decisions at the desk teach weights.

Everything goes through the doors that people use: the desk for decisions, the ledger for labels, the command for the
rest.
"""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import pytest

from tests.journey.city import COMMAND, City, iljari, iljari_json, started_city, wait_for

pytestmark = pytest.mark.journey

CAFES = ("일자리카페 와우뜰", "일자리카페 낙성마루")
LOGINS = ("wau", "nakseong")
SEEKERS, POSTINGS = 24, 12
NEEDED, WISHED = ("제빵", "반죽", "포장", "오븐"), "영어"
WORD = "a long password 가나다"
FEW, AT_ONCE = 40, 20
Pair = tuple[str, str]


@dataclass
class Town:
    """Bakers of two cafés, and bakeries: each pair has something to it."""

    city: City
    cafes: list[str]
    skills: dict[str, list[str]]
    """Of each seeker."""
    cafe_of: dict[str, str]
    pairs: list[Pair]
    """All that stand on lists, in an order drawn by chance."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with started_city(tmp_path_factory.mktemp("season")) as city:
        cafes, skills, cafe_of = fill(city, Random(1))
        city.wait_until_quiet()
        pairs = [(seeker, posting) for seeker in skills for posting in listed(city, seeker)]
        Random(2).shuffle(pairs)
        yield Town(city, cafes, skills, cafe_of, pairs)


def fill(city: City, chance: Random) -> tuple[list[str], dict[str, list[str]], dict[str, str]]:
    agency = iljari_json("agency", "add", "시험 직업소개소", "--licence", "무료", data=city.data)["agency_id"]
    skills: dict[str, list[str]] = {}
    cafe_of: dict[str, str] = {}
    with city.client() as client:
        cafes = [
            str(client.post("/api/v1/registry/cafes", json={"name": name, "district": "서울 마포구"}).json()["cafe_id"])
            for name in CAFES
        ]
        for number in range(SEEKERS):
            hers = chance.sample(NEEDED, chance.randint(1, len(NEEDED))) + [WISHED] * (number % 2)
            document = {"source_ref": f"S-{number}", "summary": f"빵집에서 {' '.join(hers)}", "skills": hers}
            rows = [{"where": "1", "document": document}]
            sent: dict[str, Any] = {"consent": "invented", "rows": rows, "cafe_id": cafes[number // 2 % 2]}
            (receipt,) = client.post("/api/v1/registry/seekers/batch", json=sent).json()["receipts"]
            skills[receipt["seeker_id"]] = hers
            cafe_of[receipt["seeker_id"]] = sent["cafe_id"]
        for number in range(POSTINGS):
            document = {
                "source_ref": f"P-{number}",
                "title": f"제빵사 {'구함' if number % 2 else '모집'} {number}호점",
                "employer": f"가상제과 {number}호점",
                "description": f"{NEEDED[number % 4]} 담당",
                "required_skills": list(NEEDED),
                "preferred_skills": [WISHED],
                "place": "서울 마포구",
            }
            key = {"Idempotency-Key": f"P-{number}"}
            client.post("/api/v1/registry/postings", params={"agency": agency}, json=document, headers=key)
    return cafes, skills, cafe_of


def listed(city: City, seeker: str) -> list[str]:
    """The postings on her list, best first."""
    with city.client() as client:
        found = client.get("/api/v1/matching/matches", params={"seeker": seeker}).json()
    return [one["pair"]["posting_id"] for one in found["matches"]]


def test_a_dry_run_says_what_is_told_to_how_many_of_each_cafe(town: Town) -> None:
    city = town.city
    before = {seeker: listed(city, seeker) for seeker in town.skills}
    dry = iljari_json("rematch", "--dry-run", data=city.data)
    assert {seeker: listed(city, seeker) for seeker in town.skills} == before
    spoken = iljari("rematch", "--dry-run", "--data", city.data)
    assert all(name in spoken.stdout for name in CAFES), spoken.stdout
    done = iljari_json("rematch", data=city.data)
    city.wait_until_quiet()
    after = {seeker: listed(city, seeker) for seeker in town.skills}
    changes = dry["shares"][0]["changes"]
    assert changes == done["shares"][0]["changes"]
    assert {change["cafe_id"] for change in changes} <= set(town.cafes)
    assert sum(change["seekers"] for change in changes) == sum(differs(before[one], after[one]) for one in before) > 0
    for told, counted in (("new", lost(after, before)), ("gone", lost(before, after))):
        assert sum(change[told] for change in changes) == counted


def differs(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether anything is new on a list, or stands higher than something that stood above it."""
    stayed = [one for one in before if one in after]
    return bool(set(after) - set(before)) or stayed != [one for one in after if one in stayed]


def lost(these: dict[str, list[str]], those: dict[str, list[str]]) -> int:
    return sum(len(set(these[one]) - set(those[one])) for one in these)


def test_decisions_at_the_desk_teach_weights_that_a_person_adopts_and_takes_back(town: Town) -> None:
    city, pairs = town.city, town.pairs
    assert len(pairs) > 200 + FEW
    for login, cafe in zip(LOGINS, town.cafes, strict=True):
        let_in(city, login, cafe)
    decide(town, pairs[:FEW])
    told_of(city, FEW)
    few = iljari("learn", "--data", city.data)
    assert (few.returncode, "Too few labels: 40" in few.stderr) == (1, True), few.stderr
    refused = iljari("learn", "--adopt", "--who", "wau", "--why", "시험", "--data", city.data)
    assert refused.returncode == 1
    assert weights(city)["adopted"] is False

    decide(town, pairs[FEW:])
    told_of(city, len(pairs))
    present = weights(city)
    spoken = iljari("learn", "--data", city.data)
    assert spoken.returncode == 0, spoken.stderr
    assert "present" in spoken.stdout
    learned = iljari_json("learn", data=city.data)["learned"]
    assert learned["learned_from"] + learned["judged_on"] == len(pairs)
    assert learned["suggested"]["auc"] > learned["present"]["auc"]
    assert learned["weights"]["preferred_skills"] > present["weights"]["preferred_skills"]

    adopted = iljari_json("learn", "--adopt", "--who", "wau", "--why", "상담사 회의", data=city.data)["rematch"]
    done = iljari_json("rematch", "--watch", data=city.data)
    assert (done["rematch_id"], done["kind"], done["asked_by"]) == (adopted["rematch_id"], "adopt", "wau")
    now = weights(city)
    assert (now["weights"], now["adopted"], now["epoch"]) == (learned["weights"], True, done["epoch"])
    iljari_json("rematch", "--back", data=city.data)
    assert weights(city)["weights"] == present["weights"]
    city.wait_until_quiet()
    assert iljari_json("certify", data=city.data)["agrees"]


def let_in(city: City, login: str, cafe: str) -> None:
    command = [*COMMAND, "account", "add", login, "--name", "상담사", "--cafe", cafe, "--data", str(city.data)]
    subprocess.run(command, input=f"{WORD}\n", text=True, check=True, capture_output=True, timeout=60)


def decide(town: Town, pairs: Sequence[Pair]) -> None:
    """As counselors do who take on whoever brings what is wished for, and let the others be."""
    with ExitStack() as stack:
        desks = {cafe: Desk.opened(stack, town.city, login) for login, cafe in zip(LOGINS, town.cafes, strict=True)}
        for start in range(0, len(pairs), AT_ONCE):
            for cafe, desk in desks.items():
                hers = [pair for pair in pairs[start : start + AT_ONCE] if town.cafe_of[pair[0]] == cafe]
                desk.decide([pair for pair in hers if WISHED in town.skills[pair[0]]], decision="accepted")
                desk.decide(
                    [pair for pair in hers if WISHED not in town.skills[pair[0]]], decision="dismissed", reason="skills"
                )


@dataclass
class Desk:
    """A counselor at her desk."""

    client: httpx.Client
    token: str

    @classmethod
    def opened(cls, stack: ExitStack, city: City, login: str) -> "Desk":
        client = stack.enter_context(httpx.Client(base_url=city.url, headers={"accept": "text/html"}, timeout=60))
        form = token_in(client.get("/sign-in").text)
        client.post("/sign-in", data={"login": login, "password": WORD, "form_token": form})
        return cls(client, token_in(client.get("/desk").text))

    def decide(self, pairs: Sequence[Pair], **verdict: str) -> None:
        if pairs:
            told = {**verdict, "pair": ["/".join(pair) for pair in pairs], "form_token": self.token}
            answer = self.client.post("/desk/decide", data=told)
            told_of = answer.headers["location"]
            assert (answer.status_code, "done=" in told_of, "refused=" in told_of) == (303, True, False), told_of


def token_in(page: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page)
    assert found, page[:500]
    return found[1]


def told_of(city: City, count: int) -> None:
    """Wait until registry has that many words in its ledger, and matching has noted what those pairs were worth."""
    city.wait_until_quiet()

    def words() -> Counter[str]:
        with city.client() as client:
            found = client.get("/api/v1/registry/referrals/labels", params={"limit": 500}).json()
        return Counter(one["answer"] for one in found)

    wait_for(lambda: sum(words().values()) == count, 60, f"{count} decisions in the ledger")
    assert set(words()) == {"accepted", "dismissed"}


def weights(city: City) -> Any:
    with city.client() as client:
        return client.get("/api/v1/matching/weights").json()
