"""Is the harness itself sound? It finds nothing broken in the smallest service, and finds every bug planted in it."""

import pytest

from tests.campaign import small_scene
from tests.campaign.conftest import Report
from tests.campaign.crash_points import catch, rig, walk
from tests.campaign.planted import PLANTED, SEEN_WITHOUT_A_KILL

pytestmark = [pytest.mark.campaign, pytest.mark.usefixtures("strace")]

SECTION = "crash points of the smallest service (the harness's own test)"


def test_no_kill_breaks_the_smallest_service(report: Report) -> None:
    found = walk(small_scene)
    report.tell(SECTION, **found.figures())
    assert found.points["small", "sendto"] > 5
    assert found.points["small", "pwrite64"] > 5
    assert not found.broken


@pytest.mark.parametrize("bug", PLANTED)
def test_every_planted_bug_is_caught(bug: str, report: Report) -> None:
    with rig(small_scene) as here:
        caught = catch(here, here.story(), bug)
    report.tell(SECTION, **{f"planted: {bug}": str(caught)})
    assert caught, "the harness is blind to this bug"
    assert (caught.by is None) == (bug in SEEN_WITHOUT_A_KILL), f"nobody was killed, and yet: {caught.wrong}"
