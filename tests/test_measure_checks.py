"""What a prompt asks for and can be counted: items, words, a first line, words that must or must not be there."""

import time
from dataclasses import replace

import pytest

from evalkit.measure.checks import count_items, find_misses
from evalkit.records.suite import Check, CheckKind
from tests.measure_samples import answer

SIX = range(1, 7)
LISTS = {
    "plain": "\n".join(f"{i}. Plot {i}\nMore of it.\n" for i in SIX),
    "bold with bullets": "\n\n".join(f'**{i}. "Echoes"**\n\n* Premise: x\n* Twist: y' for i in SIX),
    "bold with inner numbers": "\n\n".join(f"**{i}.** Echoes\n   1. a\n   2. b" for i in SIX),
    "a title over headings": "# Six plots\n\n" + "\n\n".join(f"## {name}\n\nText\n\n- a\n- b" for name in "abcdef"),
    "numbered headings": "\n\n".join(f"### {i}. Title\n**Logline:** x\n1. act\n2. act" for i in SIX),
    "a word before": "\n\n".join(f"**Plot {i}: The Loop**\nText" for i in SIX),
    "number words": "\n\n".join(f"Plot {word}: Text" for word in ("One", "Two", "Three", "Four", "Five", "Six")),
    "dashes": "\n\n".join(f"Episode {i} - “Skin”\nText" for i in SIX),
    "brackets": "\n".join(f"({i}) Plot" for i in SIX),
    "Markdown's own ones": "\n\n".join(f"1. Plot {name}" for name in "abcdef"),
    "bold lines": "\n\n".join(f"**{name} of Time**\n\nPremise." for name in "ABCDEF"),
    "bullets": "\n".join(f"- Idea {name}\n  - inner" for name in "abcdef"),
    "notes after": "\n".join(f"{i}. x" for i in SIX) + "\n\n**Notes**\n\nFine.",
}


@pytest.mark.parametrize("name", LISTS)
def test_six_items_are_six_however_they_are_marked(name: str) -> None:
    assert count_items(LISTS[name])[0] == 6


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("\n".join(f"{i}) Plot" for i in range(1, 6)), 5),
        ("1. A\n1. x\n2. y\n2. B\n1. x\n2. y\n3. C", 3),
        ("Once there was a man. In 1984 he died.\n1999 was better.\n", 0),
        ("One: a number. Two: another.", 0),
        ("", 0),
    ],
)
def test_other_numbers_are_not_six(text: str, n: int) -> None:
    assert count_items(text)[0] == n


def finding(text: str, check: Check, *, cut: bool = False) -> bool | None:
    (found,) = find_misses(replace(answer(text), cut=cut), (check,))
    assert found.found
    assert found.needed
    return found.is_met


@pytest.mark.parametrize(("n", "is_met"), [(799, False), (800, True), (1000, True), (1001, False)])
def test_both_ends_of_a_range_belong_to_it(n: int, is_met: bool) -> None:
    assert finding("word " * n, Check(kind=CheckKind.N_WORDS, least=800, most=1000)) is is_met


def test_what_a_cut_answer_lacks_cannot_be_told_and_what_it_has_too_much_of_can() -> None:
    check = Check(kind=CheckKind.N_WORDS, least=800, most=1000)
    assert finding("word " * 700, check, cut=True) is None
    assert finding("word " * 1100, check, cut=True) is False
    assert finding("No end", Check(kind=CheckKind.CONTAINS, text="the end"), cut=True) is None
    assert finding("No end", Check(kind=CheckKind.LACKS, text="no end"), cut=True) is False


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("The sky scraper sways, as she watches.", True),
        ("“The sky  scraper\nSWAYS…”", True),
        ("**The sky scraper sways**", True),
        ("Okay, here is the scene:\n\nThe sky scraper sways.", True),
        ("A bird. The sky scraper sways.", False),
        ("", False),
    ],
)
def test_the_first_line_counts_without_its_marks_and_the_assistants_own_opening(text: str, is_met: bool) -> None:
    assert finding(text, Check(kind=CheckKind.STARTS_WITH, text="The sky scraper sways")) is is_met


def test_a_text_check_needs_or_forbids_words_whatever_their_case_and_quotes() -> None:
    assert finding("It's TIME travel.", Check(kind=CheckKind.CONTAINS, text="it’s time")) is True
    assert finding("Space travel.", Check(kind=CheckKind.CONTAINS, text="time")) is False
    assert finding("Space travel.", Check(kind=CheckKind.LACKS, text="time")) is True


def test_the_finding_says_what_was_found_and_what_was_needed() -> None:
    (found,) = find_misses(answer("1. a\n2. b"), (Check(kind=CheckKind.N_ITEMS, least=6, most=6),))
    assert (found.is_met, found.found, found.needed) == (False, "2 numbered items", "6 items")


@pytest.mark.parametrize("text", ["1. x\n" * 200_000, "#" * 1_000_000, "* " * 500_000, " " * 1_000_000 + "1"])
def test_a_megabyte_takes_a_second(text: str) -> None:
    before = time.process_time()
    count_items(text)
    assert time.process_time() - before < 3
