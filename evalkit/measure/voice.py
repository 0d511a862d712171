"""Who speaks: the share of dialogue, and the grammatical person of what stands outside of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from evalkit.measure.words import list_words
from evalkit.records.errors import NotMeasuredError

LEAST_PRONOUNS = 5
"""Fewer make a share that one word turns."""

# A speech that runs on is opened again in each paragraph and closed in the last: the paragraph's end closes it too.
_SPEECH = re.compile(r"“[^”\n]*(?:”|(?=\n)|\Z)|\"[^\"\n]*(?:\"|(?=\n)|\Z)|«[^»\n]*(?:»|(?=\n)|\Z)")

_PERSONS = {
    1: frozenset(["i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves"]),
    2: frozenset(["you", "your", "yours", "yourself", "yourselves"]),
    3: frozenset(
        [
            "he",
            "him",
            "his",
            "himself",
            "she",
            "her",
            "hers",
            "herself",
            "they",
            "them",
            "their",
            "theirs",
            "themselves",
            "themself",
        ]
    ),
}
_FORM_OF = {form: person for person, forms in _PERSONS.items() for form in forms}


def without_speech(text: str) -> str:
    """The text with a space in place of everything inside double quotation marks; single ones are apostrophes."""
    return _SPEECH.sub(" ", text)


def dialogue_share(text: str, words: Sequence[str]) -> float:
    """Share of the text's words that stand inside double quotation marks.

    Args:
        text: the scored part of an answer.
        words: its words, by the rule of `words.py`; at least one.
    """
    n_spoken = sum(len(list_words(match.group())) for match in _SPEECH.finditer(text))
    return min(1.0, n_spoken / len(words))


def person_shares(words: Sequence[str]) -> dict[int, float]:
    """Shares of the first, second and third person among the personal pronouns; they sum to 1. "It" is not counted.

    Args:
        words: those outside of speech, lower case.

    Raises:
        NotMeasuredError: fewer than `LEAST_PRONOUNS`.
    """
    counts = Counter(_FORM_OF[form] for word in words if (form := word.partition("'")[0]) in _FORM_OF)
    total = counts.total()
    if total < LEAST_PRONOUNS:
        raise NotMeasuredError(
            f"Outside quotation marks stand {total} personal pronouns; grammatical person needs at least "
            f"{LEAST_PRONOUNS}."
        )
    return {person: counts[person] / total for person in _PERSONS}
