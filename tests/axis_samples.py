"""Invented models over the words of the horror axis: what they expect can be tilted by known doses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

from evalkit.measure.axis import Axis, horror_texts, learn_axis
from evalkit.records.word_starts import WordStarts

Floats = npt.NDArray[np.float64]

N_CONTEXTS = 48


@cache
def horror_axis() -> Axis:
    """The axis that ships; learning it takes a second."""
    return learn_axis(horror_texts())


class Model:
    """Next-word distributions at some positions of some contexts; every word form is a token of its own."""

    def __init__(self, logits: Floats) -> None:
        self.logits = logits
        """(n_contexts, n_positions, n_forms)"""

    @classmethod
    def random(cls, seed: int, n_contexts: int = N_CONTEXTS) -> Model:
        """Word frequencies of the passages, moved by what each context and each position is about."""
        rng = np.random.default_rng(seed)
        base = np.log(horror_axis().counts)
        topics = rng.normal(size=(6, len(base)))
        of_contexts = rng.normal(size=(n_contexts, 1, 6)) @ topics * 0.4
        of_positions = rng.normal(size=(n_contexts, 2, len(base)))
        return cls(base + of_contexts + of_positions)

    def changed(self, change: Callable[[Floats], Floats]) -> Model:
        """The model whose logits are a function of this one's."""
        return Model(change(self.logits))

    @property
    def probabilities(self) -> Floats:
        """After softmax, (n_contexts, n_positions, n_forms)."""
        weights = np.exp(self.logits - self.logits.max(axis=2, keepdims=True))
        return np.asarray(weights / weights.sum(axis=2, keepdims=True))

    @property
    def starts(self) -> WordStarts:
        """What a child process would have recorded of it."""
        n_contexts, n_forms = self.logits.shape[0], self.logits.shape[2]
        return WordStarts(
            context_ids=tuple(f"context {index}" for index in range(n_contexts)),
            groups=tuple("dark" if index % 2 else "neutral" for index in range(n_contexts)),
            n_positions=(self.logits.shape[1],) * n_contexts,
            form_tokens=np.arange(n_forms, dtype=np.int32),
            token_ids=np.arange(n_forms, dtype=np.int32),
            probabilities=self.probabilities.mean(axis=1),
        )

    def rate(self, of: npt.NDArray[np.bool_]) -> float:
        """Expected words of a kind per 1,000."""
        return float(1000 * self.probabilities.mean(axis=(0, 1)) @ of)
