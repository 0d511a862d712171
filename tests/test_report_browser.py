"""The report in a real browser, from disk and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from evalkit.report.html import write_report
from tests.browser import PHONE, launched, needs_chromium, opened
from tests.report_data import LABELS, NINE_RINGS, published_run
from tests.report_hostile import hostile_run
from tests.report_sizes import large_run

pytestmark = [pytest.mark.full, needs_chromium]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    for name, run in {"published": published_run, "hostile": hostile_run, "large": large_run}.items():
        write_report(run(), folder / f"{name}.html")
    return folder


@pytest.fixture
def page(browser: Browser, folder: Path) -> Iterator[Page]:
    with opened(browser, folder / "published.html") as watched:
        yield watched.page


def labels(page: Page) -> list[str]:
    return page.locator("#summary tbody th").all_inner_texts()


def background(page: Page, selector: str) -> str:
    return str(page.eval_on_selector(selector, "element => getComputedStyle(element).backgroundColor"))


@pytest.mark.parametrize("name", ["published", "hostile", "large"])
def test_page_opens_without_a_complaint_a_dialog_a_request_or_a_step_aside(
    browser: Browser, folder: Path, name: str
) -> None:
    with opened(browser, folder / f"{name}.html") as watched:
        watched.page.mouse.move(400, 500)
        watched.page.mouse.wheel(0, 3_000)
        watched.page.keyboard.press("Tab")
        watched.page.wait_for_timeout(300)  # long enough for a refresh or a handler to fire
        assert (watched.complaints, watched.dialogs) == ([], [])
        address = (folder / f"{name}.html").as_uri()
        assert (watched.requests, watched.navigations) == ([address], [address])
        assert watched.page.evaluate("window.pwned") is None


def test_policy_stops_a_script_that_escaping_had_missed(browser: Browser, folder: Path, tmp_path: Path) -> None:
    page = (folder / "published.html").read_text("utf-8")
    (tmp_path / "broken.html").write_text(page.replace("<h1>", "<h1><script>window.pwned=1</script>"), "utf-8")
    with opened(browser, tmp_path / "broken.html") as watched:
        assert watched.page.evaluate("window.pwned") is None
        assert "Content Security Policy" in watched.complaints[0]


@pytest.mark.parametrize("javascript", [True, False])
def test_all_ten_texts_can_be_read_with_and_without_scripts(browser: Browser, folder: Path, javascript: bool) -> None:
    with opened(browser, folder / "published.html", javascript=javascript) as watched:
        watched.page.eval_on_selector("#prompt-1", "prompt => prompt.scrollIntoView()")
        watched.page.wait_for_timeout(300)  # what comes into sight is laid out with the next frame
        shown = " ".join(watched.page.locator("#prompt-1").inner_text().split())
        for label in LABELS:
            published = (NINE_RINGS / "outputs" / f"{label}.txt").read_text("utf-8")
            assert " ".join(published.split())[-400:] in shown
        assert watched.page.locator("#controls").is_visible() is javascript


def test_keys_switch_differences_and_tint(page: Page) -> None:
    tinted = "#prompt-2 [data-column='4'] .t8, #prompt-2 [data-column='4'] .t7"
    mark = "#prompt-2 [data-column='4'] ins"
    underlined = "element => getComputedStyle(element).textDecorationLine"
    assert page.eval_on_selector(mark, underlined) == "underline"
    page.keyboard.press("d")
    assert page.eval_on_selector(mark, underlined) == "none"
    before = background(page, tinted)
    page.keyboard.press("t")
    assert background(page, tinted) == "rgba(0, 0, 0, 0)" != before
    page.keyboard.press("t")
    assert background(page, tinted) == before


def test_key_with_a_modifier_is_left_to_the_browser(page: Page) -> None:
    page.keyboard.press("Control+d")
    assert page.locator("[data-toggle='show-differences']").is_checked()


def test_check_box_hides_a_variant_in_every_prompt(page: Page) -> None:
    page.locator(".columns-menu > summary").click()
    page.get_by_label("M3", exact=True).uncheck()
    assert [column.is_visible() for column in page.locator("[data-column='3']").all()] == [False, False]
    assert page.locator("[data-column='2']").first.is_visible()
    page.get_by_label("M3", exact=True).check()
    assert page.locator("[data-column='3']").first.is_visible()


def test_heading_sorts_down_up_and_back_by_unrounded_value_with_missing_last(page: Page) -> None:
    heading = page.get_by_role("button", name="Delta-tint")
    heading.click()
    # Delta-tint by the builder's rule: M10 highest, M2 (-4.04) just below M3 (-4), M1 not measured.
    assert labels(page) == ["M10", "M9", "M8", "M7", "M6", "M5", "M4", "M3", "M2", "M1"]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    heading.press("Enter")
    assert labels(page) == ["M2", "M3", "M4", "M5", "M6", "M7", "M8", "M9", "M10", "M1"]
    heading.click()
    assert labels(page) == list(LABELS)
    assert page.locator("th[aria-sort]").count() == 0


def test_labels_sort_as_numbers_not_as_letters(page: Page) -> None:
    page.get_by_role("button", name="Variant").click()
    assert labels(page) == list(reversed(LABELS))


def test_tapped_sentence_tells_its_tint_and_the_references_words(page: Page) -> None:
    page.locator("#prompt-2 [data-column='4'] ins").first.click()
    note = page.locator("#sentence-note").inner_text()
    assert "dread" in note
    assert "There: candlelight." in note


@pytest.mark.parametrize("name", ["published", "hostile", "large"])
@pytest.mark.parametrize("size", [(380, 800), (768, 900), (2560, 1300)])
def test_page_never_scrolls_sideways(browser: Browser, folder: Path, name: str, size: tuple[int, int]) -> None:
    with opened(browser, folder / f"{name}.html", size=size) as watched:
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_reference_stays_in_sight_while_the_other_columns_scroll(page: Page) -> None:
    page.eval_on_selector("#prompt-1 .columns", "columns => columns.scrollLeft = 2000")
    reference = page.locator("#prompt-1 .answer.is-reference").bounding_box()
    assert reference is not None
    assert reference["x"] >= 0


def test_phone_shows_one_column_at_a_time(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "published.html", size=PHONE) as watched:
        box = watched.page.locator("#prompt-1 .answer").first.bounding_box()
        assert box is not None
        assert 300 < box["width"] <= 390


def test_tapped_sentence_tells_its_tint_within_sight_on_a_phone(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "published.html", size=PHONE) as watched:
        watched.page.locator("#prompt-1 .answer .s").first.click()
        box = watched.page.locator("#sentence-note").bounding_box()
        assert box is not None
        assert (box["x"], box["width"]) == (0, 390)


def test_dark_scheme_has_a_dark_ground(browser: Browser, folder: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        with opened(browser, folder / "published.html", scheme=scheme) as watched:
            grounds.append(background(watched.page, "html"))
    assert grounds == ["rgb(253, 253, 252)", "rgb(21, 24, 27)"]


def test_keyboard_focus_can_be_seen(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("Tab")
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width == "3px"


def test_printed_page_holds_every_column(page: Page) -> None:
    page.emulate_media(media="print")
    assert all(column.is_visible() for column in page.locator(".answer").all())
    assert not page.locator("#controls").is_visible()
    widths = {round(column.bounding_box()["width"]) for column in page.locator("#prompt-1 .answer").all()}  # type: ignore[index]
    assert len(widths) == 1
