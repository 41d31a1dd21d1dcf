"""One posting's journey, killed at any instruction of any service: same matches, one effect each, nothing pending?"""

import pytest

from shared.contracts import AgencyAnswered, MatchesFound, PostingPublished
from shared.outbox import stream_of
from tests.campaign import city_scene, epoch_scene
from tests.campaign.conftest import Report
from tests.campaign.crash_points import catch, rig, walk
from tests.campaign.kept import Kept, unfinished
from tests.campaign.planted import PLANTED, SEEN_WITHOUT_A_KILL

pytestmark = [pytest.mark.campaign, pytest.mark.usefixtures("strace")]

NEW_TITLE = str(city_scene.NEW_POSTING["title"])
SECTION = "crash points of one posting's journey"


def test_the_journey_is_worth_being_killed_on() -> None:
    with rig(city_scene) as here:
        end = here.story().end
    sent = len(city_scene.POSTINGS) + 1
    assert unfinished(end) == []
    assert len(said(end, PostingPublished.stream)) >= sent
    assert len(said(end, stream_of(AgencyAnswered, city_scene.AGENCY))) == sent
    assert any(NEW_TITLE in line for line in end["notify posting_card"])
    assert len(said(end, MatchesFound.stream)) > sent


def test_no_kill_breaks_the_journey(report: Report) -> None:
    found = walk(city_scene)
    report.tell(SECTION, **found.figures())
    assert {service for service, call in found.points if call == "sendto"} == set(city_scene.SERVICES)
    assert not found.broken


def test_no_kill_breaks_the_opening_of_an_epoch(report: Report) -> None:
    found = walk(epoch_scene)
    report.tell("crash points of opening an epoch", **found.figures())
    assert found.points["matching", "fdatasync"] > 0
    assert not found.broken


def test_every_planted_bug_is_caught(report: Report) -> None:
    with rig(city_scene) as here:
        sound = here.story()
        caught = {bug: catch(here, sound, bug) for bug in PLANTED}
    told = {f"planted: {bug}": str(how) for bug, how in caught.items()}
    report.tell(SECTION, planted=len(PLANTED), caught=sum(map(bool, caught.values())), **told)
    assert all(caught.values())
    assert {bug for bug, how in caught.items() if how and how.by is None} == SEEN_WITHOUT_A_KILL


def said(end: Kept, stream: str) -> list[str]:
    return end[f"stream {stream}"]
