"""Do the rules stay quiet where real postings give no cause? Bounds above what `docs/law.md` reports."""

import json
from collections import Counter
from datetime import date

import pytest

from services.registry.law.conditions import Offer
from services.registry.law.lint import lint
from services.registry.law.wording import readable
from tests.labelled_data import labelled

TEXTS = ("title", "duties", "qualification", "preferred")


@pytest.fixture(scope="module")
def per_thousand() -> dict[str, float]:
    """Postings with a finding, a category, in a thousand."""
    lines = (labelled("ko_postings") / "postings.jsonl").read_text("utf-8").rstrip("\n").split("\n")
    counted: Counter[str] = Counter()
    for line in lines:
        posting = json.loads(line)
        texts = {name: readable(posting[name]) for name in TEXTS if posting.get(name)}
        found = lint(Offer(texts, asked=frozenset()), on=date(2026, 11, 24), work_on=date(2023, 12, 1))
        counted.update({each.category for each in found})
    return {category: 1000 * count / len(lines) for category, count in counted.items()}


@pytest.mark.parametrize(
    ("category", "most"),
    [
        ("sex", 5.0),
        ("age", 2.0),
        ("looks", 1.0),
        ("marriage", 0.2),
        ("birthplace", 0.2),
        ("parents", 0.2),
        ("documents", 0.5),
        ("charges", 0.2),
        ("health", 0.2),
        ("wage", 0.5),
        ("schooling", 80.0),
    ],
)
def test_findings_in_a_thousand_postings(per_thousand: dict[str, float], category: str, most: float):
    assert per_thousand.get(category, 0.0) <= most
