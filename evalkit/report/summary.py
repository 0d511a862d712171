"""The summary table: one line per variant, every figure with its interval or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable

from evalkit.records.family import GgufHeader, Role, TextSource, Variant
from evalkit.records.run_data import RunData
from evalkit.records.scores import METRICS, Figure, Metric
from evalkit.records.tint_reader import TintMethod
from evalkit.report.columns import SUMMARY_GROUPS, SUMMARY_METRICS, short_title, written_unit
from evalkit.report.format import DASH, file_size, letters, written
from evalkit.report.lookup import Lookup
from evalkit.report.trace import figure_anchor
from evalkit.report.view import Column, FigureCell, SummaryRow, SummaryTable, Whisker
from evalkit.report.visible import visible_label

PLOT_WIDTH = 100.0
"""Width of the interval plots in their own units; the template's viewBox is the same."""
_PLOT_MARGIN = 4.0

Figures = dict[Metric, Figure]


def build_summary(run: RunData, lookup: Lookup) -> SummaryTable:
    """Lay out all variants of the family, those without a summary included."""
    variants = run.manifest.config.family.variants
    summaries = {summary.label: summary for summary in run.summary.variants}
    figures = {label: summary.figures for label, summary in summaries.items()}
    footnotes = _footnotes(figures.get(variant.label, {}) for variant in variants)
    reach = _reach(figures.values())
    return SummaryTable(
        groups=tuple((group.title, len(group.metrics)) for group in SUMMARY_GROUPS),
        columns=tuple(_column(metric, run.manifest.tint_method) for metric in SUMMARY_METRICS),
        rows=tuple(
            _row(
                number,
                variant,
                summaries[variant.label].verdict if variant.label in summaries else "",
                lookup.failed[variant.label].cause if variant.label in lookup.failed else "",
                tuple(
                    _cell(metric, figures.get(variant.label, {}).get(metric), footnotes, reach, number)
                    for metric in SUMMARY_METRICS
                ),
            )
            for number, variant in enumerate(variants, start=1)
        ),
        footnotes=tuple((mark, reason) for reason, mark in footnotes.items()),
    )


def _column(metric: Metric, method: TintMethod) -> Column:
    info = METRICS[metric]
    return Column(
        title=short_title(metric, method),
        unit=written_unit(metric),
        definition=f"{info.title}, {info.unit}. {info.definition}",
        anchor=f"definition-{metric.value}",
    )


def _row(number: int, variant: Variant, verdict: str, failure: str, cells: tuple[FigureCell, ...]) -> SummaryRow:
    n_bytes = variant.source.n_bytes if isinstance(variant.source, TextSource) else variant.source.size_bytes
    return SummaryRow(
        number=number,
        label=variant.label,
        is_reference=variant.role is Role.REFERENCE,
        description=variant.description,
        lineage=" + ".join(map(visible_label, variant.lineage)),
        quant_type="texts" if isinstance(variant.source, TextSource) else variant.source.quant_type,
        size=file_size(n_bytes),
        size_bytes=n_bytes,
        imatrix=_imatrix(variant.source),
        verdict=verdict or ("No verdict." if failure else DASH),
        failure=failure,
        cells=cells,
    )


def _imatrix(source: GgufHeader | TextSource) -> str:
    if isinstance(source, TextSource):
        return "not known"
    return (source.imatrix.dataset or source.imatrix.file or "not named") if source.imatrix else "none"


def _footnotes(rows: Iterable[Figures]) -> dict[str, str]:
    """Every reason once, marked in the order in which a reader meets them: line by line, left to right."""
    reasons = (written(metric, row.get(metric)).reason for row in rows for metric in SUMMARY_METRICS)
    return {reason: letters(number) for number, reason in enumerate(dict.fromkeys(filter(None, reasons)), start=1)}


def _cell(metric: Metric, figure: Figure | None, footnotes: dict[str, str], reach: float, number: int) -> FigureCell:
    shown = written(metric, figure)
    is_missing = shown.text == DASH
    return FigureCell(
        text=shown.text,
        interval=shown.interval or "",
        note=shown.reason or _note(figure, shown.covers_zero),
        sort_value="" if is_missing or figure is None else repr(figure.value),
        is_muted=shown.covers_zero,
        is_missing=is_missing,
        footnote=footnotes[shown.reason] if shown.reason else "",
        whisker=_whisker(figure, reach) if metric is Metric.DELTA_TINT and figure and not is_missing else None,
        anchor=figure_anchor(number, metric) if figure else "",
    )


def _note(figure: Figure | None, covers_zero: bool) -> str:
    values = f"n = {figure.n}" if figure else ""
    return f"{values}; the interval holds 0: no difference found" if covers_zero else values


def _reach(rows: Iterable[Figures]) -> float:
    """The largest distance from 0 that the plots of delta-tint must show, so that all share one scale."""
    figures = [row[Metric.DELTA_TINT] for row in rows if Metric.DELTA_TINT in row]
    bounds = (bound for figure in figures for bound in (figure.value, figure.low, figure.high))
    return max((abs(bound) for bound in bounds if bound is not None), default=0.0) or 1.0


def _whisker(figure: Figure, reach: float) -> Whisker | None:
    value, low, high = figure.value, figure.low, figure.high
    if value is None or low is None or high is None:
        return None
    return Whisker(
        low=_across(low, reach), high=_across(high, reach), dot=_across(value, reach), zero=_across(0, reach)
    )


def _across(value: float, reach: float) -> str:
    half = PLOT_WIDTH / 2
    return f"{half + value / reach * (half - _PLOT_MARGIN):.1f}"
