"""The page of `vqcodec eval rd` on sounds, in a browser: it plays from a file, and one version goes on from another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.picture_reports import HOSTILE
from tests.helpers.sound_reports import HOSTILE_SOUND, needs_opus

if "CI" not in os.environ:  # where it has to be there
    pytest.importorskip("playwright", reason="needs vqcodec[test]")

from playwright.sync_api import Browser, Page

from tests.helpers.pages import WINDOWS, Window, wait_until

pytestmark = [pytest.mark.browser, needs_opus]

PLAYERS = ["Original", "vqcodec at 1 kbit/s", "Opus at 6 kbit/s"]


@pytest.fixture(scope="module", params=list(WINDOWS))
def window(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Window]:
    window = Window(browser, request.param)
    yield window
    window.page.close()


@pytest.fixture
def page(window: Window, evaluated_sounds: Path) -> Iterator[Page]:
    with window.opened(evaluated_sounds / "report" / "report.html") as page:
        wait_until(page, "[...document.querySelectorAll('audio')].every((audio) => audio.readyState > 0)")
        yield page


def state(page: Page, what: str) -> list[Any]:
    return list(page.evaluate(f"[...document.querySelectorAll('audio')].map((audio) => audio.{what})"))


def wait_for_time(page: Page, number: int, seconds: float) -> None:
    wait_until(page, f"document.querySelectorAll('audio')[{number}].currentTime > {seconds}")


def test_all_versions_are_loaded(page: Page) -> None:
    page.select_option("#sound", label="first.flac")
    wait_until(page, "[...document.querySelectorAll('audio')].every((audio) => audio.duration > 0)")
    assert page.locator(".player > button").all_text_contents() == PLAYERS
    assert state(page, "duration") == pytest.approx([1.0] * 3, abs=0.01)
    assert all(source.startswith("data:audio/flac;base64,") for source in state(page, "src"))
    assert len(set(state(page, "src"))) == 3
    widths = page.evaluate("[...document.querySelectorAll('.spectrogram img')].map((image) => image.naturalWidth)")
    assert min(widths) > 500
    captions = page.locator(".player > p").all_text_contents()
    assert captions[0] == "first.flac, 1.0 s"
    assert all("kbit/s, PESQ-WB " in caption and "ViSQOL " in caption for caption in captions[1:])


def test_a_version_goes_on_where_another_was(page: Page) -> None:
    page.locator(".player button").nth(0).click()
    wait_for_time(page, 0, 0.5)
    page.locator(".player button").nth(2).click()
    wait_until(page, "!document.querySelectorAll('audio')[2].paused")
    wait_for_time(page, 2, 0.5)
    assert state(page, "paused") == [True, True, False]
    page.keyboard.press("2")
    wait_for_time(page, 1, 0.5)
    assert state(page, "paused") == [True, False, True]
    page.locator(".player button").nth(1).click()
    wait_until(page, "[...document.querySelectorAll('audio')].every((audio) => audio.paused)")


def test_of_two_at_once_the_last_one_plays(page: Page) -> None:
    page.evaluate("[0, 1].forEach((index) => document.querySelectorAll('.player button')[index].click())")
    wait_for_time(page, 1, 0.3)
    assert state(page, "paused") == [True, False, True]
    page.locator(".player button").nth(1).click()
    wait_until(page, "[...document.querySelectorAll('audio')].every((audio) => audio.paused)")


@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 0)])
def test_so_it_does_by_the_controls_of_the_browser(page: Page, before: int, after: int) -> None:
    page.locator(".player button").nth(before).click()
    wait_for_time(page, before, 0.5)
    page.evaluate(f"document.querySelectorAll('audio')[{after}].play()")
    wait_for_time(page, after, 0.5)
    assert [number for number, paused in enumerate(state(page, "paused")) if not paused] == [after]


def test_a_place_in_the_spectrogram_is_heard(page: Page) -> None:
    spectrogram = page.locator(".spectrogram").nth(1)
    spectrogram.scroll_into_view_if_needed()
    box = spectrogram.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for_time(page, 1, 0.8)
    assert state(page, "paused") == [True, False, True]
    wait_until(page, "parseFloat(document.querySelectorAll('.cursor')[1].style.left) > 40")  # it is moved a frame later


def test_another_sound_can_be_chosen(page: Page) -> None:
    page.locator(".player button").nth(0).click()
    for name in ("first.flac", HOSTILE_SOUND):
        before = state(page, "src")
        page.select_option("#sound", label=name)
        assert set(state(page, "src")).isdisjoint(before)
        assert (page.text_content(".player p") or "").startswith(name)
        assert page.text_content("#points-heading") == f"All that was measured on {name}"
    assert state(page, "paused") == [True] * 3


def test_tables_tell_the_scores_of_every_sound(page: Page) -> None:
    heads = page.locator("#original-table th").all_text_contents()
    assert heads == ["sound", "seconds", "vqcodec 1", "vqcodec 40", *(f"Opus {rate}" for rate in (6, 8, 12, 16, 24))]
    before = page.locator("#original-table tbody tr").first.text_content()
    page.select_option("#metric", label="STOI")
    assert page.locator("#original-table tbody tr").first.text_content() != before
    page.locator("#original-table td button", has_text="first.flac").click()
    assert page.text_content("#points-heading") == "All that was measured on first.flac"
    assert page.locator("#point-table tbody tr").count() == 7


def test_curves_of_three_metrics(page: Page) -> None:
    page.wait_for_selector(".plot:nth-child(3) .scatterlayer .trace", state="attached")
    assert page.locator(".plot h3").all_text_contents() == [
        "PESQ-WB, MOS-LQO",
        "STOI",
        "ViSQOL of speech, MOS-LQO",
    ]
    drawn = [page.locator(f".plot:nth-child({number}) .scatterlayer .trace").count() for number in (1, 2, 3)]
    assert drawn == [3, 2, 3]  # nobody published STOI
    page.select_option("#curve-of", label="first.flac")
    wait_until(page, "document.querySelectorAll('.plot:first-child .scatterlayer .trace').length === 2")


def test_names_are_text(page: Page) -> None:
    assert page.title().startswith("Rate and distortion on 2 sounds")
    assert HOSTILE_SOUND in page.locator("#original-table td").all_text_contents()
    assert "<b>Theirs</b> (published)" in page.locator("#chips button").all_text_contents()
    assert page.locator("img[src=x]").count() == 0
    assert HOSTILE not in page.title()


def test_nothing_is_wider_than_the_window(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
