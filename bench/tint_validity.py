"""How right the tint is on writers it never saw: `make validate-tint` prints the table of docs/measures.md.

Every author's passages (every voice's, for the modern ones) are scored by fits to all others, the scaling included.
Two sets are in no fit: `heldout.jsonl`, and `probes.jsonl`, written for the known failures before the form was chosen.
Their figures were in sight while it was chosen, so they are no clean test. They go through the shipped models and
`evalkit tint`'s own code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from evalkit.measure.embedder import MiniLmEmbedder, find_embedder, read_vocabulary
from evalkit.measure.score_texts import Reading, score_texts
from evalkit.measure.tint_fit import (
    BOOKS,
    OWN,
    Passages,
    Scale,
    Scores,
    anchor_axis,
    fit_lite_scale,
    fit_scale,
    read_anchors,
    read_passages,
    read_words,
    unseen_scores,
)
from evalkit.records.errors import NotMeasuredError
from evalkit.records.tint_reader import TintMethod, TintReader

DATA = Path(__file__).parents[1] / "tests" / "data" / "tint"
PROBES, HELD_OUT = DATA / "probes.jsonl", DATA / "heldout.jsonl"
MODERN_AUTHOR = "lab-written"
N_BINS = 10

Floats = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.bool_]
FitScale = Callable[[Scores, Passages], Scale]


def unseen_log_odds(passages: Passages, scores: Scores, fit: FitScale) -> Floats:
    """Each passage's log-odds, by fits and a scaling that know nothing of its author."""
    log_odds = np.zeros(len(passages.labels))
    for left_out in passages.folds():
        scale = fit(scores.take(~left_out), passages.take(~left_out))
        log_odds[left_out] = scale.log_odds(scores.take(left_out))
    return log_odds


def calibration_error(probabilities: Floats, labels: npt.NDArray[np.int64]) -> float:
    """Expected calibration error over ten equal bins of probability (Naeini et al. 2015), classes weighted equally."""
    weights = np.where(labels == 1, 0.5 / (labels == 1).mean(), 0.5 / (labels == 0).mean()) / len(labels)
    bins = np.minimum((probabilities * N_BINS).astype(int), N_BINS - 1)
    gaps = [weights[bins == one] @ (probabilities - labels)[bins == one] for one in range(N_BINS)]
    return float(np.sum(np.abs(gaps)))


def sets_of(passages: Passages) -> dict[str, Chosen]:
    """The sets that the figures are for."""
    authors, kinds = np.array(passages.authors), np.array(passages.kinds)
    is_page = np.char.startswith(authors, "book:")
    is_hard = (np.char.find(kinds, "quiet") >= 0) | (np.char.find(kinds, "neg_hard") >= 0)
    return {
        "unseen authors": passages.is_book,
        "hard cases": passages.is_book & is_hard & (authors != MODERN_AUTHOR),
        "modern register": authors == MODERN_AUTHOR,
        "own voices": ~passages.is_book & ~is_page,
        "own voices, hard": ~passages.is_book & ~is_page & is_hard,
        "own pages": is_page,
        "own pages, hard": is_page & is_hard,
    }


def _probe_lines(name: str, readings: Sequence[Reading], rows: Sequence[dict[str, str]]) -> None:
    tints = np.array([np.nan if isinstance(one, NotMeasuredError) else one.tint for one in readings])
    labels, kinds = np.array([int(row["label"]) for row in rows]), np.array([row["kind"] for row in rows])
    measured = np.isfinite(tints)
    for kind in dict.fromkeys(kinds):
        own = (kinds == kind) & measured
        right = int(((tints > 50) == (labels == 1))[own].sum())
        opposite = measured & (labels != labels[own][0])
        against = own | opposite
        auc = roc_auc_score(labels[against], tints[against])
        print(f"  {name:5} {kind:16} right side of 50: {right:2} of {own.sum():2}   AUC {auc:.3f}")


def _held_out_line(name: str, readings: Sequence[Reading], rows: Sequence[dict[str, str]]) -> None:
    tints = np.array([0.0 if isinstance(one, NotMeasuredError) else one.tint for one in readings])
    labels = np.array([int(row["label"]) for row in rows])
    hard = np.array(["quiet" in row["kind"] or row["kind"] == "neg_hard" for row in rows])
    aucs = (roc_auc_score(labels, tints), roc_auc_score(labels[hard], tints[hard]))
    print(f"  {name:5} held-out AUC {aucs[0]:.3f}, hard cases {aucs[1]:.3f}, {len(rows)} passages")


def _read(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def main() -> None:
    """Print every figure that docs/measures.md states."""
    embedder = find_embedder()
    assert isinstance(embedder, MiniLmEmbedder), embedder
    passages = read_passages(embedder, (BOOKS, *OWN))
    table = read_words(embedder, read_vocabulary(embedder.folder), passages)
    scores = unseen_scores(passages, table, anchor_axis(*read_anchors(embedder)))
    for name, fit in (("full", fit_scale), ("lite", fit_lite_scale)):
        log_odds = unseen_log_odds(passages, scores, fit)
        # One scale for all: scales of their own would move whole authors against each other.
        ranked = fit(scores, passages).log_odds(scores)
        for title, chosen in sets_of(passages).items():
            auc = roc_auc_score(passages.labels[chosen], ranked[chosen])
            error = calibration_error(1 / (1 + np.exp(-log_odds[chosen])), passages.labels[chosen])
            print(f"{name:5} {title:18} AUC {auc:.3f}   calibration error {error:.3f}   n {chosen.sum()}")
    held_out, probes = _read(HELD_OUT), _read(PROBES)
    for method in TintMethod:
        reader = TintReader(method=method)
        _held_out_line(method, score_texts([row["text"] for row in held_out], reader), held_out)
        _probe_lines(method, score_texts([row["text"] for row in probes], reader), probes)


if __name__ == "__main__":
    main()
