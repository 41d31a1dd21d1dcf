"""Where are the labelled sets and real postings? They are no part of the repository: without them, a test says so."""

import os
from pathlib import Path

import pytest


def labelled(name: str) -> Path:
    """The folder of this name among those of `ILJARI_DATA`; the test is skipped where it is not."""
    folder = Path(os.environ.get("ILJARI_DATA") or "/nowhere") / name
    if not folder.is_dir():
        pytest.skip(f"ILJARI_DATA names no folder with {name}/: labelled data are no part of the repository")
    return folder
