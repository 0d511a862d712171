"""What makes the page safe, small and readable, whatever stands in it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re

import pytest
from jinja2 import UndefinedError

from evalkit.report.html import build_report, environment, render_report
from tests.page import Element, read_page
from tests.report_data import published_run


@pytest.fixture(scope="module")
def html() -> str:
    return render_report(build_report(published_run()))


@pytest.fixture(scope="module")
def page(html: str) -> Element:
    return read_page(html)


def test_policy_allows_exactly_the_inlined_style_and_script(html: str, page: Element) -> None:
    (meta,) = page.all("meta", http_equiv="Content-Security-Policy")

    def hash_of(tag: str) -> str:
        (source,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, flags=re.DOTALL)
        return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()

    assert meta.attributes["content"] == (
        f"default-src 'none'; script-src 'sha256-{hash_of('script')}'; style-src 'sha256-{hash_of('style')}'; "
        "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def test_page_has_no_inline_style_or_handler_and_refers_to_nothing_outside(page: Element) -> None:
    for element in page.walk():
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")]
        assert element.tag not in {"link", "iframe", "object", "embed", "base", "img"}
        assert "src" not in element.attributes
        assert element.attributes.get("href", "#").startswith("#")


def test_ids_are_unique_and_every_link_and_label_leads_to_one(page: Element) -> None:
    ids = [element.attributes["id"] for element in page.walk() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in page.walk():
        targets = [element.attributes.get("href", "").removeprefix("#"), element.attributes.get("aria-describedby", "")]
        targets += element.attributes.get("aria-labelledby", "").split()
        assert {target for target in targets if target} <= set(ids)


def test_page_has_a_language_landmarks_and_headings_without_gaps(page: Element) -> None:
    assert page.children[0].attributes["lang"] == "en"
    assert [len(page.all(tag)) for tag in ("main", "nav", "h1")] == [1, 1, 1]
    levels = [int(element.tag[1]) for element in page.walk() if re.fullmatch(r"h[1-6]", element.tag)]
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_style_sheet_stays_small(html: str) -> None:
    (style,) = re.findall("<style>(.*?)</style>", html, flags=re.DOTALL)
    assert len(style) < 28_000


def test_undefined_names_stop_the_page() -> None:
    with pytest.raises(UndefinedError, match="nothing"):
        environment().from_string("{{ nothing }}").render()
    with pytest.raises(UndefinedError, match="nothing"):
        environment().from_string("{{ it.nothing }}").render(it={})


@pytest.mark.parametrize("value", [None, 0.1234, float("nan"), ["x"]])
def test_values_that_nobody_put_in_words_stop_the_page(value: object) -> None:
    with pytest.raises(TypeError, match="put in words"):
        environment().from_string("{{ it }}").render(it=value)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_on_every_ground(html: str, scheme: str) -> None:
    (style,) = re.findall("<style>(.*?)</style>", html, flags=re.DOTALL)
    light, dark, *_ = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light if scheme == "light" else dark))
    pairs = [("ink", f"t{level}") for level in range(11) if level != 5]
    pairs += [(text, ground) for text in ("ink", "soft", "accent", "alarm", "good") for ground in ("paper", "panel")]
    pairs += [("alarm", "alarm-panel"), ("ink", "alarm-panel")]
    assert {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs if
            _contrast(colours[pair[0]], colours[pair[1]]) < 4.5} == {}  # fmt: skip


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio; AA asks for 4.5."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
