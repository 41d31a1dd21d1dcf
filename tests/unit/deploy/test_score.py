"""`iljari score`: what people already hold goes in, the whole explanation comes out, and a fault names its place."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from tests.unit.registry.intake.test_producing_docs import EVERYTHING

SEEKER = {
    "name": "홍길동",
    "phone": "010-2222-3333",
    "summary": "동네 빵집에서 식빵을 구웠습니다. 홍길동",
    "skills": ["제빵"],
    "home": "서울 마포구 망원로 12",
    "wishes": {"districts": ["서울 마포구"], "employment_types": ["regular"]},
}


@pytest.fixture
def score(tmp_path: Path) -> Any:
    def score(seeker: Any, posting: Any, *options: str) -> Any:
        paths = []
        for name, document in (("seeker", seeker), ("posting", posting)):
            written = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
            paths += [f"--{name}", str(tmp_path / f"{name}.json")]
            (tmp_path / f"{name}.json").write_text(written, "utf-8")
        return CliRunner().invoke(app, ["score", *paths, *options])

    return score


def explained(result: Any) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_the_documents_of_the_intake_are_explained(score: Any) -> None:
    told = explained(score(SEEKER, EVERYTHING, "--json"))
    assert (told["verdict"], told["epoch"], told["fitted"]) == ("match", 0, False)
    for view, figure in {"score": "score", "seeker": "fit_for_seeker", "posting": "fit_for_posting"}.items():
        assert sum(part[view] for part in told["parts"]) == told[figure]
    assert "제빵" in told["spoken"]["ko"]
    assert "제빵" in told["spoken"]["en"]
    assert [one["term"] for one in told["raises"]] == ["위생관리", "제과"]
    assert "hours" in told["unknown"]
    assert "홍길동" not in json.dumps(told, ensure_ascii=False)


def test_people_read_both_languages(score: Any) -> None:
    page = score(SEEKER, EVERYTHING).output
    for words in (
        "맞는 짝 a match",
        "합계 sum",
        "근무 시간 Hours\t모름 unknown",
        "통근권 the commuting area\t열림 open",
    ):
        assert words in page


def test_codes_are_read_as_words(score: Any) -> None:
    wishes = {"employment_types": ["part_time"], "occupation_codes": ["531", "99"]}
    page = score(SEEKER | {"wishes": wishes}, EVERYTHING | {"place": {"remote": True}}).output
    for words in ("시간제 Part time", "531 음식 서비스직 Food services, 99", "재택 가능 Remote"):
        assert words in page
    assert "part_time" not in page


def test_a_near_miss_says_which_gate_it_fails_by(score: Any) -> None:
    far = EVERYTHING | {"place": "부산 해운대구"}
    told = explained(score(SEEKER, far, "--json"))
    assert (told["verdict"], told["but_for"]) == ("shut_out", "commute")
    assert told["spoken"] == {
        "ko": "통근권만 맞으면 추천할 수 있는 짝입니다.",
        "en": "They would fit but for the commuting area.",
    }


def test_an_empty_profile_gets_no_number(score: Any) -> None:
    page = score({}, EVERYTHING).output
    assert "자료 부족 not enough data" in page
    assert "자료가 부족해 점수를 낼 수 없습니다." in page
    assert explained(score({}, EVERYTHING, "--json"))["score"] is None


@pytest.mark.parametrize("envelope", [lambda facts: {"facts": facts}, lambda facts: {"data": {"facts": facts}}])
def test_a_published_event_is_read_by_its_facts(score: Any, envelope: Any) -> None:
    assert explained(score(envelope(SEEKER), envelope(EVERYTHING), "--json")) == explained(
        score(SEEKER, EVERYTHING, "--json")
    )


@pytest.mark.parametrize(
    ("posting", "code", "words"),
    [
        ({"employer": "빵집"}, "FIELD_MISSING", ["posting.json: title"]),
        (EVERYTHING | {"weekly_hours": 400, "headcount": "x"}, "NUMBER_", ["weekly_hours", "headcount"]),
        (EVERYTHING | {"titel": "제빵"}, "FIELD_UNKNOWN", ["posting.json: titel"]),
        ("{", "JSON_INVALID", ["posting.json"]),
        ("", "FILE_EMPTY", ["posting.json"]),
        (json.dumps([EVERYTHING, EVERYTHING]), "ONE_EXPECTED", ["posting.json"]),
    ],
)
def test_a_fault_names_the_file_the_field_and_what_was_expected(
    score: Any, posting: Any, code: str, words: list[str]
) -> None:
    result = score(SEEKER, posting)
    assert result.exit_code in (1, 2)
    assert result.stdout == ""
    for word in (code, *words):
        assert word in result.stderr


def test_of_several_faults_each_stands_beside_its_field(score: Any) -> None:
    told = score({"experience_months": -1, "shoes": 42}, EVERYTHING).output
    assert "experience_months: 숫자가 허용 범위를 벗어났습니다: ≥ 0" in told
    assert "shoes: This field is not known." in told
