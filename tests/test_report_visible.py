from __future__ import annotations

import sys
import unicodedata

import pytest

from evalkit.report.visible import visible, visible_label, visible_line, visible_markup, visible_name

# Format characters that are drawn: Arabic, Syriac, Kaithi and Egyptian number signs and joiners of hieroglyphs.
DRAWN_FORMATS = {*range(0x600, 0x606), 0x6DD, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}
KEPT = {ord("\n"), ord("\t"), 0x200C, 0x200D}
HIDING_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def test_every_control_format_surrogate_and_private_character_is_written_out() -> None:
    hiding = {n for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) in HIDING_CATEGORIES}
    left = {n for n in hiding - DRAWN_FORMATS - KEPT if visible(chr(n)) == chr(n)}
    assert left == set()


@pytest.mark.parametrize("text", ["café – “quoted”…", "שלום عالم", "👩‍👩‍👧 ❤️", "line\n\tnext", "日本語", "می‌خواهم"])
def test_ordinary_text_of_any_script_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "␛[31m"),
        ("\x00\x7f", "␀␡"),
        ("a\u202eb", "a\\u202eb"),
        ("\ud800", "\\ud800"),
        ("\r\n", "␍\n"),
        ("\U000e0041", "\\U000e0041"),
        ("\u3164", "\\u3164"),
    ],
)
def test_hidden_characters_become_pictures_or_escapes(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_written_out_text_does_not_change_when_written_out_again() -> None:
    assert visible(visible("a\u202e\x07\ud800")) == visible("a\u202e\x07\ud800")


def test_markup_escapes_text_and_sets_hidden_characters_apart() -> None:
    assert visible_markup('<b title="x">\x07\x07</b>') == (
        '&lt;b title=&#34;x&#34;&gt;<span class="hidden-character">␇␇</span>&lt;/b&gt;'
    )
    assert visible_markup("") == ""
    assert visible_markup("\x07") == '<span class="hidden-character">␇</span>'


def test_huge_values_are_cut_and_say_so() -> None:
    assert visible_line("x" * 5_000) == "x" * 2_000 + " … (3,000 more characters)"
    assert visible_label("x" * 49) == "x" * 48 + " … (1 more characters)"
    assert visible_label("x" * 48) == "x" * 48


@pytest.mark.parametrize(
    ("label", "shown"),
    [("M10", "M10"), ("a" * 12, "a" * 12), ("a" * 13, "a" * 11 + "…"), ("\u202e" * 9, "\\u202e\\u202…")],
)
def test_name_in_a_picture_is_never_longer_than_its_room(label: str, shown: str) -> None:
    assert visible_name(label, 12) == shown
