"""What the sentence embedder makes of each answer: a mean embedding and sentence tints; all answers in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evalkit.measure.distance import mean_embedding
from evalkit.measure.embedder import Embedder, EmbedderUnavailable, Vectors
from evalkit.measure.passage import Passage, read_passage
from evalkit.measure.tint import tint_sentences
from evalkit.measure.tint_lite import shipped_lite
from evalkit.measure.tint_model import shipped_model
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import SentenceTint


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Meaning:
    """One text, embedded."""

    embedding: Vectors
    sentences: tuple[SentenceTint, ...]


Meanings = dict[str, Meaning | NotMeasuredError]
"""By text; the error says why a text has none."""


def read_meanings(texts: Iterable[str], embedder: Embedder | EmbedderUnavailable) -> Meanings:
    """Embed every distinct window of all texts once."""
    distinct = tuple(dict.fromkeys(texts))
    if isinstance(embedder, EmbedderUnavailable):
        return dict.fromkeys(distinct, embedder)
    passages = {text: _try_passage(text) for text in distinct}
    read = {text: passage for text, passage in passages.items() if isinstance(passage, Passage)}
    windows = tuple(dict.fromkeys(window for passage in read.values() for window in passage.windows))
    try:
        vectors = embedder.embed(windows)
    except EmbedderUnavailable as unavailable:
        return dict.fromkeys(distinct, unavailable)
    row_of = {window: row for row, window in enumerate(windows)}
    return {
        text: _meaning(text, passage, vectors[[row_of[window] for window in passage.windows]])
        if isinstance(passage, Passage)
        else passage
        for text, passage in passages.items()
    }


def _try_passage(text: str) -> Passage | NotMeasuredError:
    try:
        return read_passage(text)
    except NotMeasuredError as reason:
        return reason


def _meaning(text: str, passage: Passage, vectors: Vectors) -> Meaning:
    return Meaning(
        embedding=mean_embedding(passage, vectors),
        sentences=tint_sentences(text, passage, vectors, shipped_model(), shipped_lite()),
    )
