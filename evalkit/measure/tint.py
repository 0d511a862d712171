"""Horror tint: how strongly a text leans to horror, 0 to 100, as an exact sum over its sentences.

Each sentence is embedded with its two neighbours, and its log-odds of horror come from that embedding and from its
words (`tint_model`). A text's log-odds H are the word-weighted mean of its sentences', and Tint = 50 + 10 H, clipped:
50 is the boundary, 10 points are one logit. Only comparisons within one prompt mean anything: the same mood scores
higher in a scene than in a synopsis, and one text of 350 words carries 0.6 to 0.8 logits of noise. Limits:
docs/measures.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalkit.measure.embedder import Vectors
from evalkit.measure.passage import Passage
from evalkit.measure.tint_lite import LiteModel
from evalkit.measure.tint_model import TintModel, horror_lexicon
from evalkit.measure.words import list_words
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import SentenceTint

BOUNDARY = 50.0
POINTS_PER_LOGIT = 10.0
LEAST_WORDS = 40
"""Below this one odd sentence is the whole score."""
_LARGEST_LOG_ODDS = 30.0


def tint_sentences(
    text: str, passage: Passage, embeddings: Vectors, model: TintModel, words: LiteModel
) -> tuple[SentenceTint, ...]:
    """The decomposition: every sentence of the scored part with its tint, not clipped.

    Args:
        text: the whole answer, into which the sentences' ranges point.
        passage: the same answer, cut by `read_passage`.
        embeddings: one row per window of the passage.
        model: what the tint was fitted to.
        words: the word list that it is fitted beside.
    """
    spoken = [list_words(text[sentence.start : sentence.end]) for sentence in passage.sentences]
    n_words = [sentence.n_words for sentence in passage.sentences]
    log_odds = model.log_odds(embeddings, [words.evidence(one) for one in spoken], n_words)
    categories = model.nearest_categories(embeddings)
    return tuple(
        SentenceTint(
            start=sentence.start,
            end=sentence.end,
            n_words=sentence.n_words,
            tint=BOUNDARY + POINTS_PER_LOGIT * float(h),
            category=category,
            lexicon_hits=_lexicon_hits(text[sentence.start : sentence.end]),
        )
        for sentence, h, category in zip(passage.sentences, log_odds, categories, strict=True)
    )


def text_tint(sentences: Sequence[SentenceTint]) -> float:
    """Word-weighted mean of the sentences' tints, clipped to 0 to 100; higher is darker.

    Raises:
        NotMeasuredError: fewer than `LEAST_WORDS` words.
    """
    return _clip(_mean_tint(sentences))


def horror_probability(sentences: Sequence[SentenceTint]) -> float:
    """The logistic of the text's log-odds: how likely a reader calls it horror, where half of the texts are.

    Raises:
        NotMeasuredError: fewer than `LEAST_WORDS` words.
    """
    log_odds = (_mean_tint(sentences) - BOUNDARY) / POINTS_PER_LOGIT
    return 1 / (1 + math.exp(-min(_LARGEST_LOG_ODDS, max(-_LARGEST_LOG_ODDS, log_odds))))


def peak_tint(sentences: Sequence[SentenceTint]) -> float:
    """Mean tint of the darkest quarter of the sentences (at least one), clipped.

    Raises:
        NotMeasuredError: fewer than `LEAST_WORDS` words.
    """
    _require_enough(sentences)
    darkest = sorted((sentence.tint for sentence in sentences), reverse=True)[: math.ceil(len(sentences) / 4)]
    return _clip(math.fsum(darkest) / len(darkest))


def dark_share(sentences: Sequence[SentenceTint]) -> float:
    """Share of the words that stand in sentences above the boundary.

    Raises:
        NotMeasuredError: fewer than `LEAST_WORDS` words.
    """
    n_words = _require_enough(sentences)
    return sum(sentence.n_words for sentence in sentences if sentence.tint > BOUNDARY) / n_words


def _mean_tint(sentences: Sequence[SentenceTint]) -> float:
    n_words = _require_enough(sentences)
    return math.fsum(sentence.n_words * sentence.tint for sentence in sentences) / n_words


def _require_enough(sentences: Sequence[SentenceTint]) -> int:
    n_words = sum(sentence.n_words for sentence in sentences)
    if n_words < LEAST_WORDS:
        raise NotMeasuredError(f"Tint needs at least {LEAST_WORDS} words; the scored part of the answer has {n_words}.")
    return n_words


def _clip(tint: float) -> float:
    return min(100.0, max(0.0, tint))


def _lexicon_hits(sentence: str) -> tuple[str, ...]:
    return tuple(word for word in dict.fromkeys(list_words(sentence)) if word in horror_lexicon())
