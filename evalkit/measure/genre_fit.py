"""Fit the genre axes: `python -m evalkit.measure.genre_fit` reads the anchors and dev.jsonl and writes model.npz.

It prints how well each axis tells its own genre's anchors from those of the other genres, each anchor judged by an axis
that was made without it: the only labelled texts that there are, so a lower bound of doubt and no proof of worth.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from evalkit.measure.embedder import Embedder, find_embedder
from evalkit.measure.genre import GENRE_METRICS, MODEL_PATH, Floats
from evalkit.measure.tint_fit import read_passages
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import Metric

ANCHORS_PATH = MODEL_PATH.parent / "anchors.json"

Anchors = dict[str, Floats]
"""Embeddings by genre, `neutral` among them."""


def fit_axes(anchors: Anchors, passages: Floats) -> tuple[Floats, Floats]:
    """Axes and offsets, both in standard deviations of the passages.

    Args:
        anchors: (n_anchors, n_dimensions) per genre.
        passages: (n_passages, n_dimensions), mean embeddings of prose.
    """
    raw = np.stack([anchors[genre.value].mean(axis=0) - anchors["neutral"].mean(axis=0) for genre in GENRE_METRICS])
    projections = passages @ raw.T
    spread = projections.std(axis=0, ddof=1)
    return raw / spread[:, None], projections.mean(axis=0) / spread


def unseen_auc(anchors: Anchors, genre: Metric) -> float:
    """ROC AUC of a genre's anchors, each left out of its own axis, against the anchors of the other genres."""
    from sklearn.metrics import roc_auc_score

    own, neutral = anchors[genre.value], anchors["neutral"].mean(axis=0)
    others = np.concatenate([rows for name, rows in anchors.items() if name not in {genre.value, "neutral"}])
    left_out = [np.delete(own, index, axis=0).mean(axis=0) - neutral for index in range(len(own))]
    own_scores = [float(row @ axis) for row, axis in zip(own, left_out, strict=True)]
    other_scores = others @ (own.mean(axis=0) - neutral)
    labels = [1] * len(own_scores) + [0] * len(other_scores)
    return float(roc_auc_score(labels, [*own_scores, *other_scores]))


def embed_anchors(embedder: Embedder, path: Path = ANCHORS_PATH) -> Anchors:
    """Every anchor alone, as a text of one sentence is."""
    texts: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
    return {genre: np.asarray(embedder.embed(own), dtype=np.float64) for genre, own in texts.items()}


def main() -> None:
    """Fit, print the validation, write the model."""
    embedder = find_embedder(None)
    if isinstance(embedder, NotMeasuredError):
        raise SystemExit(str(embedder))
    anchors = embed_anchors(embedder)
    axes, offsets = fit_axes(anchors, read_passages(embedder).embeddings)
    np.savez(MODEL_PATH, axes=axes, offsets=offsets)
    for genre in GENRE_METRICS:
        print(f"{genre.value}: AUC {unseen_auc(anchors, genre):.3f} of anchors unseen against the other genres'")


if __name__ == "__main__":
    main()
