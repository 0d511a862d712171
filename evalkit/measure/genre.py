"""How far a text leans to a genre: its mean embedding on an axis from plain prose to that genre's anchors.

The axes are built as the tint's first one is: mean of a genre's anchors minus mean of the neutral ones. The unit is
the standard deviation of 461 passages of prose, and 0 is their mean, so +1 leans further than five in six of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evalkit.measure.embedder import Vectors
from evalkit.records.scores import Metric

GENRE_METRICS = (Metric.SCI_FI, Metric.FANTASY, Metric.MYSTERY, Metric.MELANCHOLY, Metric.HUMOUR)
MODEL_PATH = Path(__file__).parent / "data" / "genre" / "model.npz"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GenreModel:
    """One axis per genre."""

    axes: Floats
    """(5, n_dimensions), in the order of `GENRE_METRICS`, divided by the sd of the passages' projections."""
    offsets: Floats
    """(5,): the passages' mean projections, in the same unit."""

    def leanings(self, embedding: Vectors) -> dict[Metric, float]:
        """Standard deviations from the passages' mean, by genre; more is further into the genre.

        Args:
            embedding: (n_dimensions,), word-weighted mean of a text's window embeddings.
        """
        values = self.axes @ np.asarray(embedding, dtype=np.float64) - self.offsets
        return {metric: float(value) for metric, value in zip(GENRE_METRICS, values, strict=True)}


@cache
def shipped_genres() -> GenreModel:
    """The model in this package, made by `python -m evalkit.measure.genre_fit`."""
    with np.load(MODEL_PATH, allow_pickle=False) as arrays:
        return GenreModel(axes=arrays["axes"], offsets=arrays["offsets"])
