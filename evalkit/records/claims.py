"""What a publisher says of a family, written so that figures can test it, and how the test came out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalkit.records.metrics import Metric


class ClaimKind(StrEnum):
    """The shape of a claim."""

    TREND = "trend"
    """The metric rises (or falls) along the labels in their order."""
    CONTRAST = "contrast"
    """The labels have more (or less) of the metric than those they are set against."""
    EXTREME = "extreme"
    """One label has more (or less) of the metric than every other."""


class Direction(StrEnum):
    """Which way the metric is said to go."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One testable claim of `family.yaml`."""

    id: str
    text: str
    """As the publisher words it."""
    kind: ClaimKind
    metric: Metric
    labels: tuple[str, ...]
    """Trend: at least three, in order. Contrast: the group. Extreme: the one."""
    against: tuple[str, ...] = ()
    """Contrast: the other group. Extreme: the others; empty for every other variant, the reference included."""
    direction: Direction = Direction.UP
    least: float = 0.0
    """The smallest effect that would matter, in the test's unit: a whole interval below it speaks against the claim."""


class ClaimVerdict(StrEnum):
    """What the figures say of a claim."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    """The figures speak against it: the opposite was found, or no effect of a size that would matter is left."""
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAnswer:
    """One claim with its test; the effect is signed so that above 0 speaks for the claim."""

    claim: Claim
    verdict: ClaimVerdict
    test: str
    """The test's name; empty where there was none."""
    p: float | None = None
    """One-sided, for the claim."""
    n_prompts: int = 0
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    """95 % interval of the effect."""
    unit: str = ""
    reason: str = ""
    """In words: what was found, or why nothing can be told."""
