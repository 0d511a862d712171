"""The divergences that KL leaves out: from the variant's side, and one that takes no side.

All are taken between the same two distributions over the reference's kept tokens and one lump of all others. Lumping
never adds to a divergence (data-processing inequality), so each is a lower bound of the one over the whole vocabulary:

- Jensen-Shannon loses at most ln 2 * (tail of the reference + tail of the variant) / 2, whatever stands in the tails.
- The reverse KL loses the variant's tail mass times the divergence within the tail, which has no limit of its own.

Source: Lin 1991, "Divergence measures based on the Shannon entropy"; Cover & Thomas 2006, chapter 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.measure.divergence import Row, SparseDistribution

SMALLEST_MASS = 1e-9
"""Below this a lump's mass is what rounding left of it."""

LogProbs = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lumped:
    """Both distributions of one position, over the kept tokens and, last, the lump."""

    log_p: LogProbs
    """(n_kept + 1,) the reference's, nats."""
    log_q: LogProbs
    """(n_kept + 1,) the variant's, nats."""


def lump(reference: SparseDistribution, variant: Row) -> Lumped:
    """Both distributions over the reference's kept tokens and the mass of all others."""
    log_q = variant.log_probs_nats(reference.token_ids)
    return Lumped(
        log_p=with_lump(reference.log_probs.astype(np.float64), reference.tail_mass),
        log_q=with_lump(log_q, 1.0 - float(np.exp(log_q).sum())),
    )


def with_lump(log_probs: LogProbs, mass: float) -> LogProbs:
    """The log-probabilities and, last, that of all other tokens together."""
    return np.append(log_probs, math.log(max(mass, SMALLEST_MASS)))


def reverse_kl_nats(pair: Lumped) -> float:
    """D_KL(variant || reference), nats: what the variant likes and the reference does not. 0 is equal."""
    return max(float(np.exp(pair.log_q) @ (pair.log_q - pair.log_p)), 0.0)


def js_divergence_nats(log_p: LogProbs, log_q: LogProbs) -> npt.NDArray[np.float64]:
    """Jensen-Shannon divergence over the last axis, nats: 0 is equal, ln 2 = 0.693 nothing in common.

    Args:
        log_p: (..., n) natural log-probabilities; minus infinity where there is no mass.
        log_q: the same shape over the same events. Swapping the two changes nothing.
    """
    log_mean = np.logaddexp(log_p, log_q) - math.log(2)
    p, q = np.exp(log_p), np.exp(log_q)
    with np.errstate(invalid="ignore"):
        # 0 ln(0 / m) is 0.
        terms = np.where(p > 0, p * (log_p - log_mean), 0.0) + np.where(q > 0, q * (log_q - log_mean), 0.0)
    return np.asarray(np.clip(terms.sum(axis=-1) / 2, 0.0, math.log(2)))
