"""Poems and songs repeat lines on purpose: a refrain comes again after new lines, a loop without any."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

_MOST_WORDS = 15
"""In a line: a longer one that comes again word for word is a paragraph and no verse."""
_MOST_LINES = 8
"""Of a chorus: where more lines in a row come again, the text has begun anew."""


def drop_refrains(text: str) -> str:
    """The text with every refrain at its first place only; unchanged where more lines would go than come once.

    A refrain is a run of at most 8 lines, each of at most 15 words, that all stood before, with a new line since.
    """
    lines = [line for line in text.split("\n") if _plain(line)]
    kept: list[str] = []
    last_new = ""
    for is_again, run in groupby(_seen_before(lines), key=lambda pair: pair[1]):
        own = [line for line, _ in run]
        if not (is_again and _is_refrain(own, last_new)):
            kept += own
        if not is_again:
            last_new = _plain(own[-1])
    n_dropped = len(lines) - len(kept)
    return "\n".join(kept) if 0 < n_dropped <= len(lines) / 2 else text


def _seen_before(lines: Sequence[str]) -> list[tuple[str, bool]]:
    seen: set[str] = set()
    pairs = []
    for line in lines:
        plain = _plain(line)
        pairs.append((line, plain in seen))
        seen.add(plain)
    return pairs


def _is_refrain(run: Sequence[str], last_new: str) -> bool:
    if len(run) > _MOST_LINES or any(len(line.split()) > _MOST_WORDS for line in run):
        return False
    plain = {_plain(line) for line in run}
    return len(plain) == len(run) and last_new not in plain


def _plain(line: str) -> str:
    return " ".join(line.casefold().split()).rstrip(".,;:!?-—* ")
