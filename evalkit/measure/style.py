"""Length, speed and reading ease: plain readings of one answer."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from evalkit.measure.language import require_english
from evalkit.measure.words import list_words, require_words
from evalkit.records.errors import NotMeasuredError
from evalkit.records.generation import Generation

LEAST_WORDS = 20
"""Fewer words make no average sentence."""

_NLTK_FOLDER = Path(__file__).parent / "data" / "nltk"
# textstat drops punctuation without leaving a space, which would join "moment—then"; it ends sentences at . ! ? only.
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "…": "... ", "—": " - ", "–": " - "})  # noqa: RUF001


def count_words(text: str) -> int:
    """Words in a text, by the rule of `words.py`."""
    return len(list_words(text))


def reading_ease(text: str) -> float:
    """Flesch reading ease: higher is easier; about 100 at the easiest prose, below 30 for law and science.

    Raises:
        NotMeasuredError: fewer than `LEAST_WORDS` words, not English, or absurdly long.

    Source: Flesch 1948; textstat, with the syllables of the CMU dictionary. Words that it does not know get
    textstat's own rule (pyphen).
    """
    words = require_words(text, LEAST_WORDS, "reading ease")
    require_english(text, words, "reading ease")
    return float(_textstat().flesch_reading_ease(text.translate(_TYPOGRAPHY)))


def tokens_per_second(generation: Generation) -> float:
    """Generated tokens per second of decoding; neither the prompt nor tokens taken over from a draft count.

    Raises:
        NotMeasuredError: no token was decoded.
    """
    n_decoded = generation.n_tokens - generation.n_drafted
    if n_decoded == 0 or generation.decode_seconds <= 0:
        raise NotMeasuredError("No token was decoded alone, so there is no speed.")
    return n_decoded / generation.decode_seconds


@cache
def _textstat() -> Any:
    """textstat with the dictionary that ships here: without it, it would ask nltk to download one."""
    import nltk
    import textstat

    nltk.data.path.insert(0, str(_NLTK_FOLDER))
    return textstat
