"""What every journey in a browser needs: the browser, and a look at a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journey.serving import OPTIONS
from tests.journey.windows import LooksWell


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(chromium), args=" ".join(OPTIONS).split())
        yield browser
        browser.close()


@pytest.fixture
def looks_well(tmp_path: Path) -> LooksWell:
    """Nothing is wider than the screen, axe finds nothing, a picture is taken. Needs scripts: axe waits without end."""

    def looks_well(page: Page, name: str) -> None:
        width = page.viewport_size["width"] if page.viewport_size else 0
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        broken = Axe().run(page).response["violations"]
        assert not broken, (name, [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in broken])
        page.screenshot(path=tmp_path / f"{name}-{width}.png", full_page=True)

    return looks_well
