"""Cost: size and speed of a variant, as ratios to the reference in the same run."""

from __future__ import annotations

import math
from collections.abc import Iterator

from evalkit.analyse.intervals import mean_with_interval
from evalkit.gate.case import Case, figure_of, in_manifest, in_scores, measured_values, not_measured, state_of
from evalkit.records.gate import Observation, ReleaseVariant
from evalkit.records.scores import ALL_PROMPTS, Figure, Metric


def check_size(case: Case) -> Iterator[Observation]:
    """A variant's file is larger than the reference's by more than it may be.

    Figure: bytes over the reference's bytes; broken above `limit`. Files below it are `hard.bits`'s.
    """
    reference = case.release.reference
    for variant in case.release.others:
        ratio = variant.size_bytes / reference.size_bytes
        limit = case.policy.limit("cost.size", variant.label)
        yield Observation(
            label=variant.label,
            state=state_of(ratio > limit),
            figure=Figure(value=ratio),
            limit=limit,
            message=f"{variant.size_bytes:,} bytes; {reference.label} has {reference.size_bytes:,}.",
            evidence=in_manifest(variant.label),
        )


def check_speed(case: Case) -> Iterator[Observation]:
    """A variant decodes more slowly than the reference by more than it may.

    Figure: tokens per second over the reference's, geometric mean over prompts with its interval. Broken when the
    whole interval lies below `limit`; with one prompt, when the value does. Answers that were taken over from another
    run have no speed in this one.
    """
    reference = case.release.reference
    for variant in case.release.others:
        limit = case.policy.limit("cost.speed", variant.label)
        evidence = in_scores(case.release, variant.label, ALL_PROMPTS, Metric.TOKENS_PER_SECOND)
        figure = _speed_ratio(variant, reference)
        if figure.value is None:
            yield not_measured(variant.label, figure.reason or "", evidence, limit=limit)
            continue
        at_best = figure.value if figure.high is None else figure.high
        yield Observation(
            label=variant.label,
            state=state_of(at_best < limit),
            figure=figure,
            limit=limit,
            message=f"It decodes at {figure.value:.2f} times {reference.label}'s speed.",
            evidence=evidence,
        )


def _speed_ratio(variant: ReleaseVariant, reference: ReleaseVariant) -> Figure:
    if variant.made_in != reference.made_in:
        return Figure.not_measured("Its answers and the reference's were made in different runs.")
    own, other = (measured_values(one, Metric.TOKENS_PER_SECOND) for one in (variant, reference))
    logs = {
        prompt_id: (math.log(value / other[prompt_id]),)
        for prompt_id, value in own.items()
        if value > 0 and other.get(prompt_id, 0) > 0
    }
    if not logs:
        reason = figure_of(variant if not own else reference, Metric.TOKENS_PER_SECOND).reason
        return Figure.not_measured(reason or "No prompt was measured.")
    mean = mean_with_interval(logs)
    low, high = (None if bound is None else math.exp(bound) for bound in (mean.low, mean.high))
    return Figure(value=math.exp(mean.value or 0.0), low=low, high=high, n=mean.n, reason=mean.reason)
