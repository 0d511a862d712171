"""An axis of tint: two kinds of texts that define it, what a model is read on, and what the readings prove."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

SIGNIFICANCE = 0.05

LEAST_SHARE = 0.01
"""Of the reference's own rate. Other kernels move a model's rate by a thousandth of it, and surely so where many
contexts agree; no reader finds one horror word more in a hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisText:
    """One text that helps to define an axis."""

    text: str
    is_marked: bool
    """Whether it is of the kind that the axis is named after."""
    source: str
    """The book that it is from: texts of one book are alike, so they are dealt together in the null lexica."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisTexts:
    """What defines an axis, and the words for its two directions."""

    name: str
    more: str
    """The verdict on a variant that leans to the marked texts: `darker`."""
    less: str
    """The verdict on one that leans away: `lighter`."""
    texts: tuple[AxisText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TintContext:
    """A text after whose every token the next one is looked at."""

    id: str
    group: str
    """`neutral` and `dark` of those that ship; a folder's name of a user's own."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TintMaterial:
    """What is looked for in a model's expectations, and on what."""

    forms: tuple[str, ...]
    """Words as they are spelled; the tokens that begin them are recorded."""
    contexts: tuple[TintContext, ...]
    """Texts that are read for this only; empty where the answers alone are to be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TintReading:
    """What a child process records beside its job."""

    material: TintMaterial
    folder: Path
    """Receives `<prompt id>.npz` per answer, and the readings on contexts at `contexts_path`."""

    @property
    def contexts_path(self) -> Path:
        """Where the readings on contexts lie."""
        return contexts_path(self.folder)


def contexts_path(folder: Path) -> Path:
    """Where below a variant's folder its readings on contexts lie: apart, since a prompt may be called `contexts`."""
    return folder / "contexts" / "contexts.npz"


class AxisVerdict(StrEnum):
    """What the next-token distributions prove of a variant."""

    MORE = "more"
    LESS = "less"
    NOT_TOLD_APART = "not-told-apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisTest:
    """A variant's expected tint of the next token against the reference's, paired by context.

    All rates are words that mark the axis per 1,000 tokens.
    """

    delta: float
    """The variant's minus the reference's, beyond what moves with the reference's own main axes."""
    low: float
    high: float
    """95 % interval: it covers what contexts and what random lexica make of the same two models."""
    p: float
    z: float
    raw_delta: float
    """The same before the reference's main axes are taken out: what a reader of many texts would count."""
    reference_rate: float
    """What the reference itself expects."""
    smallest_detectable: float
    """The true difference that such a comparison finds 4 times in 5."""
    n_positions: int
    n_contexts: int
    by_context: dict[str, float]
    """`delta` by context or prompt."""
    by_group: dict[str, float]
    """Its means by group of contexts; `answers` are the reference's own."""
    null_standard_error: float
    """What random lexica make of the same two models, root mean square."""

    @property
    def is_negligible(self) -> bool:
        """Whether the difference is too small to speak of, however surely it is there."""
        return abs(self.delta) < LEAST_SHARE * self.reference_rate

    def verdict(self, p: float) -> AxisVerdict:
        """The verdict at this p, which may allow for the number of variants."""
        if p >= SIGNIFICANCE or self.is_negligible:
            return AxisVerdict.NOT_TOLD_APART
        return AxisVerdict.MORE if self.delta > 0 else AxisVerdict.LESS


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionTint:
    """One variant's test among those of all variants."""

    test: AxisTest
    adjusted_p: float
    """Allows for how many variants were tested."""
    n_tests: int
    verdict: AxisVerdict
