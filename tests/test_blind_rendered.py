"""Rendered ballots: no state of the page tells, and every state can be read and reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from evalkit.blind.make import make_kit
from tests.blind_kits import kit_folder, order, random_source
from tests.browser import WIDE, launched, needs_chromium, opened
from tests.test_blind_make import telling

pytestmark = [pytest.mark.full, needs_chromium]

SMALL = (380, 760)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


def test_200_rendered_ballots_show_no_name_path_or_hash(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    for seed in range(200):
        source = random_source(seed)
        made = make_kit(source, order(seed, judges=("ana",), n_pairs=4))
        path = tmp_path / f"{seed}.html"
        path.write_text(dict(made.pages)["ana"], encoding="utf-8")
        page.goto(path.as_uri())
        states = page.evaluate(WALK)
        assert len(states) == made.kit.n_items + 2  # the welcome and the end as well
        seen = "\n".join(states)
        seen += seen.lower()
        assert [name for name in telling(source) if name in seen] == [], seed
    context.close()


# Every state of the page as markup and as text, from the welcome to the end.
WALK = """async () => {
  const states = [];
  const look = async () => {
    await new Promise((done) => setTimeout(done, 0));
    states.push(document.documentElement.outerHTML + document.title + document.body.innerText);
  };
  await look();
  document.getElementById("begin").click();
  await look();
  const form = document.getElementById("answer");
  while (!document.getElementById("pair").hidden) {
    form.elements.outcome.value = "tie";
    form.requestSubmit();
    await look();
  }
  return states;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_the_page_fits_its_window_and_every_control_has_a_name_and_contrast(
    browser: Browser, tmp_path: Path, size: tuple[int, int], scheme: Any
) -> None:
    with opened(browser, kit_folder(tmp_path).ballot_path("ana"), size=size, scheme=scheme) as watched:
        page = watched.page
        for step in ("welcome", "pair"):
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), step
            assert page.evaluate(LOW_CONTRAST) == [], step
            assert page.evaluate(UNNAMED) == [], step
            if step == "welcome":
                page.click("#begin")
        if size == SMALL:
            heights = page.eval_on_selector_all(
                "form .choices span, form button", "all => all.map(e => e.offsetHeight)"
            )
            assert min(heights) >= 40


# WCAG 2.2: contrast of text against the nearest painted background, 4.5 : 1 for text of this size.
LOW_CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && !e.disabled &&
      !e.closest(":disabled, .unseen, script, style, progress, kbd") &&
      [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .filter((e) => { const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
      return (a + .05) / (b + .05) < 4.5; }).map((e) => e.outerHTML.slice(0, 80));
}"""
UNNAMED = """() => [...document.querySelectorAll("input, textarea, button, a, progress")].filter((e) =>
  e.checkVisibility() && !(e.labels && e.labels.length) && !e.textContent.trim() && !e.ariaLabel).map((e) =>
  e.outerHTML.slice(0, 80))"""
