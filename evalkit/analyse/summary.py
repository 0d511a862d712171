"""A run's figures over all prompts, its verdicts in words, and what must be known to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from evalkit.analyse.claims import answer_claims
from evalkit.analyse.differences import style_differences, tint_damage_plane
from evalkit.analyse.notes import is_reproducible, write_notes
from evalkit.analyse.over_prompts import figure_over_prompts
from evalkit.analyse.table import FigureTable
from evalkit.analyse.tint_verdict import TintTest, judge_tints
from evalkit.analyse.verdict import reference_verdict, variant_verdict
from evalkit.records.axis import DistributionTint
from evalkit.records.claims import Claim
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
    measurement: Measurement,
    *,
    labels: Sequence[str],
    prompt_ids: Sequence[str],
    reference_label: str,
    pooled: Mapping[str, Figures] = MappingProxyType({}),
    claims: Sequence[Claim] = (),
    distribution: Mapping[str, DistributionTint] = MappingProxyType({}),
) -> tuple[Measurement, RunSummary]:
    """The measurement with a row over all prompts for every variant and metric, and what the terminal prints.

    Rows of an earlier summary are replaced, so summarising twice changes nothing.

    Args:
        pooled: per label the figures over all prompts that are no mean of the prompts' figures, such as quantiles.
        claims: what the publisher says of the family, to be answered.
        distribution: per variant the test of its next tokens, where they were recorded: it leads the verdict on tint.
    """
    table = FigureTable.of(measurement.scores, labels=labels, prompt_ids=prompt_ids, reference_label=reference_label)
    figures = {label: _figures(table, label) | pooled.get(label, {}) for label in labels}
    tests = judge_tints(table)
    summary = RunSummary(
        variants=tuple(
            _variant_summary(table, label, figures[label], tests, distribution.get(label)) for label in labels
        ),
        reproducible=is_reproducible(measurement.certificates),
        notes=write_notes(table, tests, measurement.certificates),
        claims=answer_claims(claims, table),
        plane=tuple(tint_damage_plane(table, {label: figures[label][Metric.DELTA_TINT] for label in labels})),
    )
    per_prompt = tuple(score for score in measurement.scores if score.prompt_id != ALL_PROMPTS)
    return replace(measurement, scores=(*per_prompt, *_rows(figures, reference_label))), summary


def _figures(table: FigureTable, label: str) -> Figures:
    figures = {metric: figure_over_prompts(metric, table.column(label, metric)) for metric in METRICS}
    if label == table.reference_label:
        itself = Figure.not_measured(f"{label} is the reference and is not compared with itself.")
        figures |= dict.fromkeys(REFERENCE_METRICS, itself)
    return figures


def _variant_summary(
    table: FigureTable,
    label: str,
    figures: Figures,
    tests: Mapping[str, TintTest],
    distribution: DistributionTint | None,
) -> VariantSummary:
    if label == table.reference_label:
        verdict = reference_verdict(table)
    else:
        verdict = variant_verdict(table, label, figures[Metric.DELTA_TINT], tests[label], distribution)
    differences = style_differences(table, label)
    return VariantSummary(
        label=label, figures=figures, verdict=verdict, differences=differences, distribution=distribution
    )


def _rows(figures: Mapping[str, Figures], reference_label: str) -> tuple[Score, ...]:
    return tuple(
        Score(label=label, prompt_id=ALL_PROMPTS, metric=metric, figure=figure)
        for label, of_variant in figures.items()
        for metric, figure in of_variant.items()
        if label != reference_label or metric not in REFERENCE_METRICS
    )
