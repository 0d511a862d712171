"""Quantiles over the positions of all prompts, with intervals that let the positions of one prompt go together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from evalkit.analyse.intervals import ByPrompt, prompt_mean
from evalkit.measure.positions import kl_quantile
from evalkit.records.divergence_metrics import KL_QUANTILES
from evalkit.records.errors import NotMeasuredError
from evalkit.records.metrics import Metric
from evalkit.records.positions import PositionScores
from evalkit.records.scores import Figure


def pooled_quantile(values_by_prompt: ByPrompt, share: float) -> Figure:
    """The value that so large a share of all positions does not exceed, with its 95 % interval.

    The share of positions below the value is a mean over prompts and has their clustered interval; its two ends are
    turned back into values. Where the upper end lies beyond all positions, there is no interval.

    Source: Woodruff 1952, "Confidence intervals for medians and other position measures"; for clusters Sitter & Wu
    2001, "A note on Woodruff confidence intervals for quantiles".
    """
    import numpy as np

    values = [value for values in values_by_prompt.values() for value in values]
    figure = kl_quantile(values, share)
    if figure.value is None:
        return figure
    below = {prompt: [float(value <= figure.value) for value in values] for prompt, values in values_by_prompt.items()}
    try:
        half = prompt_mean(below).half_width
    except NotMeasuredError as reason:
        return replace(figure, reason=str(reason))
    if share + half >= 1:
        return replace(figure, reason="So few prompts set no upper limit to this quantile.")
    low, high = np.quantile(values, [max(share - half, 0.0), share + half])
    return replace(figure, low=float(low), high=float(high))


def pooled_kl_quantiles(positions: Iterable[PositionScores]) -> Mapping[str, dict[Metric, Figure]]:
    """Per variant that has read anything, every KL quantile over the positions of all prompts."""
    by_label: dict[str, dict[str, Sequence[float]]] = {}
    for one in positions:
        if one.kl_nats:
            by_label.setdefault(one.label, {})[one.prompt_id] = one.kl_nats
    return {
        label: {metric: pooled_quantile(values, share) for metric, share in KL_QUANTILES.items()}
        for label, values in by_label.items()
    }
