"""What the page must bear in a real browser: size, speed, every screen, print, and the rules of accessibility.

Screenshots and the PDF are kept in reports/screenshots/, which git ignores, for people to look at.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from evalkit.report.html import write_report
from tests.browser import launched, needs_chromium, opened
from tests.report_data import published_run
from tests.report_hostile import hostile_run
from tests.report_sizes import huge_run, large_run

pytestmark = [pytest.mark.full, needs_chromium]

SCREENSHOTS = Path(__file__).parent.parent / "reports" / "screenshots"
SCREENS = ((380, 800), (1280, 800), (2560, 1300))
RUNS = {"published": published_run, "hostile": hostile_run, "large": large_run, "huge": huge_run}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    for name, run in RUNS.items():
        write_report(run(), folder / f"{name}.html")
    return folder


def test_ten_thousand_words_of_four_prompts_paint_within_a_second(browser: Browser, folder: Path) -> None:
    assert (folder / "large.html").stat().st_size < 2_000_000
    paints = []
    # The best of three: other work on the machine only ever makes it slower.
    for _ in range(3):
        with opened(browser, folder / "large.html") as watched:
            watched.page.wait_for_timeout(300)  # the browser reports a paint a little after it
            script = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            paints.append(float(watched.page.evaluate(script)))
    assert min(paints) < 1_000


def test_hundred_variants_on_forty_prompts_still_scroll_and_search(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "huge.html") as watched:
        page = watched.page
        assert page.locator(".answer").count() == 4_000
        began = time.monotonic()
        page.keyboard.press("j")
        page.evaluate("document.querySelector('#prompt-30').scrollIntoView()")
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        scrolled = time.monotonic()
        page.locator("#search").fill("silence")
        assert "matches" in page.locator("#search-note").inner_text()
        searched = time.monotonic()
        # A second each on an idle machine, with room for a busy one; laying all of it out would take 20 on an idle one.
        assert scrolled - began < 15
        assert searched - scrolled < 15
        assert watched.complaints == []


@pytest.mark.parametrize(("size", "scheme"), [((380, 800), "light"), ((1280, 800), "dark"), ((2560, 1300), "light")])
def test_axe_finds_no_violation(
    browser: Browser, folder: Path, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    with opened(browser, folder / "published.html", size=size, scheme=scheme) as watched:
        for press in ("j", "b"):
            watched.page.keyboard.press(press)
            watched.page.evaluate(axe)
            found = watched.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SCREENS)
def test_screens_are_kept_for_people_to_look_at(
    browser: Browser, folder: Path, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with opened(browser, folder / "published.html", size=size, scheme=scheme) as watched:
        for name, script in {
            "first": "scrollTo(0, 0)",
            "pictures": "document.querySelector('#pictures').scrollIntoView()",
            "answers": "document.querySelector('#prompt-2').scrollIntoView()",
        }.items():
            watched.page.evaluate(script)
            path = SCREENSHOTS / f"{name}-{size[0]}-{scheme}.png"
            watched.page.screenshot(path=path)
            assert path.stat().st_size > 5_000


def test_hostile_page_keeps_its_layout(browser: Browser, folder: Path) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with opened(browser, folder / "hostile.html", size=(1280, 800)) as watched:
        watched.page.keyboard.press("j")
        watched.page.screenshot(path=SCREENSHOTS / "hostile.png")
        widths = watched.page.eval_on_selector_all(
            ".answer:not([hidden])", "all => all.map(each => Math.round(each.getBoundingClientRect().width))"
        )
        assert all(200 < width < 640 for width in widths)
        heights = watched.page.eval_on_selector_all(
            "#prompt-1 .answer-facts", "all => all.map(each => each.getBoundingClientRect().height)"
        )
        assert max(heights) < 600


def test_printed_pdf_holds_figures_pictures_and_whole_answers(browser: Browser, folder: Path) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / "published.pdf"
    with opened(browser, folder / "published.html") as watched:
        watched.page.pdf(path=path)
        watched.page.emulate_media(media="print")
        assert watched.page.locator("#prompt-2 .passage").last.is_visible()
        assert watched.page.locator("#chart-scatter svg").is_visible()
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert path.read_bytes().count(b"/Type /Page\n") > 5
