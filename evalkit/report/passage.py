"""An answer's text cut into sentences and pieces: tint, word differences and the fork laid over one another."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evalkit.records.scores import SentenceTint
from evalkit.report.visible import shortened
from evalkit.report.word_diff import Change, WordDiff

CHARACTER_LIMIT = 40_000
"""About 7,000 words: more than any standard answer, and still a page that opens."""
N_LEVELS = 11
_MIDDLE_TINT = 50.0
_POINTS_PER_LEVEL = 10.0
_LOST_WORDS_LIMIT = 160


class PieceKind(StrEnum):
    """What a stretch of text is."""

    TEXT = "text"
    CHANGED = "changed"
    """Not the reference's words."""
    GONE = "gone"
    """An empty place where the reference says more."""
    FORK = "fork"
    """The empty place where the two texts part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Text of one kind."""

    kind: PieceKind
    text: str = ""
    note: str = ""
    """What a reader sees on pointing at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One sentence with its tint, or what stands between two sentences."""

    pieces: tuple[Piece, ...]
    level: int | None = None
    """0 (calm) to 10 (horror); None where no tint was measured."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    kind: PieceKind
    start: int
    end: int
    note: str


def cut_passage(
    text: str, sentences: Sequence[SentenceTint], diff: WordDiff | None, fork_note: str
) -> tuple[Stretch, ...]:
    """Cut a text so that every stretch has one tint and every piece is of one kind; joined, they are the text.

    `fork_note` stands at the place where the text leaves the one that `diff` compares it with.
    """
    marks = () if diff is None else tuple(sorted(_marks(diff, fork_note), key=lambda mark: (mark.start, mark.end)))
    starts, ends = [mark.start for mark in marks], [mark.end for mark in marks]
    stretches = []
    for start, end, sentence in _ranges(sentences, len(text)):
        # Marks at the text's very end belong to its last stretch.
        after = bisect_left(starts, end) if end < len(text) else len(marks)
        inside = marks[bisect_left(ends, start) : after]
        stretches.append(_stretch(tuple(_pieces(text, start, end, inside)), sentence))
    return tuple(stretches)


def tint_level(tint: float) -> int:
    """Eleven steps of ten points (one logit) around 50: 44 to 55 -> 5, above 95 -> 10."""
    steps = math.floor((tint - _MIDDLE_TINT) / _POINTS_PER_LEVEL + 0.5)
    return min(N_LEVELS - 1, max(0, steps + N_LEVELS // 2))


def _marks(diff: WordDiff, fork_note: str) -> Iterator[_Mark]:
    if diff.fork is not None:
        yield _Mark(kind=PieceKind.FORK, start=diff.fork, end=diff.fork, note=fork_note)
    if diff.is_marked:
        for change in diff.changes:
            kind = PieceKind.CHANGED if change.end > change.start else PieceKind.GONE
            yield _Mark(kind=kind, start=change.start, end=change.end, note=_change_note(change))


def _change_note(change: Change) -> str:
    lost = shortened(" ".join(change.reference_words.split()), _LOST_WORDS_LIMIT)
    return f"There: {lost}" if lost else "Added"


def _ranges(sentences: Sequence[SentenceTint], length: int) -> Iterator[tuple[int, int, SentenceTint | None]]:
    """Sentences and the gaps around them, in order, up to `length`; an empty text is one empty gap."""
    position = 0
    for sentence in sentences:
        start, end = max(position, sentence.start), min(length, sentence.end)
        if start >= end:
            continue
        if start > position:
            yield position, start, None
        yield start, end, sentence
        position = end
    if position < length or length == 0:
        yield position, length, None


def _pieces(text: str, start: int, end: int, marks: Sequence[_Mark]) -> Iterator[Piece]:
    position = start
    for mark in marks:
        mark_start, mark_end = max(start, mark.start), min(end, mark.end)
        is_point = mark.start == mark.end
        if not is_point and mark_start >= mark_end:
            continue
        if mark_start > position:
            yield Piece(kind=PieceKind.TEXT, text=text[position:mark_start])
        yield Piece(kind=mark.kind, text=text[mark_start:mark_end], note=mark.note)
        position = mark_end
    if position < end:
        yield Piece(kind=PieceKind.TEXT, text=text[position:end])


def _stretch(pieces: tuple[Piece, ...], sentence: SentenceTint | None) -> Stretch:
    if sentence is None or not math.isfinite(sentence.tint):
        return Stretch(pieces=pieces)
    hits = f"; lexicon: {', '.join(sentence.lexicon_hits)}" if sentence.lexicon_hits else ""
    note = f"tint {sentence.tint:.0f}, {sentence.category}{hits}"
    return Stretch(pieces=pieces, level=tint_level(sentence.tint), note=note)
