"""One figure over all prompts of a variant: a mean with its interval, a median, or a share."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import replace

from evalkit.analyse.intervals import mean_with_interval
from evalkit.records.scores import METRICS, Figure, Metric

_SHARES = frozenset(
    {Metric.REGENERATION_AGREEMENT, Metric.DAMAGE, Metric.LOOP, Metric.EMPTY, Metric.CUT, Metric.REFUSAL,
     Metric.TEMPLATE_LEAK, Metric.FOREIGN_SCRIPT, Metric.INSTRUCTION_MISS}
)  # fmt: skip
_BOUNDS: dict[Metric, tuple[float, float]] = {
    Metric.KL_DIVERGENCE: (0, math.inf),
    Metric.TOP1_AGREEMENT: (0, 1),
    Metric.REVERSE_KL: (0, math.inf),
    Metric.JS_DIVERGENCE: (0, math.log(2)),
    Metric.FLIP_RATE: (0, 1),
    Metric.DELTA_P_MEAN: (-1, 1),
    Metric.DELTA_P_RMS: (0, 1),
    Metric.SOURCE_KL_DIVERGENCE: (0, math.inf),
    Metric.SOURCE_TOP1_AGREEMENT: (0, 1),
    Metric.CHRF: (0, 100),
    Metric.WORD_JS_DIVERGENCE: (0, 1),
    Metric.EMBEDDING_DISTANCE: (0, 2),
    Metric.TINT: (0, 100),
    Metric.DELTA_TINT: (-100, 100),
    Metric.PEAK_TINT: (0, 100),
    Metric.DARK_SHARE: (0, 1),
    Metric.N_WORDS: (0, math.inf),
    Metric.N_TOKENS: (0, math.inf),
    Metric.TOKENS_PER_SECOND: (0, math.inf),
}
"""What a metric cannot leave; an interval that would is cut there."""
_UNIT_BOUNDS = {
    "share": (0, 1),
    "share of words": (0, 1),
    "share of pronouns": (0, 1),
    "share of sentences": (0, 1),
    "words": (0, math.inf),
    "per 1000 words": (0, 1000),
}
"""The same for metrics that stand not above."""


def figure_over_prompts(metric: Metric, figures: Mapping[str, Figure]) -> Figure:
    """The variant's figure over its measured prompts; `n` says how many they are."""
    values = {prompt_id: figure.value for prompt_id, figure in figures.items() if figure.value is not None}
    if not values:
        return Figure.not_measured(_common_reason(figures))
    if metric is Metric.COMMON_PREFIX_TOKENS:
        # One answer that never forks would rule the mean.
        return Figure(value=float(statistics.median(values.values())), n=len(values))
    if metric is Metric.KL_MAX:
        return Figure(value=max(values.values()), n=len(values))
    if metric is Metric.PERPLEXITY:
        return _geometric_mean(values)
    if metric in _SHARES:
        return Figure(value=math.fsum(values.values()) / len(values), n=len(values))
    return _within_bounds(metric, mean_with_interval({prompt_id: (value,) for prompt_id, value in values.items()}))


def _geometric_mean(values: Mapping[str, float]) -> Figure:
    """Perplexities are ratios: their logarithms are averaged, and the interval comes back with them."""
    log = mean_with_interval({prompt_id: (math.log(value),) for prompt_id, value in values.items()})
    value, low, high = (None if end is None else math.exp(end) for end in (log.value, log.low, log.high))
    return replace(log, value=value, low=low, high=high)


def _within_bounds(metric: Metric, figure: Figure) -> Figure:
    if figure.low is None or figure.high is None:
        return figure
    least, most = _BOUNDS.get(metric, _UNIT_BOUNDS.get(METRICS[metric].unit, (-math.inf, math.inf)))
    return replace(figure, low=max(least, figure.low), high=min(most, figure.high))


def _common_reason(figures: Mapping[str, Figure]) -> str:
    reasons = list(dict.fromkeys(figure.reason or "No reason was given." for figure in figures.values()))
    if not reasons:
        return "No prompt was measured."
    return reasons[0] if len(reasons) == 1 else f"No prompt was measured. The first reason: {reasons[0]}"
