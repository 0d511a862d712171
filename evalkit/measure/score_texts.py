"""The tint of any texts, by either method, in one pass."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.measure import tint
from evalkit.measure.meaning import text_reader
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import SentenceTint
from evalkit.records.tint import TextTint
from evalkit.records.tint_reader import TintMethod, TintReader

Reading = TextTint | NotMeasuredError
"""The figures of one text, or why it has none."""


def score_texts(texts: Sequence[str], reader: TintReader) -> tuple[Reading, ...]:
    """One reading per text, in order; a text's figures do not depend on its neighbours."""
    meanings = text_reader(reader)(texts)
    found = (meanings[text] for text in texts)
    return tuple(one if isinstance(one, NotMeasuredError) else _reading(one.sentences, reader.method) for one in found)


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
