"""How far a variant's next-token distribution strays from the reference's, at one position.

The reference's distribution is kept sparse: every token within `KEPT_NATS` of the most likely one with its
log-probability, and the probability of all others together. At a vocabulary of 262,144 that is about 13 KB in place
of 1 MB. Lumping the others makes every divergence a lower bound: what is lost is the tail's mass times the divergence
within the tail, 1e-5 nats in the measurements behind `docs/engine.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

KEPT_NATS = 14.0

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseDistribution:
    """One position of the reference."""

    token_ids: npt.NDArray[np.int32]
    """(n_kept,) ascending."""
    log_probs: npt.NDArray[np.float32]
    """(n_kept,) natural logarithms, normalised over the whole vocabulary."""
    tail_mass: float
    """Probability of all other tokens together."""


def sparse_distribution(logits: Logits) -> SparseDistribution:
    """The distribution after softmax, without its unlikely tail.

    Args:
        logits: (n_vocab,) float32, raw, before softmax and before any penalty.
    """
    log_normaliser, weights, top = _softmax_parts(logits)
    kept = np.flatnonzero(logits > top - KEPT_NATS)
    total = weights.sum(dtype=np.float64)
    return SparseDistribution(
        token_ids=kept.astype(np.int32),
        log_probs=(logits[kept].astype(np.float64) - log_normaliser).astype(np.float32),
        tail_mass=max(0.0, float(1.0 - weights[kept].sum(dtype=np.float64) / total)),
    )


def kl_divergence_nats(reference: SparseDistribution, variant_logits: Logits) -> float:
    """D_KL(reference || variant) with the reference's tail lumped: a lower bound, nats.

    Args:
        reference: the reference's distribution after some tokens.
        variant_logits: (n_vocab,) float32, raw; the variant's, after the same tokens.

    Returns:
        0 when identical, up to rounding (1e-6); lower is closer.

    Source: Kullback & Leibler 1951, "On Information and Sufficiency"; llama.cpp calls it KLD.
    """
    log_normaliser, _, _ = _softmax_parts(variant_logits)
    log_q = variant_logits[reference.token_ids].astype(np.float64) - log_normaliser
    log_p = reference.log_probs.astype(np.float64)
    divergence = float(np.exp(log_p) @ (log_p - log_q))
    variant_tail = max(1.0 - float(np.exp(log_q).sum()), np.finfo(np.float64).tiny)
    if reference.tail_mass > 0:
        divergence += reference.tail_mass * float(np.log(reference.tail_mass / variant_tail))
    return max(divergence, 0.0)


def log_prob_nats(logits: Logits, token_id: int) -> float:
    """The log-probability of one token, nats."""
    log_normaliser, _, _ = _softmax_parts(logits)
    return float(logits[token_id]) - log_normaliser


def _softmax_parts(logits: Logits) -> tuple[float, Logits, float]:
    """The log-normaliser, exp(logits - top), and the top logit."""
    top = float(logits.max())
    weights = np.exp(logits - np.float32(top))
    return top + float(np.log(weights.sum(dtype=np.float64))), weights, top
