"""The tint of any texts, by either method, in one pass over the embedder."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.measure import tint
from evalkit.measure.embedder import Embedder, EmbedderUnavailable
from evalkit.measure.meaning import read_meanings
from evalkit.measure.passage import read_passage
from evalkit.measure.tint_lite import lite_sentences
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import SentenceTint
from evalkit.records.tint import TextTint, TintMethod

Reading = TextTint | NotMeasuredError
"""The figures of one text, or why it has none."""


def score_full(texts: Sequence[str], embedder: Embedder | EmbedderUnavailable) -> tuple[Reading, ...]:
    """One reading per text, in order; a text's figures do not depend on its neighbours."""
    meanings = read_meanings(texts, embedder)
    found = (meanings[text] for text in texts)
    return tuple(
        one if isinstance(one, NotMeasuredError) else _reading(one.sentences, TintMethod.FULL) for one in found
    )


def score_lite(texts: Sequence[str]) -> tuple[Reading, ...]:
    """One reading per text, in order, from words alone."""
    return tuple(_lite_reading(text) for text in texts)


def _lite_reading(text: str) -> Reading:
    try:
        return _reading(lite_sentences(text, read_passage(text)), TintMethod.LITE)
    except NotMeasuredError as reason:
        return reason


def _reading(sentences: tuple[SentenceTint, ...], method: TintMethod) -> Reading:
    try:
        return TextTint(
            method=method,
            tint=tint.text_tint(sentences),
            probability=tint.horror_probability(sentences),
            peak=tint.peak_tint(sentences),
            dark_share=tint.dark_share(sentences),
            sentences=sentences,
        )
    except NotMeasuredError as reason:
        return reason
