"""Fit the lite tint's weight of every word, from how horror passages use words and from what the words mean.

A list that only counts knows nothing of a word that no passage has. So most of a word's weight comes from its
embedding, read alone: a logistic regression on passages' mean word embeddings is linear in the words, and gives a
weight to each word of the embedder's vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evalkit.measure.tint_model import Floats

PRIOR_WORDS = 3000.0
"""a0 of the Dirichlet prior: words of pseudo-text with the usual frequencies."""
VECTOR_C = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class WordTable:
    """Which words get a weight, and how often each passage has each of them."""

    words: tuple[str, ...]
    vectors: Floats
    """(n_words, n_dimensions): each word's embedding, read alone, less the mean of all."""
    counts: Any
    """(n_passages, n_words), scipy.sparse CSR."""
    lengths: Floats
    """(n_passages,): all words of the passage, known or not."""

    @cached_property
    def means(self) -> Floats:
        """(n_passages, n_dimensions): mean word embedding, divided by the mean sd of its dimensions."""
        return np.asarray(self._means / self._scale, dtype=np.float64)

    @cached_property
    def _means(self) -> Floats:
        return np.asarray(self.counts @ self.vectors) / self.lengths[:, None]

    @cached_property
    def _scale(self) -> float:
        return float(self._means.std(axis=0).mean())

    def weights_of(self, coefficients: Floats) -> Floats:
        """(n_words,): a direction among `means` as one weight per word."""
        return np.asarray(self.vectors @ coefficients / self._scale, dtype=np.float64)


def count_words(passages: Sequence[Sequence[str]], words: Sequence[str], vectors: Floats) -> WordTable:
    """Count each passage's words; words outside the table only lengthen it."""
    from scipy.sparse import csr_matrix

    place = {word: index for index, word in enumerate(words)}
    rows = [row for row, passage in enumerate(passages) for word in passage if word in place]
    columns = [place[word] for passage in passages for word in passage if word in place]
    counts = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(passages), len(words)))
    lengths = np.array([max(1, len(passage)) for passage in passages], dtype=np.float64)
    return WordTable(words=tuple(words), vectors=vectors - vectors.mean(axis=0), counts=counts, lengths=lengths)


def fit_words(
    table: WordTable, labels: npt.NDArray[np.int64], is_book: npt.NDArray[np.bool_], chosen: npt.NDArray[np.bool_]
) -> Floats:
    """(n_words,): one weight per word, fitted to the chosen passages.

    Real books tell which words go with horror, the own passages which of them do not make it: four sources, each
    divided by the sd of its scores over the books.
    """
    books, own = chosen & is_book, chosen & ~is_book
    parts = (
        (1.0, _meaning(table, labels, books)),
        (1.0, _meaning(table, labels, chosen)),
        (0.5, _log_odds(table, labels, books)),
        (0.25, _log_odds(table, labels, own)),
    )
    return np.asarray(sum(share * part / np.std(score_words(table, part)[books]) for share, part in parts))


def score_words(table: WordTable, weights: Floats) -> Floats:
    """(n_passages,): mean weight over all words."""
    return np.asarray(table.counts @ weights, dtype=np.float64).ravel() / table.lengths


def _log_odds(table: WordTable, labels: npt.NDArray[np.int64], chosen: npt.NDArray[np.bool_]) -> Floats:
    horror, other = (
        np.asarray(table.counts[chosen & (labels == label)].sum(axis=0), dtype=np.float64).ravel() for label in (1, 0)
    )
    both = horror + other
    prior = PRIOR_WORDS * both / both.sum()
    weights = _ln_odds(horror, prior) - _ln_odds(other, prior)
    return np.where(both >= 2, weights, 0.0)


def _ln_odds(counts: Floats, prior: Floats) -> Floats:
    smoothed = counts + prior
    with np.errstate(divide="ignore"):
        return np.where(smoothed > 0, np.log(smoothed) - np.log(smoothed.sum() - smoothed), 0.0)


def _meaning(table: WordTable, labels: npt.NDArray[np.int64], chosen: npt.NDArray[np.bool_]) -> Floats:
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=VECTOR_C, class_weight="balanced", max_iter=5000)
    return table.weights_of(regression.fit(table.means[chosen], labels[chosen]).coef_[0])
