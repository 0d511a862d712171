"""What counts as a word; every measure that counts or compares words uses this one rule."""

from __future__ import annotations

import re

from evalkit.records.errors import NotMeasuredError

LONGEST_TEXT = 200_000
"""Characters. The longest answers of the standard suite have some 10,000; beyond this it is something else."""

WORD = re.compile(r"[^\W_]+(?:['’\-‐‑][^\W_]+|(?<=\d)[.,]\d+)*")  # noqa: RUF001


def list_words(text: str) -> list[str]:
    """Lower-cased words in order; inner apostrophes and hyphens belong to a word, curly ones count as straight."""
    return [match.group().lower().replace("’", "'") for match in WORD.finditer(text)]


def require_words(text: str, at_least: int, purpose: str) -> list[str]:
    """The words of a text that is neither too short nor absurdly long.

    Raises:
        NotMeasuredError: fewer words than the measure needs, or more than `LONGEST_TEXT` characters.
    """
    if len(text) > LONGEST_TEXT:
        raise NotMeasuredError(f"The answer has {len(text):,} characters; {purpose} reads at most {LONGEST_TEXT:,}.")
    words = list_words(text)
    if len(words) < at_least:
        found = "no word" if not words else f"only {len(words)} word{'' if len(words) == 1 else 's'}"
        raise NotMeasuredError(f"The answer has {found}; {purpose} needs at least {at_least}.")
    return words
