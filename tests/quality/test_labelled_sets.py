"""Do the development halves rank as well as they did? Floors below what docs/measured.md says, by more than noise."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from typer.testing import CliRunner

from services.matching.cli import app
from services.matching.quality.labelled import read_labelled
from services.matching.quality.ranking import as_document, by_text, fields_read
from tests.labelled_data import labelled
from tests.unit.matching.quality.test_ranking import reference

Figure = Literal["map", "ndcg"]


@dataclass(frozen=True)
class Floor:
    """The least that a figure of a labelled set may be, when its queries are asked as this kind."""

    queries: str
    corpus: str
    kind: Literal["title", "profile"]
    figure: Figure
    least: float


FLOORS = (
    Floor("kdot/alias", "kdot", "title", "map", 0.535),
    Floor("kdot/profile_known", "kdot", "profile", "map", 0.74),
    Floor("kdot/profile_graded", "kdot", "profile", "ndcg", 0.525),
    Floor("ko_postings/req2duty", "ko_postings/req2duty", "profile", "map", 0.45),
    Floor("onet/reported_title", "onet", "title", "map", 0.483),
)


def files(floor: Floor) -> dict[str, Path]:
    queries = labelled(floor.queries)
    return {
        "queries": queries / "queries.dev.jsonl",
        "corpus": labelled(floor.corpus) / "corpus.jsonl",
        "qrels": queries / "qrels.dev.tsv",
    }


@pytest.mark.parametrize("floor", FLOORS, ids=[floor.queries for floor in FLOORS])
def test_a_development_half_ranks_as_well_as_it_did(floor: Floor) -> None:
    options = [word for name, path in files(floor).items() for word in (f"--{name}", str(path))]
    ran = CliRunner().invoke(app, ["evaluate", *options, "--as", floor.kind, "--no-peers", "--json"])
    (ours,) = json.loads(ran.output)["systems"]
    assert ours[floor.figure] >= floor.least


@pytest.mark.parametrize("floor", FLOORS, ids=[floor.queries for floor in FLOORS])
def test_real_texts_are_ranked_as_by_the_reference(floor: Floor) -> None:
    labelled = read_labelled(*files(floor).values())
    fields = fields_read(floor.kind, labelled.documents)
    queries = [one["text"] for one in labelled.queries[:: len(labelled.queries) // 10]]
    documents = [as_document(one, fields) for one in labelled.documents[:: len(labelled.documents) // 40]]
    assert np.vstack(list(by_text(queries, documents))).tolist() == reference(queries, documents)
