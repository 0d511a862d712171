"""An answer made ready for the embedder: its sentences, each in a window with its two neighbours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.measure.language import require_english
from evalkit.measure.scored_part import find_scored_part
from evalkit.measure.sentences import Sentence, split_sentences
from evalkit.measure.words import require_words

_PURPOSE = "the measure of tint and meaning"
# More than MAX_WORDS words of English have; only then may a sentence push itself out of what the embedder reads.
_LONGEST_SENTENCE = 600
_LONGEST_NEIGHBOUR = 400
_MARKUP = re.compile(r"[*_#`~|>\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The scored part of an answer."""

    sentences: tuple[Sentence, ...]
    """Ranges of characters in the whole answer."""
    windows: tuple[str, ...]
    """One per sentence: it and its neighbours, without markup."""

    @property
    def n_words(self) -> int:
        """Words of all sentences."""
        return sum(sentence.n_words for sentence in self.sentences)


def read_passage(text: str) -> Passage:
    """Cut an answer into sentences and windows.

    Raises:
        NotMeasuredError: no word, not English, or absurdly long.
    """
    words = require_words(text, 1, _PURPOSE)
    require_english(text, words, _PURPOSE)
    start, end = find_scored_part(text)
    sentences = tuple(
        Sentence(start=start + sentence.start, end=start + sentence.end, n_words=sentence.n_words)
        for sentence in split_sentences(text[start:end])
    )
    return Passage(sentences=sentences, windows=_windows([text[item.start : item.end] for item in sentences]))


def _windows(sentences: Sequence[str]) -> tuple[str, ...]:
    plain = ["", *map(_plain, sentences), ""]
    return tuple(
        " ".join(filter(None, (before[-_LONGEST_NEIGHBOUR:], sentence[:_LONGEST_SENTENCE], after[:_LONGEST_NEIGHBOUR])))
        for before, sentence, after in zip(plain, plain[1:], plain[2:], strict=False)
    )


def _plain(sentence: str) -> str:
    # Tokenisers refuse lone surrogates, which a model can write byte by byte.
    return _MARKUP.sub(" ", sentence).strip().encode("utf-8", errors="replace").decode("utf-8")
