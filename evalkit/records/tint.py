"""How dark one text is: its figures, their decomposition, and the method that they come from."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.scores import SentenceTint
from evalkit.records.tint_reader import TintMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTint:
    """The tint of one text."""

    method: TintMethod
    tint: float
    """0 to 100, higher is darker; 50 is the boundary, 10 points are one logit."""
    probability: float
    """That a reader calls the text horror, where half of the texts are: the logistic of the same log-odds."""
    peak: float
    """Mean tint of the darkest quarter of the sentences, 0 to 100."""
    dark_share: float
    """Share of words in sentences above the boundary."""
    sentences: tuple[SentenceTint, ...]
    """In order; the word-weighted mean of their tints is the text's before clipping."""

    @property
    def n_words(self) -> int:
        """Words of the scored part."""
        return sum(sentence.n_words for sentence in self.sentences)

    def contribution(self, sentence: SentenceTint) -> float:
        """Points by which a sentence lifts the text above 50, or below; all of them add up to the tint less 50."""
        return sentence.n_words * (sentence.tint - 50.0) / self.n_words
