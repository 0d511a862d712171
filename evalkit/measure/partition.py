"""One coarse view of all variants: the reference's most likely tokens at a position, and one lump of all others.

Two variants are never in memory together. What each keeps on this partition while it reads the reference's answer is
enough to compare any two of them afterwards: a divergence on a partition is a lower bound of the true one
(data-processing inequality; Cover & Thomas 2006, chapter 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt

from evalkit.measure.divergence import Row, SparseDistribution
from evalkit.measure.symmetric import js_divergence_nats, with_lump

N_PARTS = 64
"""Tokens with a part of their own; along a greedy answer they hold all but some 1e-3 of the mass."""

Parts = npt.NDArray[np.float32]
"""(n_positions, N_PARTS + 1) log-probabilities, nats; the lump last, minus infinity where there are fewer tokens."""


def partition_ids(reference: SparseDistribution) -> npt.NDArray[np.int32]:
    """(at most N_PARTS,) the reference's most likely tokens, the likeliest first; of equals, the lowest id."""
    order = np.lexsort((reference.token_ids, -reference.log_probs))
    return reference.token_ids[order[:N_PARTS]]


def reference_parts(reference: SparseDistribution) -> npt.NDArray[np.float64]:
    """(N_PARTS + 1,) the reference's own log-probabilities on the partition."""
    order = np.lexsort((reference.token_ids, -reference.log_probs))[:N_PARTS]
    log_probs = reference.log_probs.astype(np.float64)
    rest = reference.tail_mass + float(np.exp(np.delete(log_probs, order)).sum())
    return _padded(log_probs[order], rest)


def variant_parts(ids: npt.NDArray[np.int32], row: Row) -> npt.NDArray[np.float64]:
    """(N_PARTS + 1,) a variant's log-probabilities on the reference's partition."""
    log_probs = row.log_probs_nats(ids)
    return _padded(log_probs, 1.0 - float(np.exp(log_probs).sum()))


def family_distance_nats(first: Parts, second: Parts) -> float:
    """Mean over positions of the Jensen-Shannon divergence of two variants on the partition: a lower bound, nats.

    Positions that only one of them has are left out.
    """
    n = min(len(first), len(second))
    return float(js_divergence_nats(first[:n].astype(np.float64), second[:n].astype(np.float64)).mean())


def pair_distances(parts: Mapping[str, tuple[Parts, Parts]], reference_label: str) -> dict[tuple[str, str], float]:
    """The distance of every two models along one answer, by their labels in alphabetical order.

    Args:
        parts: per label what it kept: the reference's log-probabilities, and its own. A label whose partition is not
            that of the first one read another record, and is left out.
    """
    own: dict[str, Parts] = {}
    for label, (reference, variant) in parts.items():
        known = own.setdefault(reference_label, reference)
        n = min(len(known), len(reference))
        if n and np.array_equal(known[:n], reference[:n]):
            own[label] = variant
            if len(reference) > len(known):
                own[reference_label] = reference
    return {
        (first, second): family_distance_nats(own[first], own[second]) for first, second in combinations(sorted(own), 2)
    }


def _padded(log_probs: npt.NDArray[np.float64], rest: float) -> npt.NDArray[np.float64]:
    parts = np.full(N_PARTS + 1, -np.inf)
    parts[: len(log_probs)] = log_probs
    parts[-1] = with_lump(log_probs[:0], rest)[0]
    return parts
