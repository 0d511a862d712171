"""Sentences are found where a reader sees them, and no text can make the splitting slow."""

import time
from itertools import pairwise

import pytest

from evalkit.measure.sentences import MAX_WORDS, split_sentences
from evalkit.measure.words import list_words
from tests.measure_samples import LABELS, PUBLISHED


def sentences_of(text: str) -> list[str]:
    return [text[sentence.start : sentence.end] for sentence in split_sentences(text)]


def test_ordinary_prose_is_cut_at_full_stops_and_quotes() -> None:
    text = 'He came. “Who is there?” she asked. Dr. Moreau said nothing... "Go!" Then it was over!'
    assert sentences_of(text) == [
        "He came.", "“Who is there?” she asked.", "Dr. Moreau said nothing...", '"Go!"', "Then it was over!",
    ]  # fmt: skip


def test_a_lower_case_word_after_an_ellipsis_goes_on_with_the_sentence() -> None:
    assert sentences_of("It was… wrong. Nobody spoke.") == ["It was… wrong.", "Nobody spoke."]


def test_text_without_capitals_is_cut_at_full_stops() -> None:
    assert sentences_of("it was dark. nobody came! who knows why?") == [
        "it was dark.",
        "nobody came!",
        "who knows why?",
    ]


def test_list_items_and_paragraphs_end_a_sentence_without_a_full_stop() -> None:
    assert sentences_of("**The Loop**\n\nShe returns\n* He waits\n2. It ends") == [
        "**The Loop**", "She returns", "* He waits", "2. It ends",
    ]  # fmt: skip


def test_a_hard_wrapped_line_does_not_end_a_sentence() -> None:
    assert sentences_of("The road went\nover the hill.") == ["The road went\nover the hill."]


def test_a_long_sentence_is_cut_at_its_semicolon() -> None:
    first, second = " ".join(["dark"] * 40) + ";", " ".join(["cold"] * 40) + "."
    assert sentences_of(f"{first} {second}") == [first, second]


@pytest.mark.parametrize("text", ["word " * 1000, "word, " * 1000, "word\n" * 1000, "Word. word; " * 500])
def test_no_sentence_is_longer_than_allowed(text: str) -> None:
    assert max(sentence.n_words for sentence in split_sentences(text)) <= MAX_WORDS


@pytest.mark.parametrize("text", [*PUBLISHED.values(), "no full stop", "a" * 5000, "x. " * 300, "½ and 3,000.5 – so"])
def test_every_word_is_in_exactly_one_sentence(text: str) -> None:
    sentences = split_sentences(text)
    assert [word for item in sentences for word in list_words(text[item.start : item.end])] == list_words(text)
    assert all(before.end <= after.start for before, after in pairwise(sentences))
    assert [sentence.n_words for sentence in sentences] == [len(list_words(one)) for one in sentences_of(text)]


@pytest.mark.parametrize("text", ["", "   \n ", "***", "— … !", "🙂🙂"])
def test_text_without_words_has_no_sentence(text: str) -> None:
    assert split_sentences(text) == ()


def test_published_answers_have_about_as_many_sentences_as_full_stops() -> None:
    for label in LABELS:
        n_ends = sum(PUBLISHED[label].count(mark) for mark in (". ", ".\n", "? ", "?\n"))
        assert abs(len(split_sentences(PUBLISHED[label])) - n_ends) <= 3, label


@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, "." * 200_000, ". " * 100_000, "\n" * 200_000, "\n " * 100_000, ", " * 100_000, "word " * 20_000,
     "…" * 200_000, "x\t" * 100_000, "- " * 100_000, '."' * 100_000, "🙂" * 1_250_000],
    ids=lambda text: repr(text[:3]),
)  # fmt: skip
def test_hostile_texts_take_seconds_at_most(text: str) -> None:
    # Each takes under half a second alone; a quadratic search would need minutes.
    before = time.process_time()
    split_sentences(text)
    assert time.process_time() - before < 5
