"""Is a variant darker or lighter than the reference? Paired by prompt, and allowing for how many variants are asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalkit.analyse.intervals import holm_adjusted, p_value, prompt_mean, smallest_detectable_difference
from evalkit.analyse.table import FigureTable
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import Metric

SIGNIFICANCE = 0.05


class TintVerdict(StrEnum):
    """What delta-tint over all prompts proves."""

    DARKER = "darker"
    LIGHTER = "lighter"
    UNCERTAIN = "uncertain"
    """Its own test finds a difference, but one such is to be expected among so many variants."""
    NOT_TOLD_APART = "not-told-apart"
    NOT_TESTED = "not-tested"
    """One prompt, none, or values that do not vary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TintTest:
    """One variant's paired test against the reference."""

    verdict: TintVerdict
    n_tests: int
    """Variants that were tested together."""
    smallest_detectable: float | None = None
    """Points; None where there was no test."""
    p: float | None = None
    """Two-sided, of this variant alone."""
    adjusted_p: float | None = None
    """The same after Holm's correction for all `n_tests` variants; the verdict goes by it."""


def judge_tints(table: FigureTable) -> dict[str, TintTest]:
    """The verdict on each variant: darker or lighter only when Holm's adjusted p is below 5 %."""
    tested = {}
    for label in table.variants:
        try:
            mean = prompt_mean({prompt: (value,) for prompt, value in table.values(label, Metric.DELTA_TINT).items()})
            tested[label] = (mean, p_value(mean))
        except NotMeasuredError:
            continue
    adjusted = holm_adjusted({label: p for label, (_, p) in tested.items()})
    tests = dict.fromkeys(table.variants, TintTest(verdict=TintVerdict.NOT_TESTED, n_tests=len(tested)))
    for label, (mean, p) in tested.items():
        tests[label] = TintTest(
            verdict=_verdict(mean.value, p, adjusted[label]),
            n_tests=len(tested),
            smallest_detectable=smallest_detectable_difference(mean),
            p=p,
            adjusted_p=adjusted[label],
        )
    return tests


def _verdict(difference: float, p: float, adjusted_p: float) -> TintVerdict:
    if adjusted_p < SIGNIFICANCE:
        return TintVerdict.DARKER if difference > 0 else TintVerdict.LIGHTER
    return TintVerdict.UNCERTAIN if p < SIGNIFICANCE else TintVerdict.NOT_TOLD_APART
