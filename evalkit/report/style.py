"""How the writing differs from the reference's: one line per trait, one column per variant."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.scores import METRICS, Difference, Metric
from evalkit.report.columns import written_unit
from evalkit.report.format import DASH, written_difference
from evalkit.report.material import Material


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleCell:
    """One variant's difference in one trait."""

    text: str
    note: str
    look: str
    """Class: found, not found, or neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleRow:
    """One trait."""

    title: str
    unit: str
    anchor: str
    cells: tuple[StyleCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleView:
    """The section."""

    reference: str
    labels: tuple[str, ...]
    rows: tuple[StyleRow, ...]


def build_style(material: Material) -> StyleView | None:
    """Every trait that was measured of any variant; None for runs that were scored before traits were."""
    variants = [variant for variant in material.run.summary.variants if variant.differences]
    metrics = [metric for metric in METRICS if any(metric in variant.differences for variant in variants)]
    if not metrics:
        return None
    return StyleView(
        reference=material.run.manifest.config.family.reference.label,
        labels=tuple(variant.label for variant in variants),
        rows=tuple(
            StyleRow(
                title=METRICS[metric].title,
                unit=written_unit(metric),
                anchor=f"definition-{metric.value}",
                cells=tuple(_cell(metric, variant.differences.get(metric)) for variant in variants),
            )
            for metric in metrics
        ),
    )


def _cell(metric: Metric, difference: Difference | None) -> StyleCell:
    if difference is None:
        return StyleCell(text=DASH, note="Not measured.", look="")
    shown = written_difference(metric, difference.figure)
    note = shown.reason or (f"{shown.interval}, n = {difference.figure.n}" if shown.interval else "no interval")
    look = "is-found" if difference.covers_zero is False else "is-muted" if difference.covers_zero else ""
    return StyleCell(text=shown.text, note=note, look=look)
