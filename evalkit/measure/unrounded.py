"""How far each variant, the reference included, strays from the unrounded model along the reference's answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from evalkit.records.metrics import Metric
from evalkit.records.positions import PositionScores
from evalkit.records.scores import Figure, Score

UNROUNDED_METRICS = (Metric.SOURCE_KL_DIVERGENCE, Metric.SOURCE_TOP1_AGREEMENT)

NO_SOURCE = "No unrounded model was given (--source)."
NOT_READ = "The reference's answer was not read with this variant and the unrounded model."
STORED = "The reference's weights are not here: its answers come from a store."


def unrounded_scores(
    positions: Iterable[PositionScores], *, labels: Sequence[str], prompt_ids: Sequence[str], reasons: Mapping[str, str]
) -> tuple[Score, ...]:
    """Both figures per (variant, prompt), missing ones included.

    Args:
        positions: KL divergence of each variant from the unrounded model, nats.
        reasons: by label why it has no figure.
    """
    found = {(one.label, one.prompt_id): one for one in positions}
    return tuple(
        Score(label=label, prompt_id=prompt_id, metric=metric, figure=figure)
        for label in labels
        for prompt_id in prompt_ids
        for metric, figure in _figures(found.get((label, prompt_id)), reasons[label]).items()
    )


def _figures(one: PositionScores | None, reason: str) -> dict[Metric, Figure]:
    if one is None or not one.kl_nats:
        return dict.fromkeys(UNROUNDED_METRICS, Figure.not_measured(reason))
    n = len(one.kl_nats)
    values = (fmean(one.kl_nats), fmean(one.same_top))
    return {metric: Figure(value=value, n=n) for metric, value in zip(UNROUNDED_METRICS, values, strict=True)}
