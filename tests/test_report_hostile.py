from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from evalkit.report.html import build_report, environment, render_report
from evalkit.report.terminal import print_summary
from tests.page import Element, read_page
from tests.report_hostile import hostile_run


@pytest.fixture(scope="module")
def html() -> str:
    return render_report(build_report(hostile_run()))


@pytest.fixture(scope="module")
def page(html: str) -> Element:
    return read_page(html)


def test_no_element_or_attribute_comes_from_a_stranger(page: Element) -> None:
    elements = page.walk()
    assert [element.tag for element in elements].count("script") == 1
    assert not {element.tag for element in elements} & {"img", "textarea", "base", "iframe"}
    assert [e for e in elements if e.tag == "meta" and e.attributes.get("http-equiv") == "refresh"] == []
    assert not [name for e in elements for name in e.attributes if name.startswith("on") or name == "autofocus"]


def test_hostile_text_is_still_there_to_be_read(page: Element) -> None:
    assert "<script>window.pwned=1</script>" in page.all("div", class_="passage")[0].text
    assert "{{ 7*7 }} {% raw %}" in page.all("div", class_="passage")[0].text


def test_marked_words_and_their_notes_are_escaped_too(page: Element) -> None:
    near = page.all("section", id="prompt-2")[0]
    marks = [mark for column in near.all("article")[1:] for mark in column.all("ins")]
    assert any("</textarea><script>window." in mark.text for mark in marks)
    assert any('" onmouseover="' in mark.attributes["title"] for mark in marks)


def test_page_is_valid_utf_8_without_one_hidden_character(html: str) -> None:
    html.encode("utf-8")
    hidden = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
    assert hidden.findall(html) == []


def test_controls_overrides_and_surrogates_are_written_out_in_a_span(page: Element) -> None:
    third = page.all("div", class_="passage")[2]
    shown = [span.text for span in third.all("span", class_="hidden-character")]
    assert shown == ["\\u202e", "\\u202c", "\\u2066", "␛", "␇␀\\u009b", "\\ud800", "\\udfff", "\\u200b", "\\ufeff"]


def test_huge_answers_are_cut_with_a_note(page: Element, html: str) -> None:
    emoji = page.all("article")[3]
    assert emoji.text.count("\N{PILE OF POO}") == 40_000
    assert "Shown: the first 40,000 of 1,250,000 characters." in emoji.text
    assert len(html.encode()) < 2_000_000


def test_huge_labels_are_cut_wherever_they_head_something(page: Element) -> None:
    assert max(len(heading.text) for heading in page.walk() if heading.tag in {"th", "h2", "h4", "label"}) < 400


@pytest.mark.parametrize("place", ["{{ it }}", '<a title="{{ it }}">', "{{ it|prose }}", "{{ it|label }}"])
def test_every_way_into_the_page_escapes(place: str) -> None:
    made = environment().from_string(place).render(it="\"'<>&\u202e")
    assert not set(made.replace("<span class=\"hidden-character\">", "").replace("</span>", "")
                   .replace('<a title="', "").removesuffix('">')) & set("\"'<>\u202e")  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
@pytest.mark.parametrize("terminal", [True, False])
def test_terminal_shows_hostile_labels_without_obeying_them(encoding: str, terminal: bool) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    print_summary(hostile_run(), Console(file=stream, width=100, force_terminal=terminal, no_color=True))
    stream.flush()
    printed = re.sub(r"\x1b\[[0-9;]*m", "", raw.getvalue().decode(encoding))
    assert "[bold]" in printed
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", printed.replace("\r\n", "\n"))
