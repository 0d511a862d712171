"""From positions to one figure per (variant, prompt): mean divergence, agreement, perplexity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from evalkit.records.scores import Figure, Metric, PositionScores, Score

NOT_READ = "The reference's answer was not read with this variant."


def divergence_scores(
    positions: Iterable[PositionScores], *, labels: Sequence[str], prompt_ids: Sequence[str]
) -> tuple[Score, ...]:
    """Mean KL divergence, top-1 agreement and log perplexity ratio per (variant, prompt), missing ones included."""
    found = {(one.label, one.prompt_id): one for one in positions}
    return tuple(
        Score(label=label, prompt_id=prompt_id, metric=metric, figure=figure)
        for label in labels
        for prompt_id in prompt_ids
        for metric, figure in _figures(found.get((label, prompt_id))).items()
    )


def _figures(one: PositionScores | None) -> Mapping[Metric, Figure]:
    metrics = (Metric.KL_DIVERGENCE, Metric.TOP1_AGREEMENT, Metric.LN_PPL_RATIO)
    if one is None or not one.kl_nats:
        return dict.fromkeys(metrics, Figure(value=None, n=0, reason=NOT_READ))
    n = len(one.kl_nats)
    # ln PPL is the mean negative log-probability, so the ratio's log is the difference of two means.
    ln_ppl_ratio = fmean(one.log_p_reference) - fmean(one.log_p_variant)
    values = (fmean(one.kl_nats), fmean(one.same_top), ln_ppl_ratio)
    return {metric: Figure(value=value, n=n) for metric, value in zip(metrics, values, strict=True)}
