"""How far an answer strays from the reference's answer to the same prompt: five measures that tell different things.

Word-level edit distance, Jaccard and compression distance are left out: sibling quants already give .87 to .92 where
unrelated texts give .94.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from typing import Any

import numpy as np

from evalkit.measure.embedder import Vectors
from evalkit.measure.measured import blaming
from evalkit.measure.passage import Passage
from evalkit.measure.words import require_words
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import Answer


def common_prefix_tokens(answer: Answer, reference: Answer) -> int:
    """Tokens before the answer first leaves the reference's; all of them when one begins with the other.

    Raises:
        NotMeasuredError: a text that came without its tokens.
    """
    if answer.token_ids is None or reference.token_ids is None:
        raise NotMeasuredError("The text came without its tokens.")
    pairs = zip(answer.token_ids, reference.token_ids, strict=False)
    shorter = min(len(answer.token_ids), len(reference.token_ids))
    return next((index for index, (ours, theirs) in enumerate(pairs) if ours != theirs), shorter)


def chrf(answer: Answer, reference: Answer) -> float:
    """Character n-gram F-score, 0 to 100; 100 is equal. sacrebleu's signature: nrefs:1|case:mixed|nc:6|nw:0|space:no.

    Raises:
        NotMeasuredError: either text has no word, or is absurdly long.

    Source: Popovic 2015, "chrF: character n-gram F-score for automatic MT evaluation".
    """
    _words_of_both(answer, reference, "chrF")
    return float(_chrf_metric().sentence_score(answer.text, [reference.text]).score)


def word_js_divergence_bits(answer: Answer, reference: Answer) -> float:
    """Jensen-Shannon divergence of the two word frequencies: 0 is equal, 1 no shared word; the order of sides is free.

    Raises:
        NotMeasuredError: either text has no word, or is absurdly long.

    Source: Lin 1991, "Divergence measures based on the Shannon entropy".
    """
    ours, theirs = map(Counter, _words_of_both(answer, reference, "word divergence"))
    n_ours, n_theirs = ours.total(), theirs.total()
    terms = []
    for word in ours | theirs:
        p, q = ours[word] / n_ours, theirs[word] / n_theirs
        terms += [0.5 * part * math.log2(2 * part / (p + q)) for part in (p, q) if part]
    return min(1.0, max(0.0, math.fsum(terms)))


def log_length_ratio(answer: Answer, reference: Answer) -> float:
    """Natural log of the answer's words over the reference's: 0 is equal, above 0 longer.

    Raises:
        NotMeasuredError: either text has no word, or is absurdly long.
    """
    ours, theirs = _words_of_both(answer, reference, "length ratio")
    return math.log(len(ours) / len(theirs))


def mean_embedding(passage: Passage, embeddings: Vectors) -> Vectors:
    """Word-weighted mean of the passage's window embeddings, one row per sentence."""
    weights = [sentence.n_words for sentence in passage.sentences]
    mean: Vectors = np.average(embeddings.astype(np.float64), axis=0, weights=weights)
    return mean


def embedding_distance(ours: Vectors, theirs: Vectors) -> float:
    """1 minus the cosine of two mean embeddings: 0 is equal."""
    cosine = float(ours @ theirs / (np.linalg.norm(ours) * np.linalg.norm(theirs)))
    return max(0.0, 1.0 - cosine)


def _words_of_both(answer: Answer, reference: Answer, purpose: str) -> tuple[list[str], list[str]]:
    ours = require_words(answer.text, 1, purpose)
    with blaming(reference.label):
        return ours, require_words(reference.text, 1, purpose)


@cache
def _chrf_metric() -> Any:
    from sacrebleu.metrics import CHRF

    return CHRF()
