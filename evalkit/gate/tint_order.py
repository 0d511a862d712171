"""Intent, of the tint: Horror variants must not be lighter than Neo's, in what they write and in what they expect."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from statistics import fmean

from evalkit.analyse.intervals import holm_adjusted, mean_with_interval, p_value, prompt_mean
from evalkit.gate.case import Case, figure_of, in_scores, measured_values, not_measured, state_of
from evalkit.records.errors import NotMeasuredError
from evalkit.records.gate import WHOLE_FAMILY, Evidence, Observation, ReleaseVariant
from evalkit.records.scores import ALL_PROMPTS, Figure, Metric

SIGNIFICANCE = 0.05
Z_95 = 1.959964
"""Half the width of a 95 % interval, in standard errors."""
WRITTEN = "intent.tint-order"
EXPECTED = "intent.expected-tint-order"


def check_tint_order(case: Case) -> Iterator[Observation]:
    """A Horror variant is lighter than the Neo variants by more than its interval.

    `darker` and `than` are globs of labels. Figure: mean over prompts of the Horror variant's delta-tint minus the
    mean of the Neo variants' on the same prompt, points. Broken below `limit` when Holm's adjusted p over all Horror
    variants is under 5 %: then the upper end of its interval lies below too.
    """
    darker, lighter = _groups(case, WRITTEN)
    if not darker or not lighter:
        yield _nobody(case, WRITTEN)
        return
    differences = {variant.label: _tint_differences(variant, lighter) for variant in darker}
    p_values = {label: p for label, values in differences.items() if (p := _p_lighter(case, label, values)) is not None}
    adjusted = holm_adjusted(p_values)
    for variant in darker:
        yield _tint_order(case, variant.label, differences[variant.label], adjusted.get(variant.label))


def check_expected_tint_order(case: Case) -> Iterator[Observation]:
    """A Horror variant expects fewer horror words than the Neo variants by more than its interval.

    `darker` and `than` are globs of labels. Figure: the Horror variant's tint in the distribution minus the mean of the
    Neo variants', horror words per 1,000 tokens; its interval takes theirs for independent, so it is a wide one. Broken
    below `limit` when Holm's adjusted p over all Horror variants is under 5 %.
    """
    darker, lighter = _groups(case, EXPECTED)
    if not darker or not lighter:
        yield _nobody(case, EXPECTED)
        return
    figures = {variant.label: _expected_difference(variant, lighter) for variant in darker}
    limits = {label: case.policy.limit(EXPECTED, label) for label in figures}
    p_values = {label: p for label, figure in figures.items() if (p := _p_of(figure, limits[label])) is not None}
    adjusted = holm_adjusted(p_values)
    for label, figure in figures.items():
        yield _expected_order(case, label, figure, adjusted.get(label))


def _expected_order(case: Case, label: str, figure: Figure, adjusted_p: float | None) -> Observation:
    limit = case.policy.limit(EXPECTED, label)
    evidence = in_scores(case.release, label, ALL_PROMPTS, Metric.DISTRIBUTION_TINT)
    if figure.value is None:
        return not_measured(label, figure.reason or "", evidence, limit=limit)
    is_proven = adjusted_p is None or adjusted_p < SIGNIFICANCE
    return Observation(
        label=label,
        state=state_of(figure.value < limit and is_proven),
        figure=figure,
        limit=limit,
        message=f"It expects {figure.value:+.2f} horror words per 1,000 tokens against the Neo variants.",
        evidence=evidence,
    )


def _groups(case: Case, rule: str) -> tuple[list[ReleaseVariant], list[ReleaseVariant]]:
    settings = case.policy.settings(rule)
    return _matching(case, settings.darker), _matching(case, settings.than)


def _nobody(case: Case, rule: str) -> Observation:
    settings = case.policy.settings(rule)
    globs = settings.than if _matching(case, settings.darker) else settings.darker
    reason = f"No variant is called {' or '.join(globs or ())}: set `darker` and `than`, or switch the rule off."
    return not_measured(WHOLE_FAMILY, reason, Evidence(file="manifest.json", row="config.family.variants"))


def _expected_difference(variant: ReleaseVariant, lighter: list[ReleaseVariant]) -> Figure:
    own, *others = (figure_of(one, Metric.DISTRIBUTION_TINT) for one in (variant, *lighter))
    for figure in (own, *others):
        if figure.value is None or figure.low is None or figure.high is None:
            return Figure.not_measured(figure.reason or "It has no interval.")
    difference = (own.value or 0.0) - fmean(other.value or 0.0 for other in others)
    squares = [_half_width(own) ** 2, *((_half_width(other) / len(others)) ** 2 for other in others)]
    half_width = math.sqrt(math.fsum(squares))
    return Figure(value=difference, low=difference - half_width, high=difference + half_width, n=own.n)


def _half_width(figure: Figure) -> float:
    return ((figure.high or 0.0) - (figure.low or 0.0)) / 2


def _p_of(figure: Figure, limit: float) -> float | None:
    """Two-sided normal p from a 95 % interval; None where it has no width."""
    half_width = _half_width(figure)
    if figure.value is None or not half_width:
        return None
    return math.erfc(abs(figure.value - limit) / half_width * Z_95 / math.sqrt(2))


def _matching(case: Case, globs: tuple[str, ...] | None) -> list[ReleaseVariant]:
    return [variant for variant in case.release.others if any(fnmatchcase(variant.label, glob) for glob in globs or ())]


def _tint_differences(variant: ReleaseVariant, lighter: list[ReleaseVariant]) -> dict[str, float]:
    """By prompt, where the variant and every lighter one were measured."""
    own = measured_values(variant, Metric.DELTA_TINT)
    others = [measured_values(one, Metric.DELTA_TINT) for one in lighter]
    return {
        prompt_id: value - fmean(other[prompt_id] for other in others)
        for prompt_id, value in own.items()
        if all(prompt_id in other for other in others)
    }


def _p_lighter(case: Case, label: str, differences: Mapping[str, float]) -> float | None:
    """Two-sided p of "the mean is the limit"; None where nothing can be tested."""
    limit = case.policy.limit(WRITTEN, label)
    try:
        return p_value(prompt_mean({prompt_id: (value - limit,) for prompt_id, value in differences.items()}))
    except NotMeasuredError:
        return None


def _tint_order(case: Case, label: str, differences: Mapping[str, float], adjusted_p: float | None) -> Observation:
    limit = case.policy.limit(WRITTEN, label)
    evidence = in_scores(case.release, label, ALL_PROMPTS, Metric.DELTA_TINT)
    figure = mean_with_interval({prompt_id: (value,) for prompt_id, value in differences.items()})
    if figure.value is None:
        reason = "On no prompt was the tint of it and of every Neo variant measured."
        return not_measured(label, reason, evidence, limit=limit)
    is_below = figure.value < limit
    if is_below and len(differences) < 2:
        return not_measured(label, "One prompt gives no interval: it proves nothing.", evidence, limit=limit)
    # Without a test every prompt shows the same difference: it has no spread that could excuse it.
    is_proven = adjusted_p is None or adjusted_p < SIGNIFICANCE
    proof = "the same on every prompt" if adjusted_p is None else f"adjusted p {adjusted_p:.2g}"
    return Observation(
        label=label,
        state=state_of(is_below and is_proven),
        figure=figure,
        limit=limit,
        message=f"{figure.value:+.1f} points of tint against the Neo variants on {len(differences)} prompts; {proof}.",
        evidence=evidence,
    )
