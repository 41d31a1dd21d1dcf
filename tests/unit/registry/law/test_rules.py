"""Can an operator add a year or a rule without code, and is a wrong file told plainly?"""

from datetime import date
from pathlib import Path

import pytest

from services.registry.law.lint import lint
from services.registry.law.rules import RulesError, load_rules, shipped_rules
from services.registry.law.wages import Hours, judge_wage
from shared.contracts import Money

TODAY = date(2026, 11, 24)
NEW_YEAR = """
[[minimum_wage]]
year = 2028
hourly = 11_000
source = { text = "an invented notice" }
"""
NEW_RULE = """
[[rule]]
id = "house.overtime"
category = "hours"
severity = "warn"
article = { ko = "근로기준법 제53조", en = "Labor Standards Act, art. 53" }
in_force_from = 2018-07-01
in_force_until = 2027-12-31
source = { text = "근로기준법" }
words = ["주 60시간"]
unless = ["@ ?(?:금지|이하)"]
message = { ko = "근로시간이 깁니다.", en = "The hours are long." }
suggestion = { ko = "시간을 줄이세요.", en = "Shorten them." }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ours.toml").write_text(NEW_YEAR + NEW_RULE, "utf-8")
    return tmp_path


def test_a_year_is_added(folder: Path):
    wage = Money(unit="hour", minimum=10_999)

    assert judge_wage(wage, Hours(), 2028, shipped_rules()).verdict == "cannot judge"
    assert judge_wage(wage, Hours(), 2028, load_rules(folder)).verdict == "below"


def test_a_rule_is_added_beside_the_shipped_ones(folder: Path):
    rules = load_rules(folder)

    found = lint("주60시간 근무, 여직원", on=TODAY, rules=rules)

    assert {each.rule for each in found} == {"house.overtime", "sex.only"}
    assert lint("주 60시간 금지", on=TODAY, rules=rules) == ()
    assert lint("주 60시간", on=date(2028, 1, 1), rules=rules) == ()


def test_a_rule_of_the_same_id_replaces_the_shipped_one(tmp_path: Path):
    milder = NEW_RULE.replace("house.overtime", "looks.appearance").replace("주 60시간", "용모 단정")
    (tmp_path / "ours.toml").write_text(milder, "utf-8")

    (found,) = lint("용모단정", on=TODAY, rules=load_rules(tmp_path))
    assert (found.rule, found.severity) == ("looks.appearance", "warn")


def test_a_policy_is_replaced(tmp_path: Path):
    (tmp_path / "policy.toml").write_text('[policy]\nrefuse = ["looks"]\n', "utf-8")

    assert load_rules(tmp_path).policy.refuse == ("looks",)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (('severity = "warn"', 'severity = "fatal"'), "severity"),
        (('words = ["주 60시간"]', 'patterns = ["주.*시간"]'), "a repeat needs an end"),
        (('words = ["주 60시간"]', 'patterns = ["주.{3,}시간"]'), "a repeat needs an end"),
        (('words = ["주 60시간"]', 'patterns = ["주 (60시간"]'), "house.overtime"),
        (('words = ["주 60시간"]', 'patterns = ["<nowhere>"]'), "nowhere"),
        (("in_force_from = 2018-07-01", ""), "in_force_from"),
        (("[[rule]]", "[[rule"), "ours.toml"),
        (("words =", "wörter ="), "ours.toml"),
    ],
)
def test_a_wrong_file_is_told_by_name_or_rule(tmp_path: Path, change: tuple[str, str], complaint: str):
    (tmp_path / "ours.toml").write_text(NEW_RULE.replace(*change), "utf-8")

    with pytest.raises(RulesError, match=complaint):
        load_rules(tmp_path)


def test_a_missing_folder_is_told(tmp_path: Path):
    with pytest.raises(RulesError, match="no such folder"):
        load_rules(tmp_path / "nowhere")


def test_every_shipped_rule_says_where_it_stands():
    for rule in shipped_rules().rules:
        assert "제" in rule.data.article.ko
        assert rule.data.source.text
        assert rule.data.in_force_from <= TODAY
