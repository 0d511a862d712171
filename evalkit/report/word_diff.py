"""Which words of an answer are not the reference's.

rapidfuzz, not difflib: on a looping answer of 3,000 tokens difflib takes minutes. Words are compared without the
white space after them, so a paragraph break instead of a space is no changed word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel

SHARE_LIMIT = 0.70
"""Above this share of changed words marks say nothing: the whole text would be underlined."""
_ISLAND_WORDS = 2
"""Equal runs up to this length between two changes are chance ("of the") and join them."""
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One place where the texts differ; `start == end` where the answer only lacks words."""

    start: int
    end: int
    """Half-open range of characters in the answer, without white space at its ends."""
    reference_words: str
    """What the reference says there; empty where the answer only adds words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordDiff:
    """All differences of an answer from the reference's."""

    changes: tuple[Change, ...]
    changed_share: float
    """Words in `changes` over all words of the answer."""
    fork: int | None
    """Where the texts part: start of the word (or the white space) that differs first; None when equal."""

    @property
    def is_marked(self) -> bool:
        """Whether so much is equal that marks help."""
        return self.changed_share <= SHARE_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Half-open word ranges that differ: [a_start, a_end) of the reference, [b_start, b_end) of the answer."""

    a_start: int
    a_end: int
    b_start: int
    b_end: int


def word_diff(reference: str, answer: str) -> WordDiff:
    """Compare an answer with the reference's, word by word.

    `a b c` against `a x c` changes one of three words; with only one equal word in between, `x b y` against
    `a b c` is one change of three words.
    """
    a_words = list(_WORD.finditer(reference))
    b_words = list(_WORD.finditer(answer))
    runs = tuple(_joined(_differing_runs([w.group() for w in a_words], [w.group() for w in b_words])))
    n_changed = sum(run.b_end - run.b_start for run in runs)
    return WordDiff(
        changes=tuple(_change(run, reference, answer, a_words, b_words) for run in runs),
        changed_share=n_changed / len(b_words) if b_words else 0.0,
        fork=_fork(reference, answer),
    )


def _differing_runs(a_words: Sequence[str], b_words: Sequence[str]) -> Iterator[_Run]:
    """Runs in order. The shared opening is taken off first, so that no run begins before the fork."""
    n_shared = _n_shared(a_words, b_words)
    for opcode in Indel.opcodes(a_words[n_shared:], b_words[n_shared:]):
        if opcode.tag != "equal":
            yield _Run(
                a_start=opcode.src_start + n_shared,
                a_end=opcode.src_end + n_shared,
                b_start=opcode.dest_start + n_shared,
                b_end=opcode.dest_end + n_shared,
            )


def _joined(runs: Iterator[_Run]) -> Iterator[_Run]:
    """Runs with at most an island of equal words between them become one."""
    pending: _Run | None = None
    for run in runs:
        if pending and run.b_start - pending.b_end <= _ISLAND_WORDS:
            pending = _Run(a_start=pending.a_start, a_end=run.a_end, b_start=pending.b_start, b_end=run.b_end)
            continue
        if pending:
            yield pending
        pending = run
    if pending:
        yield pending


def _change(
    run: _Run, reference: str, answer: str, a_words: list[re.Match[str]], b_words: list[re.Match[str]]
) -> Change:
    lost = reference[a_words[run.a_start].start() : a_words[run.a_end - 1].end()] if run.a_end > run.a_start else ""
    if run.b_end > run.b_start:
        start, end = b_words[run.b_start].start(), b_words[run.b_end - 1].end()
    else:
        start = end = b_words[run.b_start].start() if run.b_start < len(b_words) else len(answer)
    return Change(start=start, end=end, reference_words=lost)


def _fork(reference: str, answer: str) -> int | None:
    if reference == answer:
        return None
    start = _n_shared(reference, answer)
    if _is_in_word(reference, start) or _is_in_word(answer, start):
        while start and not answer[start - 1].isspace():
            start -= 1
    return start


def _n_shared(a: Sequence[str], b: Sequence[str]) -> int:
    """How many items (words, or characters of a text) both begin with."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((n for n, (left, right) in pairs if left != right), min(len(a), len(b)))


def _is_in_word(text: str, position: int) -> bool:
    return position < len(text) and not text[position].isspace()
