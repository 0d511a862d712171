"""Equal footing: nearly the same number of words, sentence ends where there are some, and the same look."""

from __future__ import annotations

import random

import pytest

from evalkit.blind.footing import CUT_MARK, cut_alone, cut_to_equal_footing
from tests.blind_kits import prose


def n_words(text: str) -> int:
    return len(text.replace("…", "").split())


@pytest.mark.parametrize("seed", range(15))
def test_both_texts_end_with_a_sentence_and_nearly_as_many_words(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    a, b = prose(chance, 60), prose(chance, 25)
    footing = cut_to_equal_footing(a, b, 100)
    assert footing.a.endswith(".")
    assert footing.b.endswith(".")
    assert a.startswith(footing.a)
    assert b.startswith(footing.b)
    assert abs(n_words(footing.a) - n_words(footing.b)) <= 0.1 * max(n_words(footing.a), n_words(footing.b))
    assert 50 <= n_words(footing.a) <= 110


def test_a_short_text_shortens_the_long_one() -> None:
    short, long = (
        "One two three four. Five six seven eight.",
        "Rain fell all day. Snow fell all night. Hail came at noon. Sun came at last.",
    )
    footing = cut_to_equal_footing(short, long, 200)
    assert (footing.a, footing.b) == (short, "Rain fell all day. Snow fell all night.")


def test_without_a_common_sentence_end_both_stop_at_the_same_word_with_the_same_mark() -> None:
    short, long = "One two three four five.", " ".join(f"word{n}" for n in range(40)) + "."
    footing = cut_to_equal_footing(short, long, 200)
    assert footing.a == "One two three four five" + CUT_MARK
    assert footing.b == "word0 word1 word2 word3 word4" + CUT_MARK


def test_a_long_shared_beginning_is_shown_once() -> None:
    shared = "The rain fell on the roof all night long. Nobody came. The lamp went out at three."
    a, b = f"{shared} Then she woke and it was day.", f"{shared} Then he died and all was dark."
    footing = cut_to_equal_footing(a, b, 20)
    assert footing.opening == shared
    assert (footing.a, footing.b) == ("Then she woke and it was day.", "Then he died and all was dark.")


def test_a_short_shared_beginning_stays_with_both() -> None:
    footing = cut_to_equal_footing("Rain fell. She woke at dawn.", "Rain fell. He slept all day.", 100)
    assert footing.opening == ""
    assert footing.a == "Rain fell. She woke at dawn."


def test_a_text_that_only_goes_on_longer_leaves_nothing_to_compare() -> None:
    assert cut_to_equal_footing("Rain fell all day.", "Rain fell all day. Then it stopped for good.", 100).is_equal


def test_sides_do_not_matter() -> None:
    chance = random.Random(3)  # noqa: S311
    a, b = prose(chance, 30), prose(chance, 40)
    one, other = cut_to_equal_footing(a, b, 80), cut_to_equal_footing(b, a, 80)
    assert abs(n_words(one.a) - n_words(other.b)) <= 8
    assert one.opening == other.opening


def test_a_text_beside_itself_is_cut_at_a_sentence_end() -> None:
    assert cut_alone("One two three. Four five six. Seven eight nine.", 6) == "One two three. Four five six."
    assert cut_alone("one two three four", 2) == "one two" + CUT_MARK
