"""How far two models part on a text: llama-perplexity's figures, under its names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MIN_POSITIONS = 100
"""llama-perplexity prints no statistics on fewer, and says nothing of it."""


class CorpusMode(StrEnum):
    """How the reference's distributions were kept until the variant's were there."""

    COMPAT = "compat"
    """As llama-perplexity keeps them: 16 bits, down to 16 nats below the most likely token. Equals its figures."""
    EXACT = "exact"
    """As they are."""
    STORE = "store"
    """Read from a store: what was lumped there makes each KL divergence a lower bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFigure:
    """One figure with its uncertainty: one standard error, by llama-perplexity's formula where it has one."""

    name: str
    value: float
    uncertainty: float | None
    """None where there is no such thing: a maximum."""
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusPositions:
    """Scored positions of a text, in its order: one value per position."""

    kl_nats: tuple[float, ...]
    """D_KL(reference || variant), nats."""
    nll_reference: tuple[float, ...]
    """The reference's negative log-probability of the token that follows, nats."""
    nll_variant: tuple[float, ...]
    same_top: tuple[bool, ...]
    error_bound_nats: tuple[float, ...] = ()
    """How far each `kl_nats` may lie below the true one; empty where the reference does not come from a store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusDivergence:
    """What `evalkit diverge` prints."""

    figures: tuple[CorpusFigure, ...]
    n_positions: int
    mean_error_bound_nats: float | None
    """How far `mean_kld` may lie below the true one; None where the reference does not come from a store."""

    def figure(self, name: str) -> CorpusFigure:
        """The figure of this name."""
        return next(figure for figure in self.figures if figure.name == name)
