"""Nearness ranks what nobody listed: words said another way, words around what is meant, letters that slipped."""

import csv
import json
import math
from importlib.resources import files
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from services.matching import cli
from services.matching.engine.skills.comparison import compare
from services.matching.engine.skills.kinds import kinds
from services.matching.engine.skills.nearness import Nearness
from services.matching.engine.skills.soft_words import SoftWords
from services.matching.engine.skills.terms import normalise
from services.matching.engine.skills.wording import initials, meaning, meanings, stem, telling


@pytest.mark.parametrize(
    ("asked", "nearest", "others"),
    [
        ("oversee warehouse staff", "supervise warehouse personnel", ["warehouse lighting", "oversee animals"]),
        (
            "you have strong customer relations skills",
            "customer relations",
            ["strong currents", "customer skills test"],
        ),
        ("management of warehouses", "manage a warehouse", ["management", "warehouse lighting"]),
        ("utilise computer-aided design", "use CAD", ["utilise forklifts", "repair"]),
        ("comunicaton", "communicate", ["community", "compute"]),
        ("Photoshop CS6", "graphics editor software", ["photo booths", "workshop layout"]),
        ("포토샵", "graphics editor software", ["photo booths", "workshop layout"]),
        ("Photoshop", "Adobe Photoshop", ["graphics editor software", "image editing software"]),
        ("창고 관리", "warehouse management", ["quality management", "warehouse robot"]),
    ],
)
def test_what_is_meant_comes_first(asked: str, nearest: str, others: list[str]) -> None:
    terms = [*others, nearest]
    assert terms[int(np.argmax(Nearness(terms).of([asked])))] == nearest


def test_without_the_table_a_synonym_is_another_word() -> None:
    terms = ["buy animals", "welding"]
    with_table, without = (
        Nearness(terms, with_table=given).of(["purchase livestock"])[0, 0] for given in (True, False)
    )
    assert with_table > 2 * without


def test_what_is_of_one_kind_is_near_and_yet_not_the_same_to_a_score() -> None:
    """Who has worked with one product has not worked with another."""
    assert set(kinds("knowledge of gimp")) & set(kinds("photoshop"))
    assert kinds("welding") == kinds("") == ()
    for one, other in [("Photoshop", "GIMP"), ("Photoshop", "graphics editor software"), ("Jenkins", "Travis CI")]:
        assert compare(one, other).relation == "different"


def test_a_name_stands_once_in_a_kind() -> None:
    table = files("services.matching.engine.skills").joinpath("kinds.csv").read_text("utf-8").splitlines()
    for row in csv.DictReader(table):
        names = [normalise(name) for name in row["names"].split("|")]
        assert all(names), row
        assert len(names) == len(set(names)), row
        assert row["kind"] == row["kind"].casefold(), row


def test_words_that_any_term_has_tell_nothing_unless_there_are_no_others() -> None:
    assert telling("use of our warehouse skills") == ["warehouse"]
    assert telling("skills and experience") == ["skills", "and", "experience"]
    assert [stem(word) for word in ("managing", "management", "manager", "go")] == ["manag", "manag", "manag", "go"]
    assert meaning("overseeing") == meaning("manage") != meaning("repair")
    assert "ocr" in initials("optical character recognition software")
    assert set(meanings("employ computer aided design")) & set(meanings("cad"))


def test_a_word_stands_in_one_group_of_synonyms() -> None:
    rows = csv.DictReader(
        files("services.matching.engine.skills").joinpath("synonyms.csv").read_text("utf-8").splitlines()
    )
    words = [word for row in rows for word in (row["word"], *row["others"].split("|"))]
    assert len(words) == len(set(words))
    assert all(word.isascii() and word.islower() and word.isalpha() for word in words)


def test_coverage_is_what_its_definition_says() -> None:
    """A naive reference for words without a letter in common: rarity of what is covered, over both norms."""
    terms = ["red fox", "red owl", "blue owl", "fox"]
    asked = ["red owl", "fox blue", "zzz", ""]
    expected = [[_covered(one, term, terms) for term in terms] for one in asked]
    assert SoftWords(terms, stem).of(asked) == pytest.approx(np.array(expected))


def _covered(asked: str, term: str, terms: list[str]) -> float:
    def weight(word: str) -> float:
        holding = sum(word in one.split() for one in terms)
        return float((math.log((1 + len(terms)) / (1 + holding)) + 1) ** 1.5)

    both, norms = set(asked.split()) & set(term.split()), (asked.split(), term.split())
    whole = math.prod(math.sqrt(sum(map(weight, words))) for words in norms)
    return sum(map(weight, both)) / whole if both else 0.0


def test_nearness_is_bounded_and_the_same_in_any_order_of_the_terms() -> None:
    terms = ["요양보호사", "forklift", "지게차", "C++", "🙂", "", "a" * 10_000, "가" * 10_000, "\x00\x07"]
    asked = ["forklift driver", "엑셀 VBA", "", "🙂🙂", "b" * 10_000, "가a1+#" * 2_000]
    near = Nearness(terms).of(asked)
    turned = Nearness(terms[::-1]).of(asked)[:, ::-1]
    assert near.shape == (len(asked), len(terms))
    assert np.isfinite(near).all()
    assert near == pytest.approx(turned)
    assert all(0 <= near[at] <= 2 for at in product(range(len(asked)), range(len(terms))))


def test_a_name_that_a_query_asks_by_is_left_out_of_the_skills_own_names(tmp_path: Path) -> None:
    """Otherwise a query would find itself."""
    written = {
        "q.jsonl": '{"id": "q", "text": "Zzyzx"}\n',
        "c.jsonl": '{"id": "a", "text": "welding", "alt": ["zzyzx", "joining"]}\n{"id": "b", "text": "baking"}\n',
        "r.tsv": "q\ta\t1\n",
    }
    for name, content in written.items():
        (tmp_path / name).write_text(content, "utf-8")
    files = [f"--{name}={tmp_path / path}" for name, path in zip(("queries", "corpus", "qrels"), written, strict=True)]
    shown = CliRunner().invoke(cli.app, ["evaluate", *files, "--as=skill", "--no-peers", "--json"])
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.output)
    assert (told["fields"], told["names_left_out"]) == (["text", "alt"], 1)
    told = json.loads(
        CliRunner().invoke(cli.app, ["evaluate", *files, "--as=skill", "--fields=text", "--no-peers", "--json"]).output
    )
    assert (told["fields"], told["names_left_out"]) == (["text"], 0)
