"""How far a variant's next-token distribution strays from the reference's, at one position.

The reference's distribution is kept sparse: its most likely tokens, each with its log-probability, until all others
together weigh at most `MAX_TAIL_MASS`; at most as many as 16 KB hold (`max_kept`), in place of the whole row's megabyte
at a vocabulary of 262,144. The others are one lump, the *tail*.

Lumping makes every divergence a lower bound (data-processing inequality). What it loses is exactly the tail's mass
times the divergence within the tail: at most `MAX_TAIL_MASS * TAIL_DIVERGENCE_NATS` = 5e-5 nats, as long as the variant
strays within the tail by no more than `TAIL_DIVERGENCE_NATS`; quants of one model stray there by some hundredths. Rows
so wide that 16 KB leave more mass carry their own, larger bound (`error_bound_nats`). A vocabulary of up to 5,418
tokens has no such rows, since it fits whole. A tail of equal logits (a flat row, masses of ties) loses nothing: one
number tells all of its log-probabilities.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MAX_TAIL_MASS = 5e-6
"""Probability that may be lumped where fewer than `max_kept` tokens carry the rest."""

MAX_ROW_BYTES = 16_384
"""What one position may take in a file."""

OWN_BYTES = 128
"""A row's facts beside its tokens, and its share of the file's head."""

TOKEN_BYTES = 4
"""One for the gap to the token before, three for the log-probability (`sparse_codec.py`)."""

GAPLESS_TOKEN_BYTES = 3
"""What a token takes where the whole vocabulary is kept."""

LONGEST_GAP = 255
"""Gaps from here on take one more byte for each such step."""

LOG_PROB_STEP = 2.0**-19
"""Nats. Log-probabilities are kept as multiples of it, 2^24 of them from 0 down: 32 nats, since tokens below -26 never
weigh `MAX_TAIL_MASS` together. It is the step of a float32 between 16 and 32, where logits lie."""

TAIL_DIVERGENCE_NATS = 10.0
"""The divergence within the tail that the error bound allows for."""

CANDIDATE_NATS = 20.0
"""Tokens further below the most likely one are looked at only where the nearer ones are too few and too light."""

LEVEL_TOLERANCE_NATS = 1e-5
"""Logits of a tail that differ by less are taken for equal."""

SAFE_REST = 1e-5
"""Below this, 1 minus the sum of probabilities that come from float32 logits says too little of what is left."""

SMALLEST_MASS = 1e-30
"""Keeps the logarithm of an empty tail finite."""

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseDistribution:
    """One position of the reference."""

    token_ids: npt.NDArray[np.int32]
    """(n_kept,) ascending."""
    log_probs: npt.NDArray[np.float32]
    """(n_kept,) natural logarithms, normalised over the whole vocabulary; multiples of `LOG_PROB_STEP`."""
    tail_mass: float
    """Probability of all other tokens together."""
    level_nats: float = math.nan
    """Log-probability of every other token where all are equal; NaN where they are not, or hardly weigh anything."""

    @property
    def error_bound_nats(self) -> float:
        """How far a divergence from this row may lie below the true one."""
        return self.tail_mass * TAIL_DIVERGENCE_NATS if math.isnan(self.level_nats) else LEVEL_TOLERANCE_NATS


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

    def mass_outside(self, token_ids: npt.NDArray[np.signedinteger[Any]]) -> float:
        """Probability of all tokens but these.

        Summed over them, not 1 minus the rest: that would leave rounding where there is next to nothing.
        """
        rest = self.weights.copy()
        rest[token_ids] = 0
        return float(rest.sum()) * math.exp(float(self.logits[self.top_id]) - self.log_normaliser)


def max_kept(n_vocab: int) -> int:
    """Tokens that `MAX_ROW_BYTES` hold, wherever they lie in a vocabulary of this size: 3,807 of 262,144."""
    n_bytes = MAX_ROW_BYTES - OWN_BYTES
    if n_vocab * GAPLESS_TOKEN_BYTES <= n_bytes:
        return n_vocab
    return (n_bytes - n_vocab // LONGEST_GAP) // TOKEN_BYTES


def sparse_distribution(row: Row) -> SparseDistribution:
    """The distribution after softmax, without its unlikely tail."""
    kept = _kept_ids(row)
    tail_mass = row.mass_outside(kept)
    return SparseDistribution(
        token_ids=kept,
        log_probs=_on_grid(row.log_probs_nats(kept)),
        tail_mass=tail_mass,
        level_nats=_level(row, kept) if tail_mass > MAX_TAIL_MASS else math.nan,
    )


def kl_divergence_nats(reference: SparseDistribution, variant: Row) -> float:
    """D_KL(reference || variant) with the reference's tail lumped: a lower bound, nats.

    Args:
        reference: the reference's distribution after some tokens.
        variant: the variant's logits after the same tokens.

    Returns:
        0 when identical, up to rounding (1e-6); lower is closer. At most `reference.error_bound_nats` below the
        divergence over the whole vocabulary; the module's docstring says when.

    Source: Kullback & Leibler 1951, "On Information and Sufficiency"; llama.cpp calls it KLD. Lumping: Cover & Thomas
    2006, "Elements of Information Theory", chapter 2.
    """
    log_q = variant.log_probs_nats(reference.token_ids)
    log_p = reference.log_probs.astype(np.float64)
    divergence = float(np.exp(log_p) @ (log_p - log_q))
    if not math.isnan(reference.level_nats):
        n_tail = len(variant.logits) - len(log_q)
        log_q_tail = float(variant.logits.sum(dtype=np.float64)) - n_tail * variant.log_normaliser
        log_q_tail -= float(variant.logits[reference.token_ids].sum(dtype=np.float64))
        divergence += math.exp(reference.level_nats) * (n_tail * reference.level_nats - log_q_tail)
    elif reference.tail_mass > 0:
        divergence += reference.tail_mass * math.log(reference.tail_mass / _tail_mass(variant, reference, log_q))
    return max(divergence, 0.0)


def _tail_mass(variant: Row, reference: SparseDistribution, log_q: npt.NDArray[np.float64]) -> float:
    """The variant's probability of the reference's tail, good to 1e-7, and to a share of itself where it is small."""
    rest = 1.0 - float(np.exp(log_q).sum())
    return rest if rest > SAFE_REST else max(variant.mass_outside(reference.token_ids), SMALLEST_MASS)


def _kept_ids(row: Row) -> npt.NDArray[np.int32]:
    """The fewest tokens that leave at most `MAX_TAIL_MASS`, at most `max_kept`; ascending."""
    n_most = max_kept(len(row.logits))
    ids = np.flatnonzero(row.logits > row.logits[row.top_id] - np.float32(CANDIDATE_NATS))
    if len(ids) < n_most and row.mass_outside(ids) > MAX_TAIL_MASS:
        ids = np.arange(len(row.logits))
    if len(ids) > n_most:
        ids = ids[np.argpartition(row.weights[ids], -n_most)[-n_most:]]
    ids = ids[np.argsort(row.weights[ids], kind="stable")]
    scale = math.exp(float(row.logits[row.top_id]) - row.log_normaliser)
    left_out = row.mass_outside(ids) + scale * np.cumsum(row.weights[ids], dtype=np.float64)
    # The most likely token stays, whatever it weighs.
    n_dropped = min(int(np.searchsorted(left_out, MAX_TAIL_MASS, side="right")), len(ids) - 1)
    return _without_gaps_where_smaller(np.sort(ids[n_dropped:]).astype(np.int32), len(row.logits))


def _without_gaps_where_smaller(kept: npt.NDArray[np.int32], n_vocab: int) -> npt.NDArray[np.int32]:
    """The whole vocabulary where it takes no more bytes than the tokens to be kept and their gaps."""
    if n_vocab * GAPLESS_TOKEN_BYTES <= len(kept) * TOKEN_BYTES:
        return np.arange(n_vocab, dtype=np.int32)
    return kept


def _on_grid(log_probs: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The nearest multiples of `LOG_PROB_STEP`; float32 holds each without loss."""
    return (np.rint(log_probs / LOG_PROB_STEP) * LOG_PROB_STEP).astype(np.float32)


def _level(row: Row, kept: npt.NDArray[np.int32]) -> float:
    rest = np.delete(row.logits, kept)
    low, high = float(rest.min()), float(rest.max())
    return (low + high) / 2 - row.log_normaliser if high - low <= LEVEL_TOLERANCE_NATS else math.nan
