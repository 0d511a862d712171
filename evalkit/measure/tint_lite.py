"""The lite tint: a weight per word, summed. No torch, milliseconds a text, and blind to what words mean together.

A word's weight is its share in the log-odds of horror. It comes from two sources, fitted by `tint_fit`: how much more
often horror passages use the word (Monroe et al. 2008), and where its meaning lies (so that words which no passage
has get a weight too). A sentence's log-odds are the mean weight of its words plus a constant, and a text's the
word-weighted mean of its sentences', which is the mean over all words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evalkit.measure.passage import Passage
from evalkit.measure.tint_model import DATA_FOLDER
from evalkit.measure.words import list_words
from evalkit.records.scores import SentenceTint

LITE_PATH = DATA_FOLDER / "lite.tsv"
_INTERCEPT = "*"
"""The line of the constant; no word looks like it."""
DARK, CALM = "dark words", "calm words"
N_HITS = 4
"""Most telling words that are shown of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LiteModel:
    """Log-odds of horror of a text: mean of `weights` over its words, 0 for an unknown one, plus `intercept`."""

    weights: Mapping[str, float]
    intercept: float

    def evidence(self, words: Sequence[str]) -> float:
        """Mean weight of the words, in logits; above 0 speaks for horror. No words say nothing."""
        return math.fsum(self.weights.get(word, 0.0) for word in words) / len(words) if words else 0.0

    def telling_words(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words that darken a sentence most, in order of the text."""
        known = [word for word in dict.fromkeys(words) if self.weights.get(word, 0.0) > 0]
        chosen = set(sorted(known, key=lambda word: -self.weights[word])[:N_HITS])
        return tuple(word for word in known if word in chosen)


def lite_sentences(text: str, passage: Passage, model: LiteModel | None = None) -> tuple[SentenceTint, ...]:
    """The decomposition: every sentence of the scored part with its lite tint, not clipped."""
    model = model or shipped_lite()
    found = []
    for sentence in passage.sentences:
        words = list_words(text[sentence.start : sentence.end])
        log_odds = model.intercept + model.evidence(words)
        found.append(
            SentenceTint(
                start=sentence.start,
                end=sentence.end,
                n_words=sentence.n_words,
                tint=50.0 + 10.0 * log_odds,
                category=DARK if log_odds > 0 else CALM,
                lexicon_hits=model.telling_words(words),
            )
        )
    return tuple(found)


@cache
def shipped_lite() -> LiteModel:
    """The word list in this package, made by `python -m evalkit.measure.tint_fit`."""
    lines = (line.split("\t") for line in LITE_PATH.read_text("utf-8").splitlines())
    weights = {word: float(weight) for word, weight in lines}
    return LiteModel(intercept=weights.pop(_INTERCEPT), weights=weights)


def save_lite(model: LiteModel, path: Path) -> None:
    """Write the word list, one word and its weight a line, in alphabetical order; weights that round to 0 are left out.

    A hundredth of a logit of one word moves a text of 100 words by a thousandth of a point.
    """
    lines = [f"{_INTERCEPT}\t{model.intercept:.4f}"]
    lines += [f"{word}\t{weight:.2f}" for word, weight in sorted(model.weights.items()) if round(weight, 2)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
