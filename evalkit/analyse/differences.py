"""Style beside the reference's: paired differences per prompt, and tint against damage."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.analyse.intervals import mean_with_interval
from evalkit.analyse.table import FigureTable
from evalkit.records.scores import METRICS, Difference, Figure, Metric, MetricGroup, TintDamage

STYLE = tuple(metric for metric, info in METRICS.items() if info.group is MetricGroup.STYLE)


def style_differences(table: FigureTable, label: str) -> dict[Metric, Difference]:
    """Every figure of style minus the reference's on the prompts that both have; empty for the reference.

    Each interval is 95 % by itself: of twenty figures about one excludes 0 by chance.
    """
    if label == table.reference_label:
        return {}
    return {metric: _difference(paired_differences(table, label, metric), table, metric) for metric in STYLE}


def paired_differences(table: FigureTable, label: str, metric: Metric) -> dict[str, float]:
    """The variant's figure minus the reference's, by prompt, where both were measured."""
    theirs = table.values(table.reference_label, metric)
    return {id_: value - theirs[id_] for id_, value in table.values(label, metric).items() if id_ in theirs}


def tint_damage_plane(table: FigureTable, delta_tints: dict[str, Figure]) -> Iterator[TintDamage]:
    """One point per variant.

    Args:
        table: the run's figures.
        delta_tints: per variant, over all prompts.
    """
    of_reference = _damage(table, table.reference_label)
    for label in table.variants:
        damage = _damage(table, label)
        known = damage.value is not None and of_reference.value is not None
        extra = (damage.value or 0.0) - (of_reference.value or 0.0) if known else None
        yield TintDamage(label=label, delta_tint=delta_tints[label], damage=damage, extra_damage=extra)


def _difference(by_prompt: dict[str, float], table: FigureTable, metric: Metric) -> Difference:
    if not by_prompt:
        title = METRICS[metric].title
        reason = f"{title} was measured on no prompt that both the variant and {table.reference_label} answered."
        return Difference(figure=Figure.not_measured(reason), covers_zero=None)
    figure = mean_with_interval({prompt_id: (value,) for prompt_id, value in by_prompt.items()})
    if figure.low is None or figure.high is None:
        return Difference(figure=figure, covers_zero=None)
    return Difference(figure=figure, covers_zero=figure.low <= 0 <= figure.high)


def _damage(table: FigureTable, label: str) -> Figure:
    flags = table.values(label, Metric.DAMAGE)
    if not flags:
        return Figure.not_measured("There is no answer.")
    return Figure(value=sum(flags.values()) / len(flags), n=len(flags))
