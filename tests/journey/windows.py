"""What does a page look like to who opens it? Windows of a real browser, and what no window may show."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

Opened = Callable[..., Page]
LooksWell = Callable[[Page, str], None]
"""Of a page, and the name of the picture that is taken of it."""


@contextmanager
def windows(browser: Browser, url: str, *, allowed: str | None = None) -> Iterator[Opened]:
    """Opens fresh windows of a width; whatever their consoles complain about fails the test.

    Args:
        allowed: words of what the browser says by itself of an answer that is meant, such as `status of 422`.
    """
    complaints: list[str] = []
    with ExitStack() as stack:

        def opened(width: int, **told: Any) -> Page:
            window = browser.new_context(base_url=url, viewport={"width": width, "height": 900}, **told)
            stack.callback(window.close)
            page = window.new_page()
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield opened
    assert not [told for told in complaints if allowed is None or allowed not in told], complaints
