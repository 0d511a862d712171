"""The evidence behind every figure: what it means, how many values it rests on, its signature and its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.records.family import Role, Variant
from evalkit.records.scores import ALL_PROMPTS, METRICS, Figure, Metric
from evalkit.report.columns import marked, written_unit
from evalkit.report.format import DASH, count, written
from evalkit.report.lookup import Lookup
from evalkit.report.material import Material
from evalkit.report.signature import HASH_DIGITS, signature
from evalkit.report.view import Fact

PROMPT_LIMIT = 12
"""Above this many prompts the values by prompt are left to the file: the page would be a table of numbers."""
_BY_TOKEN = (Metric.KL_DIVERGENCE, Metric.TOP1_AGREEMENT, Metric.LN_PPL_RATIO)
"""Read token by token along the reference's answers; the values themselves are kept, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptValue:
    """One of the values behind a figure, and the answer that it was read from."""

    prompt_id: str
    text: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEntry:
    """One figure of one variant."""

    anchor: str
    title: str
    value: str
    unit: str
    facts: tuple[Fact, ...]
    definition: str
    """Anchor of the definition."""
    prompts: tuple[PromptValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantTrace:
    """All figures of one variant, under the signature that they share."""

    anchor: str
    label: str
    description: str
    verdict: str
    signature: tuple[Fact, ...]
    entries: tuple[TraceEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """The whole section."""

    results: str
    """The folder that the files are named from."""
    variants: tuple[VariantTrace, ...]


def variant_anchor(number: int) -> str:
    """Where all figures of one variant stand."""
    return f"trace-{number}"


def figure_anchor(number: int, metric: Metric) -> str:
    """Where the trace of one variant's figure stands; numbers, since labels are strangers' text."""
    return f"{variant_anchor(number)}-{metric.value}"


def answer_anchor(prompt_number: int, variant_number: int) -> str:
    """Where one answer stands."""
    return f"answer-{prompt_number}-{variant_number}"


def build_traces(material: Material) -> Traces:
    """Every figure that the summary holds, variant by variant."""
    run = material.run
    summaries = {summary.label: summary for summary in run.summary.variants}
    shared = signature(run.manifest)
    return Traces(
        results=run.manifest.run_id,
        variants=tuple(
            VariantTrace(
                anchor=variant_anchor(number),
                label=variant.label,
                description=variant.description,
                verdict=summaries[variant.label].verdict,
                signature=(
                    Fact(name="Variant", value=variant.payload_hash[:HASH_DIGITS], is_code=True),
                    *shared,
                ),
                entries=tuple(_entries(number, variant, summaries[variant.label].figures, material)),
            )
            for number, variant in enumerate(run.manifest.config.family.variants, start=1)
            if variant.label in summaries
        ),
    )


def _entries(number: int, variant: Variant, figures: dict[Metric, Figure], material: Material) -> Iterator[TraceEntry]:
    prompts = material.run.manifest.config.suite.prompts
    for metric, figure in figures.items():
        shown = written(metric, figure)
        yield TraceEntry(
            anchor=figure_anchor(number, metric),
            title=marked(METRICS[metric].title, metric, material.run.manifest.tint_method),
            value=shown.text,
            unit=_unit_beside(shown.text, metric),
            facts=tuple(_facts(metric, figure, variant)),
            definition=f"definition-{metric.value}",
            prompts=tuple(_prompt_values(number, variant.label, metric, material.lookup, [p.id for p in prompts]))
            if len(prompts) <= PROMPT_LIMIT
            else (),
        )


def _unit_beside(text: str, metric: Metric) -> str:
    """`97.6 %` `of tokens`: a share's own sign stands with the figure."""
    unit = "" if text == DASH else written_unit(metric)
    return unit.removeprefix("% ") if text.endswith("%") else unit


def _facts(metric: Metric, figure: Figure, variant: Variant) -> Iterator[Fact]:
    shown = written(metric, figure)
    if shown.text == DASH:
        yield Fact(name="Not measured", value=shown.reason or "")
    else:
        yield Fact(name="95 % interval", value=shown.interval or shown.reason or "none: a count, a share or a median")
        yield Fact(name="n", value=count(figure.n, "value"))
    yield Fact(name="Raw", value=f"scores.csv: {variant.label}, {ALL_PROMPTS}, {metric.value}", is_code=True)
    if metric in _BY_TOKEN:
        folder = "noise" if variant.role is Role.REFERENCE else f"positions/{variant.file_key}"
        yield Fact(name="By token", value=f"{folder}/", is_code=True)


def _prompt_values(
    number: int, label: str, metric: Metric, lookup: Lookup, prompt_ids: list[str]
) -> Iterator[PromptValue]:
    for prompt_number, prompt_id in enumerate(prompt_ids, start=1):
        figure = lookup.figures.get((label, prompt_id, metric))
        if figure is not None:
            yield PromptValue(
                prompt_id=prompt_id,
                text=written(metric, figure).text,
                anchor=answer_anchor(prompt_number, number),
            )
