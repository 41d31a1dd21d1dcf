"""`iljari evaluate` says what is wrong with its files, and ranks a tiny set as worked out by hand."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.matching.cli import app
from services.matching.quality.peers import PEERS
from shared.command import ExitCode

DOCUMENTS = [
    {"id": "d1", "title": "제빵사", "summary": "제빵 반죽을 한다"},
    {"id": "d2", "title": "용접원", "summary": "금속을 용접한다"},
    {"id": "d3", "title": "Welder", "summary": "welds metals"},
]
QUERIES = [{"id": "q1", "text": "제빵원"}, {"id": "q2", "text": "welders"}]
GRADES = "q1\td1\t2\nq2\td3\t1\n"


def as_lines(records: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A labelled set of three documents and two queries."""
    (tmp_path / "corpus").write_text(as_lines(DOCUMENTS), "utf-8")
    (tmp_path / "queries").write_text(as_lines(QUERIES), "utf-8")
    (tmp_path / "qrels").write_text(GRADES, "utf-8")
    return tmp_path


def run(folder: Path, kind: str = "title", *more: str) -> Result:
    files = [word for name in ("queries", "corpus", "qrels") for word in (f"--{name}", str(folder / name))]
    return CliRunner().invoke(app, ["evaluate", *files, "--as", kind, *more])


def measured(folder: Path, kind: str = "title", *more: str) -> dict[str, Any]:
    ran = run(folder, kind, *more, "--json")
    assert ran.exit_code == 0, ran.output
    data: dict[str, Any] = json.loads(ran.output)
    return data


def wrong(folder: Path, *more: str) -> dict[str, str]:
    ran = run(folder, "title", *more, "--json")
    assert ran.exit_code == ExitCode.USAGE
    problem: dict[str, str] = json.loads(ran.stderr)["error"]
    assert problem["message"]
    assert problem["message_ko"]
    return problem


@pytest.mark.parametrize(
    ("name", "written", "code", "line"),
    [
        ("qrels", "q1\td1\t1\nq1\td9\t1\n", "ID_UNKNOWN", ":2"),
        ("qrels", "q9\td1\t1\n", "ID_UNKNOWN", ":1"),
        ("qrels", "q1\td1\n", "COLUMNS_WRONG", ":1"),
        ("qrels", "q1 d1 1\n", "COLUMNS_WRONG", ":1"),
        ("qrels", "q1\td1\tgood\n", "COLUMNS_WRONG", ":1"),
        ("qrels", "q1\td1\tnan\n", "COLUMNS_WRONG", ":1"),
        ("qrels", "q1\td1\t9e99\n", "COLUMNS_WRONG", ":1"),
        ("qrels", "q1\td1\t0\n", "NOTHING_RELEVANT", ""),
        ("qrels", "", "FILE_EMPTY", ""),
        ("queries", " \n\n", "FILE_EMPTY", ""),
        ("corpus", "", "FILE_EMPTY", ""),
        ("queries", '{"id": "q1", "words": "빵"}\n', "FIELD_MISSING", ":1"),
        ("queries", '["q1"]\n', "FIELD_MISSING", ":1"),
        ("corpus", '{"id": "d1", "name": "빵"}\n', "FIELD_MISSING", ":1"),
        ("queries", as_lines(QUERIES) + "q3, 빵\n", "LINE_UNREADABLE", ":3"),
        ("corpus", as_lines([*DOCUMENTS, DOCUMENTS[0]]), "ID_TWICE", ":4"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_line(
    folder: Path, name: str, written: str, code: str, line: str
) -> None:
    (folder / name).write_text(written, "utf-8")
    error = wrong(folder)
    assert (error["code"], error["where"]) == (code, f"{folder / name}{line}")


def test_a_file_that_is_not_there_or_not_text_is_named(folder: Path) -> None:
    (folder / "queries").write_bytes(b"\xff\xfe\x00")
    assert wrong(folder)["code"] == "FILE_UNREADABLE"
    (folder / "queries").unlink()
    assert wrong(folder)["code"] == "FILE_UNREADABLE"


@pytest.mark.parametrize(
    ("name", "written", "code"),
    [
        ("aliases.tsv", "d1 제빵원\n", "COLUMNS_WRONG"),
        ("aliases.tsv", "d9\t제빵원\n", "ALIASES_UNKNOWN"),
        ("aliases.tsv", "", "FILE_EMPTY"),
        ("aliases.json", '[{"id": "d1"}]', "LINE_UNREADABLE"),
        ("aliases.json", '{"d1": "제빵원"}', "LINE_UNREADABLE"),
    ],
)
def test_aliases_that_cannot_be_read_are_named(folder: Path, name: str, written: str, code: str) -> None:
    (folder / name).write_text(written, "utf-8")
    assert wrong(folder, "--aliases", str(folder / name))["code"] == code


def test_a_field_that_no_document_has_is_named(folder: Path) -> None:
    assert wrong(folder, "--fields", "title,salary")["code"] == "FIELD_UNKNOWN"


@pytest.mark.parametrize("kind", ["title", "profile"])
def test_a_tiny_set_is_ranked_as_by_hand_by_ours(folder: Path, kind: str) -> None:
    ours = measured(folder, kind)["systems"][0]
    assert ours["queries"] == 2
    assert [ours[name] for name in ("map", "mrr", "ndcg", "precision_at_1", "recall")] == [1, 1, 1, 1, 1]
    assert ours["intervals"]["map"] == [1, 1]


def test_the_shape_for_programs(folder: Path) -> None:
    told = measured(folder)
    assert told.keys() == {"as", "documents", "fields", "names_left_out", "systems"}
    assert (told["as"], told["documents"], told["fields"]) == ("title", 3, ["title", "summary"])
    assert [one["system"] for one in told["systems"]] == ["ours", *PEERS]
    figures = {"map", "mrr", "ndcg", "precision_at_1", "recall"}
    for one in told["systems"]:
        assert one.keys() == {"system", "queries", "intervals", "seconds", *figures}
        assert one["intervals"].keys() == figures
        assert all(low <= one[name] <= high for name, (low, high) in one["intervals"].items())
    assert [one["system"] for one in measured(folder, "title", "--no-peers")["systems"]] == ["ours"]


def test_people_see_every_figure_with_its_interval(folder: Path) -> None:
    shown = run(folder).output
    for name in ("MAP (95 %)", "MRR (95 %)", "nDCG@10 (95 %)", "P@1 (95 %)", "ours", *PEERS):
        assert name in shown
    assert "1.0000 (1.000-1.000)" in shown


def test_the_same_files_give_the_same_figures(folder: Path) -> None:
    def figures() -> list[dict[str, Any]]:
        systems: list[dict[str, Any]] = measured(folder)["systems"]
        return [one | {"seconds": 0} for one in systems]

    assert figures() == figures()


def test_ties_go_by_id_whatever_the_order_of_the_file(folder: Path) -> None:
    alike = [{"id": name, "title": "제빵사"} for name in ("c", "a", "b")]
    (folder / "qrels").write_text("q1\ta\t1\n", "utf-8")
    for documents in (alike, alike[::-1]):
        (folder / "corpus").write_text(as_lines(documents), "utf-8")
        assert [one["precision_at_1"] for one in measured(folder)["systems"]] == [1] * 5


def test_a_query_never_finds_itself(folder: Path) -> None:
    (folder / "queries").write_text(as_lines([{"id": "q1", "text": "용접원", "self": "d2"}]), "utf-8")
    (folder / "qrels").write_text("q1\td3\t1\n", "utf-8")
    assert measured(folder)["systems"][0]["mrr"] == 1


def test_a_name_that_is_asked_for_is_left_out_of_the_aliases(folder: Path) -> None:
    (folder / "queries").write_text(as_lines([{"id": "q1", "text": "Patissier"}]), "utf-8")
    (folder / "qrels").write_text("q1\td2\t1\n", "utf-8")
    told = {}
    for name, aliases in (("own", "d2\tPATISSIER\n"), ("near", "d2\tPatissiers de Paris\n")):
        (folder / name).write_text(aliases + "d1\t빵집 주인\n", "utf-8")
        told[name] = measured(folder, "title", "--aliases", str(folder / name))
    assert [told[name]["names_left_out"] for name in ("own", "near")] == [1, 0]
    assert told["own"]["systems"][0]["mrr"] < told["near"]["systems"][0]["mrr"] == 1


HOSTILE = [
    "가" * 10_000,
    "x" * 10_000,
    "a\u0301" * 5_000,
    "\u0000\u0007\u200b\ufeff\u202e",
    "👩‍🏭🔥" * 500,
    "Сварщик Токарь",
    "용접welder溶接Сварка1급",
    "\ufdfa" * 1_000,
    " ",
    "\ud800",
]


@pytest.mark.parametrize("kind", ["title", "profile", "skill"])
def test_hostile_text_is_bounded_work(folder: Path, kind: str) -> None:
    records = [{"id": f"h{at}", "text": text, "alt": [text]} for at, text in enumerate(HOSTILE)]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "queries").write_text(lines, "utf-8")
    (folder / "corpus").write_text(lines, "utf-8")
    (folder / "qrels").write_text("".join(f"h{at}\th{at}\t1\n" for at in range(len(HOSTILE))), "utf-8")
    started = time.process_time()
    assert measured(folder, kind)["systems"][0]["queries"] == len(HOSTILE)
    assert time.process_time() - started < 30


@pytest.mark.parametrize("kind", ["title", "profile", "skill"])
def test_where_nothing_is_said_all_are_equally_far(folder: Path, kind: str) -> None:
    (folder / "queries").write_text(as_lines([{"id": "q1", "text": "…"}]), "utf-8")
    (folder / "corpus").write_text(as_lines([{"id": name, "text": "!?"} for name in ("b", "a")]), "utf-8")
    (folder / "qrels").write_text("q1\ta\t1\n", "utf-8")
    assert [one["mrr"] for one in measured(folder, kind)["systems"]] == [1] * 5
