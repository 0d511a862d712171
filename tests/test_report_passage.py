from __future__ import annotations

import numpy as np
import pytest

from evalkit.records.scores import SentenceTint
from evalkit.report.passage import PieceKind, Stretch, cut_passage, tint_level
from evalkit.report.word_diff import word_diff


def sentence(start: int, end: int, tint: float = 50.0, hits: tuple[str, ...] = ()) -> SentenceTint:
    return SentenceTint(start=start, end=end, n_words=1, tint=tint, category="dread", lexicon_hits=hits)


def joined(stretches: tuple[Stretch, ...]) -> str:
    return "".join(piece.text for stretch in stretches for piece in stretch.pieces)


@pytest.mark.parametrize(
    ("tint", "level"),
    [(50, 5), (44.9, 4), (45, 5), (54.9, 5), (55, 6), (94.9, 9), (95, 10), (300, 10), (5, 1), (4.9, 0), (-80, 0)],
)
def test_eleven_levels_lie_around_fifty(tint: float, level: int) -> None:
    assert tint_level(tint) == level


def test_sentences_and_the_gaps_between_them_are_the_whole_text() -> None:
    text = "  One. Two.\n"
    stretches = cut_passage(text, [sentence(2, 6, 80.0), sentence(7, 11, 20.0)], None, "")
    assert [("".join(p.text for p in s.pieces), s.level) for s in stretches] == [
        ("  ", None),
        ("One.", 8),
        (" ", None),
        ("Two.", 2),
        ("\n", None),
    ]


def test_sentence_note_names_tint_category_and_lexicon_words() -> None:
    (stretch,) = cut_passage("Dread.", [sentence(0, 6, 83.4, ("dread", "cold"))], None, "")
    assert stretch.note == "tint 83, dread; lexicon: dread, cold"


def test_change_across_two_sentences_is_marked_in_both() -> None:
    reference, text = "a b c d e f. g h i j k l.", "a b c d e X. Y h i j k l."
    stretches = cut_passage(text, [sentence(0, 12), sentence(13, 25)], word_diff(reference, text), "")
    changed = [[p.text for p in s.pieces if p.kind is PieceKind.CHANGED] for s in stretches]
    assert changed == [["X."], [" "], ["Y"]]


def test_fork_stands_before_the_first_changed_word_and_lost_words_at_the_end_are_kept() -> None:
    text = "a b c X e f g"
    pieces = [p for s in cut_passage(text, [], word_diff("a b c d e f g h", text), "leaves M1") for p in s.pieces]
    assert [(p.kind, p.text, p.note) for p in pieces] == [
        (PieceKind.TEXT, "a b c ", ""),
        (PieceKind.FORK, "", "leaves M1"),
        (PieceKind.CHANGED, "X", "There: d"),
        (PieceKind.TEXT, " e f g", ""),
        (PieceKind.GONE, "", "There: h"),
    ]


def test_too_different_texts_keep_only_the_fork() -> None:
    pieces = [p for s in cut_passage("x y z", [], word_diff("a b c", "x y z"), "here") for p in s.pieces]
    assert [p.kind for p in pieces] == [PieceKind.FORK, PieceKind.TEXT]


def test_empty_answer_shows_where_the_reference_says_more() -> None:
    (stretch,) = cut_passage("", [], word_diff("a b", ""), "here")
    assert [p.kind for p in stretch.pieces] == [PieceKind.FORK, PieceKind.GONE]


def test_sentences_beyond_a_cut_text_are_left_out() -> None:
    stretches = cut_passage("One. T", [sentence(0, 4), sentence(5, 9), sentence(10, 14)], None, "")
    assert joined(stretches) == "One. T"
    assert len(stretches) == 3


def test_joined_pieces_are_the_text_and_every_mark_is_shown_once_whatever_the_cuts() -> None:
    rng = np.random.default_rng(11)
    for _ in range(300):
        reference, text = (" ".join(rng.choice(list("abc"), size=rng.integers(0, 25))) for _ in range(2))
        cuts = np.sort(rng.choice(len(text) + 1, size=min(len(text) + 1, 6), replace=False)).tolist()
        sentences = [sentence(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
        diff = word_diff(reference, text)
        stretches = cut_passage(text, sentences, diff, "here")
        kinds = [piece.kind for stretch in stretches for piece in stretch.pieces]
        n_gone = sum(change.start == change.end for change in diff.changes) if diff.is_marked else 0
        assert joined(stretches) == text
        assert kinds.count(PieceKind.FORK) == (diff.fork is not None)
        assert kinds.count(PieceKind.GONE) == n_gone
