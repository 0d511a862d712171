"""Which words a text uses: the senses, worn phrases, the contrast pattern, and how rich its vocabulary is."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from evalkit.measure.style_lists import cliche_pattern, sense_words
from evalkit.records.errors import NotMeasuredError

MATTR_WINDOW = 100

_BE = r"(?:is|was|are|were)"
_PRONOUN = r"(?:it|this|that|he|she|they|there|these|those)"
_CONTRASTS = re.compile(
    # "not a sound but a silence"; "I could not see but I heard" is plain negation.
    r"(?<!could )(?<!would )(?<!should )(?<!did )(?<!do )(?<!does )(?<!can )(?<!will )(?<!had )(?<!has )(?<!have )"
    r"\bnot\b(?: [\w'-]+){1,10},? but\b"
    # "it wasn't a voice. It was a wound"; "the house is not empty; it is waiting"
    rf"|\b{_BE}(?:n't| not)\b[^.!?;\n]{{1,90}}[.;,:-]+ ?{_PRONOUN}(?:'s| {_BE})\b(?! not|n't)"
    # "a promise, not a threat"
    r"|, not (?:a|an|the|of|from|with|in|by|for|because|out|as|at) ",
)
_PLAIN = str.maketrans({"’": "'", "—": "-", "–": "-", "*": None, "_": None})  # noqa: RUF001


def sense_rates(words: Sequence[str]) -> dict[str, float]:
    """Words of each sense per 1000 words, by metric name."""
    counts = Counter(words)
    return {
        name: 1000 * sum(counts[word] for word in known & counts.keys()) / len(words)
        for name, known in sense_words().items()
    }


def contrast_rate(text: str, words: Sequence[str]) -> float:
    """Turns of the kind "not X but Y" per 1000 words: the habit by which readers know a machine."""
    plain = re.sub(r"\s+", " ", text.translate(_PLAIN)).lower()
    return 1000 * sum(1 for _ in _CONTRASTS.finditer(plain)) / len(words)


def cliche_rate(words: Sequence[str]) -> float:
    """Worn phrases per 1000 words; phrases that overlap count once."""
    return 1000 * sum(1 for _ in cliche_pattern().finditer(" ".join(words))) / len(words)


def mattr(words: Sequence[str]) -> float:
    """Moving-average type-token ratio over windows of 100 words: 1 is a new word every time.

    Raises:
        NotMeasuredError: fewer words than one window.

    Source: Covington & McFall 2010, "Cutting the Gordian Knot: The Moving-Average Type-Token Ratio".
    """
    if len(words) < MATTR_WINDOW:
        raise NotMeasuredError(f"The answer has {len(words)} words; MATTR-{MATTR_WINDOW} needs {MATTR_WINDOW}.")
    counts = Counter(words[:MATTR_WINDOW])
    distinct = [len(counts)]
    for leaving, entering in zip(words, words[MATTR_WINDOW:], strict=False):
        counts[leaving] -= 1
        if not counts[leaving]:
            del counts[leaving]
        counts[entering] += 1
        distinct.append(len(counts))
    return math.fsum(distinct) / len(distinct) / MATTR_WINDOW
