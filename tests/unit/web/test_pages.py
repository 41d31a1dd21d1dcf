"""Pages: headers on every answer, nothing unescaped, the reader's language."""

import pytest
from fastapi.testclient import TestClient

from shared.web.guard import HEADERS


@pytest.mark.parametrize(
    "path",
    [
        "/card",
        "/nowhere",
        "/operators",
        "/api/who",
        "/api/broken",
        "/static/iljari.css",
        "/static/none",
        "/openapi.json",
    ],
)
def test_every_answer_is_guarded(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_title_is_text_whatever_it_holds(browser: TestClient) -> None:
    page = browser.get("/card", params={"heading": '<script>alert(1)</script>"><img src=x onerror=alert(1)>'}).text
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page


def test_korean_is_spoken_unless_another_language_is_chosen_and_kept(browser: TestClient) -> None:
    assert '<html lang="ko">' in browser.get("/card").text
    assert '<html lang="ko">' in browser.get("/card?lang=xx").text
    assert '<html lang="en">' in browser.get("/card?lang=en").text
    assert '<html lang="en">' in browser.get("/card").text


def test_a_page_has_no_inline_style_or_script(browser: TestClient) -> None:
    page = browser.get("/card").text
    assert "<script" not in page
    assert "<style" not in page
    assert " style=" not in page


def test_a_file_under_its_content_s_name_is_kept_and_others_are_not(browser: TestClient) -> None:
    page = browser.get("/card").text
    address = next(word for word in page.split('"') if word.startswith("/static/iljari.css"))
    assert "immutable" in browser.get(address).headers["cache-control"]
    assert browser.get("/static/iljari.css").headers["cache-control"] == "no-store"
