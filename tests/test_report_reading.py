"""The reading view in a real browser: keys, columns, blind reading, search, deep links, evidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from evalkit.report.html import write_report
from tests.browser import launched, needs_chromium, opened
from tests.report_data import LABELS, published_run

pytestmark = [pytest.mark.full, needs_chromium]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "index.html"
    write_report(published_run(), path)
    return path


@pytest.fixture
def page(browser: Browser, path: Path) -> Iterator[Page]:
    with opened(browser, path) as watched:
        yield watched.page
        assert watched.complaints == []


def shown_columns(page: Page, prompt: int) -> list[str]:
    script = "columns => columns.filter(column => !column.hidden).map(column => column.dataset.column)"
    return list(page.eval_on_selector_all(f"#prompt-{prompt} .answer", script))


def names(page: Page, prompt: int) -> list[str]:
    return page.locator(f"#prompt-{prompt} .answer-name").all_inner_texts()


def top_of(page: Page, prompt: int) -> float:
    return float(page.eval_on_selector(f"#prompt-{prompt}", "element => element.getBoundingClientRect().top"))


def test_j_and_k_go_from_prompt_to_prompt_and_arrows_then_scroll_its_columns(page: Page) -> None:
    page.keyboard.press("j")
    assert 0 <= top_of(page, 1) < 100
    page.keyboard.press("j")
    assert 0 <= top_of(page, 2) < 100
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)  # scrolling by key is animated
    assert page.eval_on_selector("#prompt-2 .columns", "columns => columns.scrollLeft") > 0
    page.keyboard.press("k")
    assert 0 <= top_of(page, 1) < 100


def test_numbers_switch_columns_and_zero_is_the_tenth(page: Page) -> None:
    for key in "30":
        page.keyboard.press(key)
    assert shown_columns(page, 1) == ["1", "2", "4", "5", "6", "7", "8", "9"]
    assert page.locator("#column-count").inner_text() == "8 of 10"
    page.keyboard.press("3")
    assert "3" in shown_columns(page, 2)


def test_reference_only_and_all(page: Page) -> None:
    page.locator(".columns-menu > summary").click()
    page.get_by_role("button", name="Reference only").click()
    assert shown_columns(page, 1) == ["1"]
    page.get_by_role("button", name="All", exact=True).click()
    assert len(shown_columns(page, 1)) == 10


def test_all_columns_of_a_prompt_scroll_together_under_their_names(page: Page) -> None:
    page.keyboard.press("j")
    page.eval_on_selector("#prompt-1 .columns", "columns => columns.scrollTop = 300")
    tops = page.eval_on_selector_all(
        "#prompt-1 .answer:not([hidden]) .passage", "all => all.map(each => each.getBoundingClientRect().top)"
    )
    assert len({round(top) for top in tops}) == 1
    name = page.locator("#prompt-1 .answer h4").first.bounding_box()
    columns = page.locator("#prompt-1 .columns").bounding_box()
    assert name is not None
    assert columns is not None
    assert abs(name["y"] - columns["y"]) < 4


def test_answer_and_state_can_be_linked_to(browser: Browser, path: Path) -> None:
    with opened(browser, path, anchor="prompt-2&columns=1,4&off=show-tint") as watched:
        assert shown_columns(watched.page, 2) == ["1", "4"]
        assert not watched.page.locator("[data-toggle='show-tint']").is_checked()
        assert 0 <= top_of(watched.page, 2) < 100
        watched.page.keyboard.press("t")
        assert watched.page.evaluate("location.hash").endswith("&columns=1,4")


def test_link_to_an_answer_shows_its_column_where_it_was_hidden(page: Page) -> None:
    page.keyboard.press("4")
    assert "4" not in shown_columns(page, 1)
    page.evaluate("location.hash = '#answer-1-4'")
    page.locator("#answer-1-4").wait_for(state="visible")


def test_search_counts_by_variant_marks_and_goes_to_the_next_match(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("SHADOWS")
    note = page.locator("#search-note").inner_text()
    # The builder puts the word into M4's near twin five times; the published texts use it, too.
    assert "M4 " in note
    total = int(note.split()[0])
    assert page.evaluate("CSS.highlights.get('found').size") == total  # both prompts are near
    page.keyboard.press("Enter")
    assert page.locator("#search-note").inner_text().startswith(f"1 of {total} matches")
    page.keyboard.press("Shift+Enter")
    assert page.locator("#search-note").inner_text().startswith(f"{total} of {total}")


def test_search_finds_words_across_marks(page: Page) -> None:
    # M4's near twin: the 20th word is marked as changed, and its neighbours are not.
    page.locator("#search").fill("weak shadows")
    assert "M4 1" in page.locator("#search-note").inner_text()


def test_letters_typed_into_the_search_are_no_keys(page: Page) -> None:
    page.locator("#search").fill("")
    page.locator("#search").press_sequentially("dtb1")
    assert page.locator("[data-toggle='show-tint']").is_checked()
    assert page.locator("#search").input_value() == "dtb1"
    assert len(shown_columns(page, 1)) == 10


def test_blind_reading_hides_names_figures_marks_and_order_until_revealed(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("b")
    section = page.locator("#prompt-1")
    assert section.locator(".blind-name").all_inner_texts() == list("ABCDEFGHIJ")
    text = section.locator(".columns").inner_text()
    assert not any(f"{label}\n" in text for label in LABELS)
    assert "Tint" not in text
    assert "Repeats" not in text
    assert section.locator(".answer-name:visible, .fork:visible, .gone:visible, .answer-facts dl:visible").count() == 0
    grounds = page.eval_on_selector_all(
        "#prompt-1 .s", "all => [...new Set(all.map(each => getComputedStyle(each).backgroundColor))]"
    )
    assert grounds == ["rgba(0, 0, 0, 0)"]
    page.keyboard.press("2")
    page.get_by_role("button", name="Reveal (1 marked)").click()
    second = section.locator(".answer").nth(1).locator(".answer-name").inner_text()
    assert page.locator("#search-note").inner_text() == f"Your favourites: {second} 1×."
    assert section.locator(".answer-name:visible").count() == 10


def test_blind_order_is_shuffled_for_each_prompt_and_put_back(page: Page) -> None:
    orders = set()
    for _ in range(4):
        page.keyboard.press("b")
        orders |= {tuple(page.eval_on_selector_all(f"#prompt-{n} .answer", "a => a.map(x => x.dataset.column)"))
                   for n in (1, 2)}  # fmt: skip
        page.keyboard.press("b")
    # Eight draws of 10! orders: two alike would be a wonder.
    assert len(orders) == 8
    assert shown_columns(page, 1) == [str(n) for n in range(1, 11)]
    assert page.locator(".blind-name, .favourite").count() == 0


def test_blind_search_does_not_tell_the_variants(page: Page) -> None:
    page.keyboard.press("b")
    page.locator("#search").fill("silence")
    note = page.locator("#search-note").inner_text()
    assert "match" in note
    assert "M" not in note


def test_n_tells_sentence_after_sentence(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("n")
    first = page.locator("#sentence-note").inner_text()
    page.keyboard.press("n")
    assert first.startswith("tint ")
    assert page.locator(".is-read").count() == 1


def test_question_mark_opens_the_help_and_escape_closes_it(page: Page) -> None:
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("j")  # is not for the page behind it
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()


def test_figure_opens_its_evidence_in_place_and_leads_on_from_there(page: Page) -> None:
    page.locator("#summary tbody tr").nth(8).get_by_role("link", name="+11.0").focus()
    page.keyboard.press("Enter")
    evidence = page.locator("#evidence")
    for part in ("M9", "Delta-tint", "+3.5 to +18.5", "scores.csv", "Signature:", "Above 0 is darker"):
        assert part in evidence.inner_text()
    evidence.get_by_role("link", name="near-twins").click()
    assert not evidence.is_visible()
    assert page.evaluate("location.hash") == "#answer-2-9"


def test_evidence_is_reached_by_link_without_scripts(browser: Browser, path: Path) -> None:
    with opened(browser, path, javascript=False) as watched:
        watched.page.locator("#summary tbody tr").nth(8).get_by_role("link", name="+11.0").click()
        assert watched.page.locator("#trace-9-delta_tint").is_visible()
