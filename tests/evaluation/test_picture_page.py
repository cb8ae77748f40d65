"""The page of `vqcodec eval rd`, in a browser: it works from a file, loads nothing, and nothing of a name runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.picture_reports import HOSTILE

if "CI" not in os.environ:  # where it has to be there
    pytest.importorskip("playwright", reason="needs vqcodec[test]")

from playwright.sync_api import Browser, Page

from tests.helpers.pages import WINDOWS, Window

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=list(WINDOWS))
def window(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Window]:
    window = Window(browser, request.param)
    yield window
    window.page.close()


@pytest.fixture
def page(window: Window, evaluated: Path) -> Iterator[Page]:
    with window.opened(evaluated / "report" / "report.html") as page:
        yield page


def pictures(page: Page) -> dict[str, str]:
    """The sources of both pictures, once they are loaded."""
    for side in ("left", "right"):
        page.wait_for_function(f"document.getElementById('{side}-image').naturalWidth > 0")
    return {side: page.get_attribute(f"#{side}-image", "src") or "" for side in ("left", "right")}


def clip(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.getElementById('left-image')).clipPath"))


def test_the_slider_moves_with_keys_and_pointer(page: Page) -> None:
    pictures(page)
    middle = clip(page)
    page.focus("#slider")
    page.keyboard.press("ArrowRight")
    right = clip(page)
    page.keyboard.press("Home")
    start = clip(page)
    page.locator("#slider").scroll_into_view_if_needed()
    box = page.locator("#slider").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert len({middle, right, start, clip(page)}) == 4
    assert 24 < float(page.input_value("#slider")) < 26


def test_picture_rate_and_codec_can_be_chosen(page: Page) -> None:
    seen = [pictures(page)]
    labels = page.locator("#right option").all_text_contents()
    assert labels[:3] == ["Original", "JPEG", "vqcodec"]
    for label in labels[2:]:
        page.select_option("#right", label=label)
        seen.append(pictures(page))
        assert (page.text_content("#right-caption b") or "").split(" (")[0] == label
    assert len({each["right"] for each in seen}) == len(labels) - 2
    page.select_option("#rate", index=1)
    seen.append(pictures(page))
    assert seen[-1] != seen[-2]
    page.select_option("#picture", label="first.png")
    first = pictures(page)
    page.select_option("#picture", label=HOSTILE)
    assert set(pictures(page).values()).isdisjoint(first.values())
    page.select_option("#left", label="Original")
    assert page.text_content("#left-caption") == f"Original{HOSTILE}"
    assert "bit per pixel" in (page.text_content("#right-caption") or "")


def test_curves_are_drawn_and_can_be_hidden(page: Page) -> None:
    drawn = ".plot:first-child .scatterlayer .trace"
    page.wait_for_selector(drawn, state="attached")
    before = page.locator(drawn).count()
    assert before == page.locator("#chips button").count()
    page.locator("#chips button").last.click()
    page.wait_for_function(f"document.querySelectorAll('{drawn}').length === {before - 1}")
    page.select_option("#curve-of", label="first.png")
    page.wait_for_function(f"document.querySelectorAll('{drawn}').length === {before - 1}")


def test_tables_are_sorted_and_lead_to_pictures(page: Page) -> None:
    column = "#point-table tbody td:nth-child(3)"
    page.locator("#point-table th button", has_text="bytes").click()
    up = [int(text) for text in page.locator(column).all_text_contents()]
    page.locator("#point-table th button", has_text="bytes").click()
    down = [int(text) for text in page.locator(column).all_text_contents()]
    assert up == sorted(up)
    assert down == up[::-1]
    page.locator("#original-table td button", has_text="first.png").click()
    assert page.text_content("#points-heading") == "All that was measured on first.png"


def test_names_are_text(page: Page) -> None:
    assert page.title().startswith("Rate and distortion on 2 pictures")
    assert HOSTILE in page.locator("#original-table td").all_text_contents()
    assert "<b>Theirs</b> (published)" in page.locator("#chips button").all_text_contents()
    assert page.locator("img[src=x]").count() == 0


def test_nothing_is_wider_than_the_window(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
