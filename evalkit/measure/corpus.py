"""llama-perplexity's KL divergence over a text: the arithmetic of one position, and the statistics over all.

Compat mode repeats that program's steps in its own precision: it keeps the reference's log-probabilities in 16 bits,
linear between the most likely token and 16 nats below it, and leaves out of the sum every token below -16. Exact mode
leaves nothing out.

Where that program goes astray, compat mode follows, since its purpose is to print the same: a token more than 16 nats
below the top gets too high a probability, so the reference's perplexity is too low on text that surprises it.

Source: llama.cpp, tools/perplexity/perplexity.cpp (`log_softmax`, `kl_divergence`), as of llama-cpp-python 0.3.36.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.measure.divergence import Row, SparseDistribution, kl_divergence_nats
from evalkit.records.corpus import CorpusPositions

FLOOR_NATS = np.float32(16)
N_STEPS = np.float32(65535)

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompatRow:
    """One row of the reference as llama-perplexity's file holds it."""

    codes: npt.NDArray[np.uint16]
    """(n_vocab,) steps above the floor."""
    step: np.float32
    """Nats per step."""
    floor: np.float32
    """Log-probability of code 0, nats."""

    def log_probs_nats(self) -> Logits:
        """(n_vocab,) as that program reads them back."""
        return self.step * self.codes.astype(np.float32) + self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One scored position."""

    kl_nats: float
    nll_reference: float
    nll_variant: float
    same_top: bool
    error_bound_nats: float | None = None
    """How far `kl_nats` may lie below the true one; None where the reference does not come from a store."""


def compat_row(logits: Logits) -> CompatRow:
    """The reference's row in 16 bits.

    Args:
        logits: (n_vocab,) float32, raw, before softmax.
    """
    top = logits.max()
    lowest = max(logits.min(), top - FLOOR_NATS)
    log_normaliser = np.float32(math.log(float(_expf(logits - top).sum(dtype=np.float64))))
    step = np.float32((top - lowest) / N_STEPS)
    if step == 0:
        codes = np.zeros(len(logits), dtype=np.uint16)
    else:
        steps = np.rint((np.float32(1) / step) * (logits - lowest))
        codes = np.where(logits > lowest, steps, 0).astype(np.uint16)
    return CompatRow(codes=codes, step=step, floor=np.float32(lowest - top - log_normaliser))


def compat_position(reference: CompatRow, variant: Logits, token_id: int) -> Position:
    """What llama-perplexity makes of one position.

    Args:
        reference: the reference's row after some tokens.
        variant: (n_vocab,) the variant's logits after the same tokens.
        token_id: the token that follows.
    """
    top = variant.max()
    log_normaliser = np.float32(math.log(float(_expf(variant - top).sum(dtype=np.float64))))
    shift = np.float32(top + log_normaliser)
    log_p = reference.log_probs_nats()
    counted = np.flatnonzero(log_p > -FLOOR_NATS)
    log_p_counted = log_p[counted]
    terms = _expf(log_p_counted) * (log_p_counted - variant[counted] + shift)
    return Position(
        kl_nats=float(terms.sum(dtype=np.float64)),
        nll_reference=float(-log_p[token_id]),
        nll_variant=float(shift - variant[token_id]),
        same_top=bool(variant.argmax() == log_p.argmax()),
    )


def exact_position(reference: Logits, variant: Logits, token_id: int) -> Position:
    """One position with nothing rounded off or left out; the arguments are those of `compat_position`."""
    top, variant_top = reference.max(), variant.max()
    log_z = float(top) + _log_sum_exp(reference, top)
    log_z_variant = float(variant_top) + _log_sum_exp(variant, variant_top)
    # The sum over the vocabulary in 64 bits: 1e-3 of a divergence of 1e-3 nats is more than float32 sums are good for.
    difference = (np.exp(reference - top) * (reference - variant)).sum(dtype=np.float64) * math.exp(float(top) - log_z)
    return Position(
        kl_nats=max(float(difference) - log_z + log_z_variant, 0.0),
        nll_reference=log_z - float(reference[token_id]),
        nll_variant=log_z_variant - float(variant[token_id]),
        same_top=bool(reference.argmax() == variant.argmax()),
    )


def stored_position(
    reference: SparseDistribution, facts: Mapping[str, float], variant: Logits, token_id: int
) -> Position:
    """One position whose reference comes from a store.

    Args:
        reference: the reference's sparse row.
        facts: `nll`, the reference's for the token that follows, and `top`, its most likely token.
        variant: as in `compat_position`.
        token_id: as in `compat_position`.
    """
    row = Row.of(variant)
    return Position(
        kl_nats=kl_divergence_nats(reference, row),
        nll_reference=facts["nll"],
        nll_variant=-float(row.log_probs_nats(token_id)),
        same_top=row.top_id == int(facts["top"]),
        error_bound_nats=reference.error_bound_nats,
    )


def as_positions(positions: Iterable[Position]) -> CorpusPositions:
    """Positions as columns."""
    listed = list(positions)
    return CorpusPositions(
        kl_nats=tuple(one.kl_nats for one in listed),
        nll_reference=tuple(one.nll_reference for one in listed),
        nll_variant=tuple(one.nll_variant for one in listed),
        same_top=tuple(one.same_top for one in listed),
        error_bound_nats=tuple(one.error_bound_nats for one in listed if one.error_bound_nats is not None),
    )


def joined(chunks: Iterable[CorpusPositions]) -> CorpusPositions:
    """The positions of several chunks, one after another."""
    listed = list(chunks)
    return CorpusPositions(
        kl_nats=tuple(value for one in listed for value in one.kl_nats),
        nll_reference=tuple(value for one in listed for value in one.nll_reference),
        nll_variant=tuple(value for one in listed for value in one.nll_variant),
        same_top=tuple(value for one in listed for value in one.same_top),
        error_bound_nats=tuple(value for one in listed for value in one.error_bound_nats),
    )


def _log_sum_exp(logits: Logits, top: np.float32) -> float:
    """ln of the sum of exp(logit - top): exponentials in 32 bits, their sum in 64."""
    return math.log(float(np.exp(logits - top).sum(dtype=np.float64)))


def _expf(values: Logits) -> Logits:
    """The C library's expf, which rounds correctly but for one value in hundreds; numpy's is one step off more often.

    A normaliser that falls on the other side of a float32 step moves a position's divergence by 1e-6.
    """
    return np.exp(values.astype(np.float64)).astype(np.float32)
