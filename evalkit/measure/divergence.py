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

SMALLEST_TAIL = 1e-9
"""Below this, 1 minus the sum of float32 probabilities is rounding."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One position's logits with what softmax needs of them; made once, since the exponentials are what costs."""

    logits: Logits
    """(n_vocab,) float32, raw, before softmax and before any penalty."""
    top_id: int
    weights: Logits
    """(n_vocab,) exp(logits - top logit)."""
    log_normaliser: float
    """Natural log of the sum of exp(logits)."""

    @classmethod
    def of(cls, logits: Logits) -> Row:
        """The row of these logits."""
        top_id = int(logits.argmax())
        top = logits[top_id]
        # float32 throughout: numpy sums pairwise, so a quarter of a million terms lose 1e-6.
        weights = np.exp(logits - top)
        log_normaliser = float(top) + float(np.log(float(weights.sum())))
        return cls(logits=logits, top_id=top_id, weights=weights, log_normaliser=log_normaliser)

    def log_probs_nats(self, token_ids: npt.NDArray[np.int32] | int) -> npt.NDArray[np.float64]:
        """Log-probabilities of these tokens, nats."""
        return np.asarray(self.logits[token_ids], dtype=np.float64) - self.log_normaliser


def sparse_distribution(row: Row) -> SparseDistribution:
    """The distribution after softmax, without its unlikely tail."""
    is_kept = row.logits > row.logits[row.top_id] - np.float32(KEPT_NATS)
    kept = np.flatnonzero(is_kept).astype(np.int32)
    # Summed, not 1 minus the rest: that would leave rounding where there is no tail.
    tail = float(row.weights[~is_kept].sum()) * float(np.exp(float(row.logits[row.top_id]) - row.log_normaliser))
    return SparseDistribution(token_ids=kept, log_probs=row.log_probs_nats(kept).astype(np.float32), tail_mass=tail)


def kl_divergence_nats(reference: SparseDistribution, variant: Row) -> float:
    """D_KL(reference || variant) with the reference's tail lumped: a lower bound, nats.

    Args:
        reference: the reference's distribution after some tokens.
        variant: the variant's logits after the same tokens.

    Returns:
        0 when identical, up to rounding (1e-6); lower is closer.

    Source: Kullback & Leibler 1951, "On Information and Sufficiency"; llama.cpp calls it KLD.
    """
    log_q = variant.log_probs_nats(reference.token_ids)
    log_p = reference.log_probs.astype(np.float64)
    divergence = float(np.exp(log_p) @ (log_p - log_q))
    variant_tail = max(1.0 - float(np.exp(log_q).sum()), SMALLEST_TAIL)
    if reference.tail_mass > 0:
        divergence += reference.tail_mass * float(np.log(reference.tail_mass / variant_tail))
    return max(divergence, 0.0)
