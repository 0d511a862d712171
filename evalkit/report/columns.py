"""Which figures the summary shows, in which order and under which heading; page and terminal share this."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.scores import METRICS, TEXT_TINTS, Metric
from evalkit.records.tint_reader import TintMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGroup:
    """Columns that answer one question."""

    title: str
    metrics: tuple[Metric, ...]


SUMMARY_GROUPS = (
    ColumnGroup(title="Horror", metrics=(Metric.DISTRIBUTION_TINT, Metric.DELTA_TINT, Metric.TINT)),
    ColumnGroup(
        title="The model beside the reference",
        metrics=(Metric.KL_DIVERGENCE, Metric.TOP1_AGREEMENT, Metric.COMMON_PREFIX_TOKENS),
    ),
    ColumnGroup(
        title="The answers themselves",
        metrics=(Metric.REGENERATION_AGREEMENT, Metric.DAMAGE, Metric.TOKENS_PER_SECOND),
    ),
    ColumnGroup(
        title="The text beside the reference's",
        metrics=(
            Metric.CHRF,
            Metric.WORD_JS_DIVERGENCE,
            Metric.EMBEDDING_DISTANCE,
            Metric.LOG_LENGTH_RATIO,
        ),
    ),
)
SUMMARY_METRICS = tuple(metric for group in SUMMARY_GROUPS for metric in group.metrics)

_SHORT_TITLES = {
    Metric.DISTRIBUTION_TINT: "Next token",
    Metric.KL_DIVERGENCE: "KL",
    Metric.TOP1_AGREEMENT: "Same top",
    Metric.COMMON_PREFIX_TOKENS: "Fork",
    Metric.CHRF: "chrF",
    Metric.TINT: "Tint",
    Metric.REGENERATION_AGREEMENT: "Alike",
    Metric.TOKENS_PER_SECOND: "Speed",
}
_WRITTEN_UNITS = {
    # Shares are written in percent, so the column says so.
    Metric.REGENERATION_AGREEMENT: "% of repeats",
    Metric.TOP1_AGREEMENT: "% of tokens",
    Metric.DAMAGE: "% of answers",
    Metric.DISTRIBUTION_TINT: "horror words/1,000",
    Metric.DARK_SHARE: "% of words",
}


def short_title(metric: Metric, method: TintMethod) -> str:
    """The column's heading; the full title stands with the definition."""
    return marked(_SHORT_TITLES.get(metric, METRICS[metric].title), metric, method)


def marked(title: str, metric: Metric, method: TintMethod) -> str:
    """The title, and that its figure is a lite one where it is."""
    return f"{title} (lite)" if method is TintMethod.LITE and metric in TEXT_TINTS else title


def written_unit(metric: Metric) -> str:
    """The unit of the figure as it is written."""
    unit = METRICS[metric].unit
    return _WRITTEN_UNITS.get(metric, unit.replace("share", "%", 1) if unit.startswith("share") else unit)
