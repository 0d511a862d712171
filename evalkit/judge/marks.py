"""Is the judge fit? Six criteria, each a share that must be reached.

Why these numbers. A judge who guesses among A, B and tie names the sound text in both orders of a pair in one of nine:
to do so in 26 of 32 damaged pairs has a chance below 1e-18, and in 7 of 8 (two prompts) of 2e-6. People called on to
choose between a story and its word salad do not miss one in five, so 80 % asks no more of a model than of a tired
reader. The same 80 % holds for equal texts, since a tie is the usual answer among near-identical variants, and a judge
who sees winners in equal texts invents them; for swapped sides, since a verdict must come from the texts; and for
padding, since nothing but length speaks for it. Half of each kind of damage must be seen, so that three kinds cannot
make up for a fourth. Of replies under a grammar 95 % must be readable: an unread pair is a lost vote, and they are not
lost at random.
"""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.records.blind import Outcome
from evalkit.records.judgement import DAMAGE, DECIDED, Criterion, Exam, ExamItem, ExamKind, Mark

NEEDED = {
    Criterion.READABLE: 0.95,
    Criterion.IDENTICAL: 0.8,
    Criterion.STEADY: 0.8,
    Criterion.DAMAGE: 0.8,
    Criterion.BLIND_SPOT: 0.5,
    Criterion.PADDED: 0.8,
}


def mark_exam(items: Sequence[ExamItem]) -> Exam:
    """Every criterion; what could not be read counts as missed. Without items no judge is fit."""
    damaged = [item for item in items if item.kind in DAMAGE]
    equal = [item for item in items if item.kind is ExamKind.IDENTICAL]
    padded = [item for item in items if item.kind is ExamKind.PADDED]
    by_kind = [[_names_sound(item) for item in damaged if item.kind is kind] for kind in DAMAGE]
    weakest = min(by_kind, key=lambda hits: sum(hits) / len(hits) if hits else 0.0)
    marks = (
        _mark(Criterion.READABLE, [answer for item in items for answer in _readable(item)]),
        _mark(Criterion.IDENTICAL, [_names_nobody(item) for item in equal]),
        _mark(Criterion.STEADY, [item.sitting.is_steady for item in (*damaged, *padded)]),
        _mark(Criterion.DAMAGE, [_names_sound(item) for item in damaged]),
        _mark(Criterion.BLIND_SPOT, weakest),
        _mark(Criterion.PADDED, [_resists(item) for item in padded]),
    )
    return Exam(items=tuple(items), marks=marks, is_fit=all(mark.is_passed for mark in marks))


def _mark(criterion: Criterion, hits: Sequence[bool]) -> Mark:
    share = sum(hits) / len(hits) if hits else 0.0
    needed = NEEDED[criterion]
    return Mark(criterion=criterion, n=len(hits), share=share, needed=needed, is_passed=share >= needed)


def _readable(item: ExamItem) -> tuple[bool, bool]:
    return item.sitting.first.better is not None, item.sitting.swapped.better is not None


def _names_sound(item: ExamItem) -> bool:
    """In both orders."""
    return item.sitting.better is Outcome.LEFT


def _names_nobody(item: ExamItem) -> bool:
    """In both orders: two orders that contradict each other would be a tie, too, and no sign of sight."""
    sitting = item.sitting
    return sitting.is_readable and sitting.first.better not in DECIDED and sitting.swapped.better not in DECIDED


def _resists(item: ExamItem) -> bool:
    return item.sitting.is_readable and item.sitting.better is not Outcome.RIGHT
