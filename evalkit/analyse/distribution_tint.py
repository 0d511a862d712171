"""The tint of every variant's next token: tests, what they prove together, and the rows and notes made of them."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence

from evalkit.analyse.axis_test import compare_tints, make_ruler
from evalkit.analyse.intervals import holm_adjusted
from evalkit.measure.axis import Axis
from evalkit.records.axis import SIGNIFICANCE, AxisTest, AxisVerdict, DistributionTint
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import Figure, Metric, Score
from evalkit.records.word_starts import WordStarts

NOT_READ = "What this model expects as the next word was not recorded in this run."

Outcome = AxisTest | NotMeasuredError


def compare_variants(
    reference: WordStarts | None, variants: Mapping[str, WordStarts | None], axis: Axis
) -> dict[str, Outcome]:
    """Every variant against the reference, or why not."""
    if reference is None:
        return dict.fromkeys(variants, NotMeasuredError(NOT_READ))
    try:
        ruler = make_ruler(reference, axis)
    except NotMeasuredError as reason:
        return dict.fromkeys(variants, reason)
    outcomes: dict[str, Outcome] = {}
    for label, variant in variants.items():
        try:
            if variant is None:
                raise NotMeasuredError(NOT_READ)
            outcomes[label] = compare_tints(reference, variant, ruler)
        except NotMeasuredError as reason:
            outcomes[label] = reason
    return outcomes


def judge_distributions(outcomes: Mapping[str, Outcome]) -> dict[str, DistributionTint]:
    """The verdict on each tested variant, its p adjusted for how many were tested (Holm 1979)."""
    tested = {label: outcome for label, outcome in outcomes.items() if isinstance(outcome, AxisTest)}
    adjusted = holm_adjusted({label: test.p for label, test in tested.items()})
    return {
        label: DistributionTint(
            test=test, adjusted_p=adjusted[label], n_tests=len(tested), verdict=test.verdict(adjusted[label])
        )
        for label, test in tested.items()
    }


def distribution_scores(outcomes: Mapping[str, Outcome], prompt_ids: Sequence[str]) -> tuple[Score, ...]:
    """One row per variant and prompt: the difference along the reference's answer to it, without an interval."""
    return tuple(
        Score(label=label, prompt_id=prompt_id, metric=Metric.DISTRIBUTION_TINT, figure=_figure(outcome, prompt_id))
        for label, outcome in outcomes.items()
        for prompt_id in prompt_ids
    )


def distribution_figures(outcomes: Mapping[str, Outcome]) -> dict[str, dict[Metric, Figure]]:
    """Per variant the figure over answers and contexts."""
    return {
        label: {
            Metric.DISTRIBUTION_TINT: Figure.not_measured(str(outcome))
            if isinstance(outcome, NotMeasuredError)
            else Figure(value=outcome.delta, low=outcome.low, high=outcome.high, n=outcome.n_contexts)
        }
        for label, outcome in outcomes.items()
    }


def distribution_notes(tints: Mapping[str, DistributionTint], reference_label: str) -> Iterator[str]:
    """How small a difference the next-token distributions would have shown."""
    if not tints:
        return
    detectable = statistics.median(tint.test.smallest_detectable for tint in tints.values())
    rates = [tint.test.reference_rate for tint in tints.values()]
    n_contexts = min(tint.test.n_contexts for tint in tints.values())
    yield (
        f"Tint in the distribution: {reference_label} expects {rates[0]:.1f} horror words per 1,000 tokens; over "
        f"{n_contexts} answers and contexts a difference of {detectable:.2f} is found 4 times in 5."
    )


def source_tint_notes(tints: Mapping[str, DistributionTint]) -> Iterator[str]:
    """What the reference and the variants are against the model before it was rounded."""
    if not tints:
        return
    words = {AxisVerdict.MORE: "darker", AxisVerdict.LESS: "lighter", AxisVerdict.NOT_TOLD_APART: "not told apart"}
    groups = (
        f"{word}: " + ", ".join(f"{label} {tint.test.delta:+.2f}" for label, tint in found.items())
        for verdict, word in words.items()
        if (found := {label: tint for label, tint in tints.items() if tint.verdict is verdict})
    )
    yield (
        "Next tokens against the unrounded model's, in horror words per 1,000 tokens: "
        f"{'; '.join(groups)}. What separates two files and not them from the unrounded model is rounding."
    )


def may_be_chance(tint: DistributionTint) -> bool:
    """Whether its own test finds a difference, and only the number of variants forbids to call it one."""
    return tint.test.p < SIGNIFICANCE <= tint.adjusted_p and not tint.test.is_negligible


def _figure(outcome: Outcome, prompt_id: str) -> Figure:
    if isinstance(outcome, NotMeasuredError):
        return Figure.not_measured(str(outcome))
    value = outcome.by_context.get(prompt_id)
    return Figure.not_measured(NOT_READ) if value is None else Figure(value=value)
