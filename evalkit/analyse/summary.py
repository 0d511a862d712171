"""A run's figures over all prompts, its verdicts in words, and what must be known to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalkit.analyse.notes import is_reproducible, write_notes
from evalkit.analyse.over_prompts import figure_over_prompts
from evalkit.analyse.table import FigureTable
from evalkit.analyse.tint_verdict import TintTest, judge_tints
from evalkit.analyse.verdict import reference_verdict, variant_verdict
from evalkit.records.run_data import Measurement
from evalkit.records.scores import (
    ALL_PROMPTS,
    METRICS,
    REFERENCE_METRICS,
    Figure,
    Metric,
    RunSummary,
    Score,
    VariantSummary,
)

Figures = dict[Metric, Figure]


def summarise(
    measurement: Measurement, *, labels: Sequence[str], prompt_ids: Sequence[str], reference_label: str
) -> tuple[Measurement, RunSummary]:
    """The measurement with a row over all prompts for every variant and metric, and what the terminal prints.

    Rows of an earlier summary are replaced, so summarising twice changes nothing.
    """
    table = FigureTable.of(measurement.scores, labels=labels, prompt_ids=prompt_ids, reference_label=reference_label)
    figures = {label: _figures(table, label) for label in labels}
    tests = judge_tints(table)
    summary = RunSummary(
        variants=tuple(_variant_summary(table, label, figures[label], tests) for label in labels),
        reproducible=is_reproducible(measurement.certificates),
        notes=write_notes(table, tests, measurement.certificates),
    )
    per_prompt = tuple(score for score in measurement.scores if score.prompt_id != ALL_PROMPTS)
    return replace(measurement, scores=(*per_prompt, *_rows(figures, reference_label))), summary


def _figures(table: FigureTable, label: str) -> Figures:
    figures = {metric: figure_over_prompts(metric, table.column(label, metric)) for metric in METRICS}
    if label == table.reference_label:
        itself = Figure.not_measured(f"{label} is the reference and is not compared with itself.")
        figures |= dict.fromkeys(REFERENCE_METRICS, itself)
    return figures


def _variant_summary(table: FigureTable, label: str, figures: Figures, tests: Mapping[str, TintTest]) -> VariantSummary:
    if label == table.reference_label:
        verdict = reference_verdict(table)
    else:
        verdict = variant_verdict(table, label, figures[Metric.DELTA_TINT], tests[label])
    return VariantSummary(label=label, figures=figures, verdict=verdict)


def _rows(figures: Mapping[str, Figures], reference_label: str) -> tuple[Score, ...]:
    return tuple(
        Score(label=label, prompt_id=ALL_PROMPTS, metric=metric, figure=figure)
        for label, of_variant in figures.items()
        for metric, figure in of_variant.items()
        if label != reference_label or metric not in REFERENCE_METRICS
    )
