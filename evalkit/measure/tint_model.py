"""What the tint was fitted to: one direction among sentence embeddings, and the anchors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

DATA_FOLDER = Path(__file__).parent / "data" / "tint"
MODEL_PATH = DATA_FOLDER / "model.npz"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TintModel:
    """Log-odds of horror of a window with embedding e: slope * (direction . e) + intercept."""

    direction: Floats
    slope: float
    intercept: float
    anchors: Floats
    """(n_anchors, n_dimensions), rows of length 1."""
    categories: tuple[str, ...]
    """One per anchor."""

    def log_odds(self, embeddings: npt.NDArray[np.floating]) -> Floats:
        """One per row, natural log: 0 is the boundary, above it is horror."""
        return self.slope * (np.asarray(embeddings, dtype=np.float64) @ self.direction) + self.intercept

    def nearest_categories(self, embeddings: npt.NDArray[np.floating]) -> tuple[str, ...]:
        """The category of the anchor with the largest cosine, one per row."""
        nearest = np.argmax(np.asarray(embeddings, dtype=np.float64) @ self.anchors.T, axis=1)
        return tuple(self.categories[index] for index in nearest)


@cache
def shipped_model() -> TintModel:
    """The model in this package, made by `python -m evalkit.measure.tint_fit`."""
    with np.load(MODEL_PATH, allow_pickle=False) as arrays:
        return TintModel(
            direction=arrays["direction"],
            slope=float(arrays["slope"]),
            intercept=float(arrays["intercept"]),
            anchors=arrays["anchors"],
            categories=tuple(map(str, arrays["categories"])),
        )


@cache
def horror_lexicon() -> frozenset[str]:
    """Words that explain a tint to a reader; they have no part in the score, since a list of words scores badly."""
    return frozenset((DATA_FOLDER / "lexicon.txt").read_text("utf-8").split())


def save_model(model: TintModel, path: Path) -> None:
    """Write the model; the same model gives the same bytes."""
    np.savez(
        path,
        direction=model.direction,
        slope=np.float64(model.slope),
        intercept=np.float64(model.intercept),
        anchors=model.anchors,
        categories=np.array(model.categories),
    )
