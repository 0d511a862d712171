"""What each answer is taken to say: its mean embedding and its sentences' tints; all answers in one pass.

With the sentence embedder, or from words alone: then there are tints of another kind, and no embedding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from evalkit.measure.distance import mean_embedding
from evalkit.measure.embedder import Embedder, EmbedderUnavailable, Vectors, find_embedder
from evalkit.measure.passage import Passage, read_passage
from evalkit.measure.tint import tint_sentences
from evalkit.measure.tint_lite import lite_sentences, shipped_lite
from evalkit.measure.tint_model import shipped_model
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import SentenceTint
from evalkit.records.tint_reader import TintMethod, TintReader

_NO_EMBEDDING = NotMeasuredError(
    "The texts were read from words alone (--tint lite), without the sentence embedder. Score the run again with: "
    "evalkit score --tint full"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Meaning:
    """One text, read."""

    embedding: Vectors | NotMeasuredError
    """(n_dimensions,), or why the text was not embedded."""
    sentences: tuple[SentenceTint, ...]


Meanings = dict[str, Meaning | NotMeasuredError]
"""By text; the error says why a text has none."""

TextReader = Callable[[Iterable[str]], Meanings]
"""Reads all texts at once."""


def text_reader(wanted: TintReader) -> TextReader:
    """The reader that was asked for; lite looks for no embedder and loads no torch."""
    if wanted.method is TintMethod.LITE:
        return read_words
    return partial(read_meanings, embedder=find_embedder(wanted.embedder))


def read_words(texts: Iterable[str]) -> Meanings:
    """Every text from its words alone."""
    return {text: _words(text) for text in dict.fromkeys(texts)}


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


def _words(text: str) -> Meaning | NotMeasuredError:
    passage = _try_passage(text)
    if isinstance(passage, NotMeasuredError):
        return passage
    return Meaning(embedding=_NO_EMBEDDING, sentences=lite_sentences(text, passage))


def _meaning(text: str, passage: Passage, vectors: Vectors) -> Meaning:
    return Meaning(
        embedding=mean_embedding(passage, vectors),
        sentences=tint_sentences(text, passage, vectors, shipped_model(), shipped_lite()),
    )
