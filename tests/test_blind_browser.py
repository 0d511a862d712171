"""Ballots in a real browser: from disk and from the server, first pair to votes, hostile texts included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from evalkit.blind.collect import collect_votes, read_progress
from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.make import make_kit
from tests.blind_kits import LABELS, NOW, ballot_of, kit_folder, made_kit, order, random_texts, source_of
from tests.blind_server import served
from tests.browser import PHONE, Watched, launched, needs_chromium, opened

pytestmark = [pytest.mark.full, needs_chromium]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def folder(tmp_path: Path) -> KitFolder:
    return kit_folder(tmp_path)


def shown(page: Page) -> dict[str, str]:
    """The texts on the page."""
    return {part: page.locator(f"#{part}").text_content() or "" for part in ("prompt", "opening", "left", "right")}


def judge_all(page: Page, key: str = "t") -> list[dict[str, str]]:
    """Every pair by keys; returns what was shown."""
    seen = []
    while page.locator("#pair").is_visible():
        place = page.inner_text("#place")
        seen.append(shown(page))
        page.keyboard.press(key)
        page.keyboard.press("s")
        page.keyboard.press("Enter")
        expect(page.locator("#place")).not_to_have_text(place)
    return seen


def download(page: Page, path: Path) -> dict[str, Any]:
    with page.expect_download() as waiting:
        page.click("#download")
    assert waiting.value.suggested_filename == "votes-ana.json"
    waiting.value.save_as(path)
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def assert_quiet(watched: Watched, path: Path) -> None:
    assert (watched.complaints, watched.dialogs) == ([], [])
    assert set(watched.requests) <= {path.as_uri()} | {r for r in watched.requests if r.startswith("blob:")}
    assert set(watched.navigations) == {path.as_uri()}
    assert watched.page.evaluate("window.pwned") is None


def test_a_ballot_goes_from_the_first_pair_to_votes_that_are_counted(
    browser: Browser, folder: KitFolder, tmp_path: Path
) -> None:
    path = folder.ballot_path("ana")
    with opened(browser, path) as watched:
        page = watched.page
        page.click("#begin")
        seen = judge_all(page)
        document = download(page, tmp_path / "votes-ana.json")
        assert page.inner_text("#receipt") == document["receipt"]
        assert json.loads(page.input_value("#copy")) == document
        assert_quiet(watched, path)
    items = ballot_of(made_kit(), "ana").items
    assert [(one["left"], one["right"]) for one in seen] == [(item.left, item.right) for item in items]
    assert collect_votes(folder, [tmp_path / "votes-ana.json"], NOW.now(NOW.tzinfo))[0].n_new == 12


def test_left_right_and_notes_land_where_they_were_given_and_can_be_changed(
    browser: Browser, folder: KitFolder, tmp_path: Path
) -> None:
    with opened(browser, folder.ballot_path("ana"), size=PHONE) as watched:
        page = watched.page
        page.click("#begin")
        page.click("label:has(input[name=outcome][value=left])")
        assert page.locator("#next").is_enabled()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("a")
        page.keyboard.press("n")
        page.keyboard.type("left b, then t")  # letters in a note are no answers
        page.click("#next")
        page.keyboard.press("b")
        page.keyboard.press("Enter")
        page.keyboard.press("z")
        assert page.locator("input[name=outcome]:checked").get_attribute("value") == "both_bad"
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        judge_all(page)
        votes = download(page, tmp_path / "votes.json")["votes"]
    assert [vote["outcome"] for vote in votes[:3]] == ["right", "left", "tie"]
    assert (votes[0]["darker"], votes[0]["note"], votes[1]["darker"]) == ("left", "left b, then t", None)
    assert all(isinstance(vote["milliseconds"], int) and vote["milliseconds"] >= 0 for vote in votes)


def test_enter_without_an_answer_goes_nowhere(browser: Browser, folder: KitFolder) -> None:
    with opened(browser, folder.ballot_path("ana")) as watched:
        watched.page.click("#begin")
        assert watched.page.locator("#next").is_disabled()
        watched.page.keyboard.press("Enter")
        assert watched.page.inner_text("#place") == "Pair 1 of 12"


def test_a_reload_in_the_middle_loses_nothing(browser: Browser, folder: KitFolder, tmp_path: Path) -> None:
    with opened(browser, folder.ballot_path("ana")) as watched:
        page = watched.page
        page.click("#begin")
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
            page.keyboard.press("Enter")
        page.reload()
        assert page.inner_text("#begin") == "Continue (5 of 12 judged)"
        page.click("#begin")
        assert page.inner_text("#place") == "Pair 6 of 12"
        judge_all(page)
        document = download(page, tmp_path / "votes.json")
    assert [vote["outcome"] for vote in document["votes"]] == ["left"] * 5 + ["tie"] * 7
    assert collect_votes(folder, [tmp_path / "votes.json"], NOW.now(NOW.tzinfo))[0].is_fine


def test_two_windows_of_one_ballot_do_not_overwrite_each_other(browser: Browser, folder: KitFolder) -> None:
    context = browser.new_context(offline=True)
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto(folder.ballot_path("ana").as_uri())
        page.click("#begin")
    first.keyboard.press("ArrowLeft")
    first.keyboard.press("Enter")
    for _ in range(3):
        second.keyboard.press("t")
        second.keyboard.press("Enter")
    first.keyboard.press("ArrowRight")
    first.keyboard.press("Enter")
    first.reload()
    assert first.inner_text("#begin") == "Continue (3 of 12 judged)"
    context.close()


def test_progress_of_another_judge_or_with_nonsense_in_it_is_not_taken(browser: Browser, folder: KitFolder) -> None:
    kit = folder.read_kit().kit_id
    with opened(browser, folder.ballot_path("ana")) as watched:
        page = watched.page
        for nonsense in ("{", "[]", '{"votes": 5}', '{"votes": [{"item_id": "x"}, null]}'):
            page.evaluate("([key, text]) => localStorage.setItem(key, text)", [f"evalkit-ballot:{kit}:ana", nonsense])
            page.reload()
            assert page.inner_text("#begin") == "Begin"
        assert watched.complaints == []


def test_a_browser_that_keeps_nothing_says_so_and_still_gives_votes(
    browser: Browser, folder: KitFolder, tmp_path: Path
) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked'); }})")
    page.goto(folder.ballot_path("ana").as_uri())
    page.click("#begin")
    assert "keeps nothing" in page.inner_text("#warning")
    page.keyboard.press("t")
    page.keyboard.press("Enter")
    with page.expect_download() as waiting:
        page.click("#so-far")
    waiting.value.save_as(tmp_path / "part.json")
    judge_all(page)
    assert len(download(page, tmp_path / "votes.json")["votes"]) == 12
    assert len(json.loads((tmp_path / "part.json").read_text("utf-8"))["votes"]) == 1
    context.close()


HOSTILE = (
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<meta http-equiv=refresh content='0;url=https://example.invalid/'>",
    "--></textarea></style><svg onload=window.pwned=1>",
    '{"item_id": "x"}\u2028window.pwned=1//',
    "<base href=https://example.invalid/><a href=javascript:window.pwned=1>here</a>",
)


def test_hostile_answers_and_prompts_run_nothing_and_are_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    texts = random_texts(7)
    for number, label in enumerate(LABELS):
        for shift, prompt in enumerate(("inn", "sky", "sea", "ash")):
            texts[label, prompt] = f"{HOSTILE[(number + shift) % len(HOSTILE)]} {texts[label, prompt]}"
    folder = KitFolder.create(tmp_path / "kit", make_kit(source_of(texts), order(n_pairs=24)))
    path = folder.ballot_path("ana")
    with opened(browser, path) as watched:
        watched.page.click("#begin")
        seen = judge_all(watched.page)
        watched.page.wait_for_timeout(300)  # long enough for a refresh or a handler to fire
        assert_quiet(watched, path)
        assert watched.page.locator("main img, main svg, main a[href^=javascript]").count() == 0
    assert any("<img src=x" in one["left"] for one in seen)


def served_page(browser: Browser, link: str, complaints: list[str]) -> Page:
    page = browser.new_context().new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(link)
    return page


def test_a_served_ballot_saves_each_vote_and_ends_with_its_receipt(browser: Browser, folder: KitFolder) -> None:
    complaints: list[str] = []
    with served(folder) as links:
        page = served_page(browser, links["ana"], complaints)
        page.click("#begin")
        page.wait_for_selector("#pair:visible")
        page.keyboard.press("t")
        page.keyboard.press("Enter")
        expect(page.locator("#place")).to_have_text("Pair 2 of 12")
        page.reload()
        page.click("#begin")
        expect(page.locator("#place")).to_have_text("Pair 2 of 12")
        judge_all(page)
        assert page.locator("#receipt").inner_text() != ""
        assert not page.locator("#send").is_visible()
        page.context.close()
    assert complaints == []
    assert {judge.judge: judge.n_votes for judge in read_progress(folder)} == {"ana": 12, "ben": 0}


def test_a_served_ballot_whose_server_goes_away_keeps_the_answer_and_says_so(
    browser: Browser, folder: KitFolder
) -> None:
    complaints: list[str] = []
    with served(folder) as links:
        page = served_page(browser, links["ana"], complaints)
        page.click("#begin")
        page.wait_for_selector("#pair:visible")
        page.context.set_offline(True)
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        page.wait_for_selector("#warning:visible")
        assert "not saved" in page.inner_text("#warning")
        assert page.locator("input[name=outcome]:checked").get_attribute("value") == "left"
        page.context.set_offline(False)
        page.keyboard.press("Enter")
        expect(page.locator("#place")).to_have_text("Pair 2 of 12")
        assert not page.locator("#warning").is_visible()
        page.context.close()
