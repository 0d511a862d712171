"""Two runs side by side: this release against another, where their signatures allow it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.records.family import Variant
from evalkit.records.run import Manifest
from evalkit.records.run_data import RunData
from evalkit.records.scores import TEXT_TINTS, Figure, Metric
from evalkit.report.columns import short_title, written_unit
from evalkit.report.format import DASH, NBSP, count, difference, written
from evalkit.report.lookup import Lookup
from evalkit.report.material import Material
from evalkit.report.signature import signature
from evalkit.report.trace import answer_anchor

METRICS_COMPARED = (
    Metric.DELTA_TINT,
    Metric.TINT,
    Metric.KL_DIVERGENCE,
    Metric.COMMON_PREFIX_TOKENS,
    Metric.REGENERATION_AGREEMENT,
    Metric.DAMAGE,
)
"""Speed is left out: it compares within one run only."""
_MUST_AGREE = ("Suite", "Decoding", "evalkit")
"""The engine's build is told and refuses nothing: comparing two builds is a reason to set runs side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One thing in both runs."""

    name: str
    here: str
    there: str
    is_equal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedFigure:
    """One figure in both runs."""

    here: str
    there: str
    change: str
    """Empty where nothing that would be written changed; a dash where a difference would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPair:
    """One answer in both runs."""

    text: str
    anchor: str
    is_equal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedVariant:
    """One label in both runs."""

    label: str
    weights: str
    """Whether it is the same file."""
    figures: tuple[PairedFigure, ...]
    answers: tuple[AnswerPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The whole section."""

    here: str
    there: str
    refusal: str
    """Why no differences are told; empty where they are."""
    signature: tuple[Pair, ...]
    columns: tuple[tuple[str, str], ...]
    """(heading, unit)"""
    prompts: tuple[str, ...]
    variants: tuple[ComparedVariant, ...]
    only_there: tuple[str, ...]
    """Labels that this run lacks."""


def build_comparison(material: Material) -> Comparison | None:
    """Set the run beside the other one; None where there is no other."""
    run, other, other_lookup = material.run, material.other, material.other_lookup
    if other is None or other_lookup is None:
        return None
    pairs = tuple(_pairs(run.manifest, other.manifest))
    apart = [pair.name.lower() for pair in pairs if pair.name in _MUST_AGREE and not pair.is_equal]
    refusal = f"Not compared, since the runs differ in {' and '.join(apart)}: both figures stand here." if apart else ""
    variants = run.manifest.config.family.variants
    labels = {variant.label for variant in variants}
    theirs = {variant.label: variant for variant in other.manifest.config.family.variants}
    return Comparison(
        here=run.manifest.run_id,
        there=other.manifest.run_id,
        refusal=refusal,
        signature=pairs,
        columns=tuple(
            (short_title(metric, run.manifest.tint_method), written_unit(metric)) for metric in METRICS_COMPARED
        ),
        prompts=tuple(prompt.id for prompt in run.manifest.config.suite.prompts),
        variants=tuple(
            ComparedVariant(
                label=variant.label,
                weights=_weights(variant, theirs.get(variant.label)),
                figures=tuple(_figures(variant.label, run, other, is_comparable=not apart)),
                answers=tuple(_answers(number, variant.label, material, other_lookup)),
            )
            for number, variant in enumerate(variants, start=1)
        ),
        only_there=tuple(label for label in theirs if label not in labels),
    )


def _pairs(here: Manifest, there: Manifest) -> Iterator[Pair]:
    for ours, other in zip(signature(here), signature(there), strict=True):
        yield Pair(name=ours.name, here=ours.value, there=other.value, is_equal=ours.value == other.value)


def _weights(here: Variant, there: Variant | None) -> str:
    if there is None:
        return "only here"
    return "same weights" if here.payload_hash == there.payload_hash else "other weights"


def _figures(label: str, run: RunData, other: RunData, *, is_comparable: bool) -> Iterator[PairedFigure]:
    ours, theirs = _summary(run, label), _summary(other, label)
    is_one_method = run.manifest.tint_method is other.manifest.tint_method
    for metric in METRICS_COMPARED:
        is_metric_comparable = is_comparable and (is_one_method or metric not in TEXT_TINTS)
        one, two = ours.get(metric), theirs.get(metric)
        yield PairedFigure(
            here=written(metric, one).text,
            there=written(metric, two).text,
            change=_change(metric, one, two) if is_metric_comparable else DASH,
        )


def _change(metric: Metric, here: Figure | None, there: Figure | None) -> str:
    if (here is None or here.value is None) and (there is None or there.value is None):
        return ""
    text = difference(metric, here, there)
    return text if text.strip(f"0.{NBSP}%") else ""


def _summary(run: RunData, label: str) -> dict[Metric, Figure]:
    return next((summary.figures for summary in run.summary.variants if summary.label == label), {})


def _answers(number: int, label: str, material: Material, other: Lookup) -> Iterator[AnswerPair]:
    for prompt_number, prompt in enumerate(material.run.manifest.config.suite.prompts, start=1):
        ours = material.lookup.generations.get((label, prompt.id), ())
        theirs = other.generations.get((label, prompt.id), ())
        anchor = answer_anchor(prompt_number, number)
        if not ours or not theirs:
            yield AnswerPair(text=DASH, anchor=anchor, is_equal=False)
        elif ours[0].prompt_hash != theirs[0].prompt_hash:
            yield AnswerPair(text="other prompt", anchor=anchor, is_equal=False)
        elif ours[0].text == theirs[0].text:
            yield AnswerPair(text="same", anchor=anchor, is_equal=True)
        else:
            n_shared = _n_shared(ours[0].token_ids, theirs[0].token_ids)
            text = f"after {count(n_shared, 'token')}" if ours[0].token_ids else "differs"
            yield AnswerPair(text=text, anchor=anchor, is_equal=False)


def _n_shared(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
