from __future__ import annotations

import time

import numpy as np
import pytest

from evalkit.report.word_diff import Change, word_diff


def marked(reference: str, answer: str) -> list[str]:
    return [answer[change.start : change.end] for change in word_diff(reference, answer).changes]


def test_equal_texts_have_no_change_and_no_fork() -> None:
    diff = word_diff("the same text", "the same text")
    assert (diff.changes, diff.changed_share, diff.fork) == ((), 0.0, None)


def test_one_replaced_word_is_marked_with_what_the_reference_says() -> None:
    (change,) = word_diff("one two three four five", "one two THREE four five").changes
    assert (change.start, change.end, change.reference_words) == (8, 13, "three")


def test_marks_keep_the_space_between_their_words_but_none_at_their_ends() -> None:
    assert marked("a b c d e f g h", "a b c X  Y f g h") == ["X  Y"]


def test_two_equal_words_between_changes_join_them() -> None:
    assert marked("s1 s2 s3 a of the b e1 e2 e3", "s1 s2 s3 A of the B e1 e2 e3") == ["A of the B"]


def test_three_equal_words_between_changes_keep_them_apart() -> None:
    assert marked("s1 s2 s3 a out of the b e1 e2", "s1 s2 s3 A out of the B e1 e2") == ["A", "B"]


def test_one_or_two_equal_words_before_the_first_or_after_the_last_change_stay_unmarked() -> None:
    assert marked("a b c", "a X c") == ["X"]


def test_words_that_the_answer_lacks_leave_an_empty_place() -> None:
    (change,) = word_diff("one two three four", "one two four").changes
    assert (change.start, change.end, change.reference_words) == (8, 8, "three")


def test_words_lacking_at_the_end_leave_their_place_behind_the_last_character() -> None:
    (change,) = word_diff("one two three", "one two").changes
    assert (change.start, change.end, change.reference_words) == (7, 7, "three")


def test_paragraph_break_instead_of_a_space_changes_no_word_but_is_the_fork() -> None:
    diff = word_diff("one two three", "one two\n\nthree")
    assert (diff.changes, diff.fork) == ((), 7)


@pytest.mark.parametrize(("n_changed", "is_marked"), [(7, True), (8, False)])
def test_above_seventy_percent_changed_nothing_is_marked(n_changed: int, is_marked: bool) -> None:
    reference = [f"w{n}" for n in range(10)]
    answer = [f"x{n}" if n < n_changed else word for n, word in enumerate(reference)]
    diff = word_diff(" ".join(reference), " ".join(answer))
    assert diff.changed_share == n_changed / 10
    assert diff.is_marked is is_marked


@pytest.mark.parametrize(
    ("reference", "answer", "fork"),
    [
        ("the cat sat", "the cow sat", 4),
        ("the cat sat", "the cats sat", 4),
        ("the cats sat", "the cat sat", 4),
        ("the cat sat", "the cat", 7),
        ("the cat", "the cat sat", 7),
        ("cat", "dog", 0),
        ("", "dog", 0),
        ("cat", "", 0),
    ],
)
def test_fork_is_the_start_of_the_first_word_that_differs(reference: str, answer: str, fork: int) -> None:
    assert word_diff(reference, answer).fork == fork


def test_no_change_begins_before_the_fork_and_unmarked_words_are_the_references_in_order() -> None:
    rng = np.random.default_rng(7)
    for _ in range(200):
        reference, answer = (" ".join(rng.choice(list("abcd"), size=rng.integers(0, 30))) for _ in range(2))
        diff = word_diff(reference, answer)
        assert all(change.start >= (diff.fork or 0) for change in diff.changes)
        assert _with_changes_undone(answer, diff.changes).split() == reference.split()


def test_looping_answer_is_compared_in_well_under_a_second() -> None:
    looping = "the same words again and again " * 1_000
    started = time.perf_counter()
    word_diff("once " + looping, looping + "twice")
    assert time.perf_counter() - started < 2.0


def _with_changes_undone(answer: str, changes: tuple[Change, ...]) -> str:
    text, position = "", 0
    for change in changes:
        text += f"{answer[position : change.start]} {change.reference_words} "
        position = change.end
    return text + answer[position:]
