"""Is every bad input on our list tried, with the code that it must be answered with, or is it said why not?

`bad_inputs.tsv` has a row for each: what comes in, what it is answered, the tests that try it, and the decision that
says why ours is another answer than one would expect. S streams, H the HTTP API, C sheets, J JSON Lines, X XML,
Z archives, L the command and its settings, W pages and forms.
"""

import csv
import re
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
ROWS = list(csv.DictReader((Path(__file__).parent / "bad_inputs.tsv").read_text("utf-8").splitlines(), delimiter="\t"))
COUNTS = {"S": 28, "H": 32, "C": 17, "J": 3, "X": 6, "Z": 2, "L": 12, "W": 12}
CODE = re.compile(r"\b[A-Z][A-Z]+(?:_[A-Z]+)+\b")
TEST = re.compile(r"(?P<file>[\w/]+\.py)::(?P<name>\w+)(?:\[(?P<row>\w+)])?")

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["row"])


@cache
def text_of(file: str) -> str:
    return (HOUSE / file).read_text("utf-8")


def test_the_list_is_whole() -> None:
    assert [row["row"] for row in ROWS] == [f"{kind}{n}" for kind, many in COUNTS.items() for n in range(1, many + 1)]


@each_row
def test_a_row_is_tried_or_it_is_said_why_not(row: dict[str, str]) -> None:
    tests = [TEST.fullmatch(one) for one in row["tried"].split()]
    assert tests or row["departs"], "neither a test nor a decision"
    texts = []
    for test in tests:
        assert test, row["tried"]
        texts.append(text_of(test["file"]))
        assert f"def {test['name']}(" in texts[-1], test[0]
        assert not test["row"] or f'("{test["row"]}", ' in texts[-1], f"no row of the table in {test['file']}"
    missing = [code for code in CODE.findall(row["answer"]) if not any(code in text for text in texts)]
    assert not missing, "asserted by none of its tests"


@each_row
def test_another_answer_than_expected_has_its_reason(row: dict[str, str]) -> None:
    if row["departs"]:
        (decision,) = HOUSE.glob(f"docs/decisions/{row['departs']}-*.md")
        assert re.search(rf"^\| {row['row']} \|", decision.read_text("utf-8"), re.MULTILINE)
