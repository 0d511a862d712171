"""What the full tint was fitted to: an axis and labelled passages among embeddings, and how far each is trusted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

DATA_FOLDER = Path(__file__).parent / "data" / "tint"
MODEL_PATH = DATA_FOLDER / "model.npz"
_NUMBERS = ("kernel_slope", "slope", "word_slope", "intercept")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kernel:
    """A support vector machine with a Gaussian kernel: how much nearer a passage lies to horror than to other prose."""

    centre: Floats
    scale: float
    """x = (embedding - centre) / scale, so that passages have a mean square length of 1."""
    supports: Floats
    """(n_supports, n_dimensions): labelled passages, as x."""
    coefficients: Floats
    """(n_supports,): above 0 for horror."""
    intercept: float
    gamma: float

    def scores(self, embeddings: npt.NDArray[np.floating]) -> Floats:
        """(n,): one per row; above 0 is horror."""
        return np.asarray(self._nearness(self._scaled(embeddings)) @ self.coefficients + self.intercept)

    def gradient(self, embedding: npt.NDArray[np.floating]) -> Floats:
        """(n_dimensions,): how the score changes with the embedding."""
        x = self._scaled(embedding[None, :])
        weights = self._nearness(x)[0] * self.coefficients
        return np.asarray(2 * self.gamma / self.scale * (weights @ (self.supports - x)))

    def _scaled(self, embeddings: npt.NDArray[np.floating]) -> Floats:
        return (np.asarray(embeddings, dtype=np.float64) - self.centre) / self.scale

    def _nearness(self, x: Floats) -> Floats:
        squares = (x**2).sum(axis=1)[:, None] + (self.supports**2).sum(axis=1) - 2 * x @ self.supports.T
        return np.asarray(np.exp(-self.gamma * np.maximum(squares, 0.0)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TintModel:
    """Log-odds of horror of a text with mean embedding m, the word-weighted mean of its windows' embeddings.

    H = kernel_slope * kernel(m) + slope * (axis . m) + word_slope * word evidence + intercept
    """

    axis: Floats
    kernel: Kernel
    kernel_slope: float
    slope: float
    word_slope: float
    """How far the word list's evidence (`LiteModel.evidence`, logits) is trusted beside the embedding."""
    intercept: float
    anchors: Floats
    """(n_anchors, n_dimensions), rows of length 1."""
    categories: tuple[str, ...]
    """One per anchor."""

    def log_odds(
        self, embeddings: npt.NDArray[np.floating], word_evidence: npt.ArrayLike, n_words: npt.ArrayLike
    ) -> Floats:
        """(n_sentences,): natural log, 0 is the boundary; their word-weighted mean is the text's, exactly.

        The kernel sees the whole text, so a sentence's part in it is the text's score plus how the sentence's own
        deviation from the mean embedding moves it, to first order. Those deviations cancel over the text.

        Args:
            embeddings: one row per sentence's window.
            word_evidence: one per sentence.
            n_words: one per sentence.
        """
        rows = np.asarray(embeddings, dtype=np.float64)
        mean = np.average(rows, axis=0, weights=np.asarray(n_words, dtype=np.float64))
        kernel = self.kernel.scores(mean[None, :])[0] + (rows - mean) @ self.kernel.gradient(mean)
        evidence = np.asarray(word_evidence, dtype=np.float64)
        return np.asarray(
            self.kernel_slope * kernel + self.slope * (rows @ self.axis) + self.word_slope * evidence + self.intercept
        )

    def nearest_categories(self, embeddings: npt.NDArray[np.floating]) -> tuple[str, ...]:
        """The category of the anchor with the largest cosine, one per row."""
        nearest = np.argmax(np.asarray(embeddings, dtype=np.float64) @ self.anchors.T, axis=1)
        return tuple(self.categories[index] for index in nearest)


@cache
def shipped_model() -> TintModel:
    """The model in this package, made by `python -m evalkit.measure.tint_fit`."""
    with np.load(MODEL_PATH, allow_pickle=False) as arrays:
        kernel = Kernel(
            centre=arrays["centre"].astype(np.float64),
            supports=arrays["supports"].astype(np.float64),
            coefficients=arrays["coefficients"],
            **{name: float(arrays[f"kernel_{name}"]) for name in ("scale", "intercept", "gamma")},
        )
        return TintModel(
            axis=arrays["axis"],
            kernel=kernel,
            anchors=arrays["anchors"],
            categories=tuple(map(str, arrays["categories"])),
            **{name: float(arrays[name]) for name in _NUMBERS},
        )


@cache
def horror_lexicon() -> frozenset[str]:
    """Words that explain a tint to a reader; they have no part in the score, since a list of words scores badly."""
    return frozenset((DATA_FOLDER / "lexicon.txt").read_text("utf-8").split())


def save_model(model: TintModel, path: Path) -> None:
    """Write the model; the same model gives the same bytes."""
    kernel = model.kernel
    arrays: dict[str, Any] = {
        "axis": model.axis,
        "centre": kernel.centre.astype(np.float32),
        "supports": kernel.supports.astype(np.float32),
        "coefficients": kernel.coefficients,
        "anchors": model.anchors,
        "categories": np.array(model.categories),
    }
    arrays |= {f"kernel_{name}": np.array(getattr(kernel, name)) for name in ("scale", "intercept", "gamma")}
    arrays |= {name: np.array(getattr(model, name)) for name in _NUMBERS}
    np.savez_compressed(path, allow_pickle=False, **arrays)
