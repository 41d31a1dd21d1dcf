"""Do the documents for other programs say what the code says?"""

import pytest

from deploy.documents import DOCS, asyncapi, stale
from shared.contracts import CATALOGUE


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_no_document_is_stale() -> None:
    assert [str(path.relative_to(DOCS)) for path in stale()] == [], "run python -m deploy.documents"


def test_every_stream_has_its_channel_its_sayers_and_its_hearers() -> None:
    document = asyncapi()
    assert len(document["channels"]) == len(CATALOGUE)
    told = {(name.split(".")[0], name.split(".")[1], name.split(".", 2)[2]) for name in document["operations"]}
    for event in CATALOGUE:
        name = f"{event.stream}.agency" if event.per_agency else event.stream
        assert {(who, "says", name) for who in event.said_by} | {(who, "hears", name) for who in event.heard_by} <= told
