"""From positions to one figure per (variant, prompt): divergence, its quantiles, agreement, perplexity.

The reference's own rows are the noise floor: its first tokens read in other kernels. Only its perplexity is its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

from evalkit.records.divergence_metrics import DIVERGENCE_METRICS, KL_QUANTILES
from evalkit.records.metrics import Metric
from evalkit.records.positions import PositionScores
from evalkit.records.scores import METRICS, Figure, MetricGroup, Score

NOT_READ = "The reference's answer was not read with this variant."

POSITION_METRICS = (Metric.KL_DIVERGENCE, Metric.TOP1_AGREEMENT, Metric.LN_PPL_RATIO, *DIVERGENCE_METRICS)
"""Every figure that comes from positions."""


def divergence_scores(
    positions: Iterable[PositionScores], *, labels: Sequence[str], prompt_ids: Sequence[str], reference_label: str
) -> tuple[Score, ...]:
    """Every figure of `POSITION_METRICS` per (variant, prompt), missing ones included."""
    positions = tuple(positions)
    found = {(one.label, one.prompt_id): one for one in positions}
    own = {prompt_id: _own_perplexity(positions, prompt_id) for prompt_id in prompt_ids}
    return tuple(
        Score(label=label, prompt_id=prompt_id, metric=metric, figure=figure)
        for label in labels
        for prompt_id in prompt_ids
        for metric, figure in (
            _figures(found.get((label, prompt_id)))
            | ({Metric.PERPLEXITY: own[prompt_id]} if label == reference_label else {})
        ).items()
    )


def no_divergence(labels: Sequence[str], prompt_ids: Sequence[str], reason: str) -> tuple[Score, ...]:
    """A row for every figure of divergence, those against the unrounded model included, that says why there is none."""
    figure = Figure.not_measured(reason)
    return tuple(
        Score(label=label, prompt_id=prompt_id, metric=metric, figure=figure)
        for label in labels
        for prompt_id in prompt_ids
        for metric, info in METRICS.items()
        if info.group is MetricGroup.DIVERGENCE
    )


def kl_quantile(kl_nats: Sequence[float], share: float) -> Figure:
    """The divergence that so large a share of the positions does not exceed; interpolated as by llama-perplexity.

    Not measured where fewer than 1 / (1 - share) positions were read: it would be the maximum under another name.
    """
    n, n_needed = len(kl_nats), round(1 / (1 - share))
    if n < n_needed:
        return Figure.not_measured(f"The {100 * share:g} % quantile needs {n_needed} or more positions; {n} were read.")
    import numpy as np

    return Figure(value=float(np.quantile(kl_nats, share)), n=n)


def _figures(one: PositionScores | None) -> dict[Metric, Figure]:
    if one is None or not one.kl_nats:
        return dict.fromkeys(POSITION_METRICS, Figure.not_measured(NOT_READ))
    pairs = zip(one.log_p_variant, one.log_p_reference, strict=True)
    delta_p = [math.exp(variant) - math.exp(reference) for variant, reference in pairs]
    values = {
        Metric.KL_DIVERGENCE: fmean(one.kl_nats),
        Metric.TOP1_AGREEMENT: fmean(one.same_top),
        # ln PPL is the mean negative log-probability, so the ratio's log is the difference of two means.
        Metric.LN_PPL_RATIO: fmean(one.log_p_reference) - fmean(one.log_p_variant),
        Metric.REVERSE_KL: fmean(one.reverse_kl_nats),
        Metric.JS_DIVERGENCE: fmean(one.js_nats),
        Metric.KL_MAX: max(one.kl_nats),
        Metric.FLIP_RATE: fmean(one.flips),
        Metric.DELTA_P_MEAN: fmean(delta_p),
        Metric.DELTA_P_RMS: math.sqrt(fmean(value * value for value in delta_p)),
    }
    figures = {metric: Figure(value=value, n=one.n_read) for metric, value in values.items()}
    figures[Metric.PERPLEXITY] = _perplexity(one.log_p_variant)
    return figures | {metric: kl_quantile(one.kl_nats, share) for metric, share in KL_QUANTILES.items()}


def _own_perplexity(positions: Iterable[PositionScores], prompt_id: str) -> Figure:
    """The reference's, along its whole answer: any variant's file has the reference's side of it."""
    longest = max((one.log_p_reference for one in positions if one.prompt_id == prompt_id), key=len, default=())
    if not longest:
        return Figure.not_measured("No variant has read the reference's answer.")
    return _perplexity(longest)


def _perplexity(log_probs: Sequence[float]) -> Figure:
    try:
        return Figure(value=math.exp(-fmean(log_probs)), n=len(log_probs))
    except OverflowError:
        return Figure.not_measured("The perplexity is too large to be written as a number: the model is broken.")
