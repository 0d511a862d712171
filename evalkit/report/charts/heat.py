"""Variant by prompt: one coloured cell per answer, each leading to it. Tables, so that the figures can be read."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.scores import METRICS, Metric
from evalkit.report.columns import marked
from evalkit.report.format import DASH, written
from evalkit.report.material import Material
from evalkit.report.passage import tint_level
from evalkit.report.trace import answer_anchor

N_SHADES = 11
_MIDDLE = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """One answer's figure."""

    text: str
    shade: str
    """Class of its ground; empty where nothing was measured."""
    anchor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """One variant."""

    label: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """One metric over all answers."""

    anchor: str
    title: str
    unit: str
    caption: str
    prompts: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    missing: str


_CAPTIONS = {
    Metric.DELTA_TINT: "Blue is lighter than the reference, red is darker. One answer alone carries much noise.",
    Metric.KL_DIVERGENCE: "Darker cells stray further from the reference; its own line is the noise.",
    Metric.COMMON_PREFIX_TOKENS: "Tokens until the answer leaves the reference's. Darker cells leave it sooner.",
}


def build_heat_maps(material: Material) -> tuple[HeatMap, ...]:
    """The maps whose columns compare prompts."""
    return tuple(_heat_map(metric, material) for metric in _CAPTIONS)


def _heat_map(metric: Metric, material: Material) -> HeatMap:
    config = material.run.manifest.config
    figures = material.lookup.figures
    variants, prompts = config.family.variants, config.suite.prompts
    values = [
        figure.value
        for variant in variants
        for prompt in prompts
        if (figure := figures.get((variant.label, prompt.id, metric))) and figure.value is not None
    ]
    reasons = dict.fromkeys(
        figure.reason for (_, _, name), figure in figures.items() if name is metric and figure.reason is not None
    )
    return HeatMap(
        anchor=f"heat-{metric.value}",
        title=marked(METRICS[metric].title, metric, material.run.manifest.tint_method),
        unit=METRICS[metric].unit,
        caption=_CAPTIONS[metric],
        prompts=tuple(prompt.id for prompt in prompts),
        rows=tuple(
            HeatRow(
                label=variant.label,
                cells=tuple(
                    _cell(metric, (variant.label, prompt.id), answer_anchor(n, number), max(values), material)
                    for n, prompt in enumerate(prompts, start=1)
                ),
            )
            for number, variant in enumerate(variants, start=1)
        )
        if values
        else (),
        missing="" if values else " ".join(reasons) or "This run holds no such figure.",
    )


def _cell(metric: Metric, key: tuple[str, str], anchor: str, most: float, material: Material) -> HeatCell:
    figure = material.lookup.figures.get((*key, metric))
    shown = written(metric, figure)
    value = figure.value if figure else None
    return HeatCell(
        text=shown.text,
        shade="" if value is None or shown.text == DASH else shade(metric, value, most),
        anchor=anchor,
        note=shown.reason or "",
    )


def shade(metric: Metric, value: float, most: float) -> str:
    """`t0` to `t10` around the middle for delta-tint, else `h0` (near the reference) to `h10` (far from it)."""
    if metric is Metric.DELTA_TINT:
        return f"t{tint_level(_MIDDLE + value)}"
    part = min(1.0, max(0.0, value / most)) if most else 0.0
    return f"h{round((1 - part if metric is Metric.COMMON_PREFIX_TOKENS else part) * (N_SHADES - 1))}"
