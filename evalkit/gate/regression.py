"""Regression: is a variant worse than in the accepted release, beyond chance and beyond the noise floor?

Greedy decoding is exact: where nothing changed, every difference is 0 to the bit and no test is made. Where something
did, differences are paired by prompt, tested with Student's t over prompts, and adjusted by Holm over every comparison
of the gate that has any difference to test; so the whole gate cries wolf at most 5 times in 100.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from evalkit.analyse.intervals import holm_adjusted, mean_with_interval, p_value, prompt_mean
from evalkit.gate.case import (
    Case,
    figure_of,
    in_scores,
    measured_values,
    no_baseline,
    not_measured,
    state_of,
)
from evalkit.records.errors import NotMeasuredError
from evalkit.records.gate import Observation, Release, ReleaseVariant
from evalkit.records.scores import ALL_PROMPTS, Figure, Metric

SIGNIFICANCE = 0.05

KL_ROUNDING_NATS = 1e-6
"""What a divergence of 0 may come out as; see `measure/divergence.py`."""

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """How one metric is compared with the baseline."""

    metric: Metric
    noise: Callable[[float], float]
    """From the reference's own figure to the noise floor, in the metric's unit."""
    worse: Callable[[float, float, float], float]
    """(now, then, noise) of one prompt -> how much worse, on the scale that is tested; 0 is the same."""
    raw: Callable[[float, float], float]
    """(now, then) of one prompt -> how much worse, in the metric's unit; held against the noise floor."""
    shown: Callable[[float], float]
    """From the tested scale to the figure that is printed and held against the limit."""
    tested: Callable[[float], float]
    """From the limit to the tested scale."""


DIVERGENCE = Quantity(
    metric=Metric.KL_DIVERGENCE,
    noise=lambda own: max(own, KL_ROUNDING_NATS),
    # Divergences differ by factors from prompt to prompt. The noise on both sides keeps tiny ones from ruling.
    worse=lambda now, then, noise: math.log((now + noise) / (then + noise)),
    raw=lambda now, then: now - then,
    shown=math.exp,
    tested=math.log,
)
TOP_TOKEN = Quantity(
    metric=Metric.TOP1_AGREEMENT,
    noise=lambda own: 1 - own,
    worse=lambda now, then, _noise: then - now,
    raw=lambda now, then: then - now,
    shown=float,
    tested=float,
)
PERPLEXITY = Quantity(
    metric=Metric.LN_PPL_RATIO,
    noise=abs,
    worse=lambda now, then, _noise: now - then,
    raw=lambda now, then: now - then,
    shown=float,
    tested=float,
)
QUANTITIES = {
    "regression.divergence": DIVERGENCE,
    "regression.top-token": TOP_TOKEN,
    "regression.perplexity": PERPLEXITY,
}


def check_divergence(case: Case) -> Iterator[Observation]:
    """A variant strays further from the reference than in the baseline.

    Figure: factor by which its KL divergence grew, geometric mean over prompts with the noise floor added on both
    sides, and its 95 % interval. Broken above `limit` when Holm's adjusted p is under 5 % and the mean rise exceeds the
    noise floor. Remedy: read the answers; bless the run if the change is wanted.
    """
    yield from _compare(case, "regression.divergence")


def check_top_token(case: Case) -> Iterator[Observation]:
    """A variant's most likely token is the reference's less often than in the baseline.

    Figure: how much the share fell, mean over prompts with its 95 % interval. Broken above `limit` when Holm's adjusted
    p is under 5 % and the fall exceeds the noise floor (the share at which the reference leaves itself).
    """
    yield from _compare(case, "regression.top-token")


def check_perplexity(case: Case) -> Iterator[Observation]:
    """The reference's answers surprise a variant more than in the baseline.

    Figure: rise of ln(perplexity ratio), mean over prompts with its 95 % interval. Broken above `limit` when Holm's
    adjusted p is under 5 % and the rise exceeds the noise floor (the reference's own ratio under other kernels).
    """
    yield from _compare(case, "regression.perplexity")


def check_damage(case: Case) -> Iterator[Observation]:
    """More answers of a variant are damaged than in the baseline.

    Figure: newly damaged less newly healed answers, share of prompts. Broken above `limit` when an exact sign test on
    the prompts that changed, adjusted by Holm with all other comparisons, is under 5 %.
    """
    yield from _compare(case, "regression.damage")


DAMAGE_RULE = "regression.damage"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """One variant and quantity, now and then, over the prompts that both measured."""

    rule: str
    variant: ReleaseVariant
    metric: Metric
    reason: str = ""
    """Why there is nothing to compare; empty where there is."""
    worse: Values | None = None
    """By prompt, on the tested scale, less the limit on that scale."""
    is_same: bool = False
    """No prompt differs at all."""
    is_beyond_noise: bool = False
    figure: Figure | None = None
    limit: float = 0.0
    noise: float = 0.0


def _compare(case: Case, rule: str) -> Iterator[Observation]:
    if case.accepted is None:
        yield no_baseline()
        return
    comparisons = list(_comparisons(case, case.accepted))
    p_values = {(one.rule, one.variant.label): p for one in comparisons if (p := _p_worse(one)) is not None}
    # Keys are made strings for Holm, which only needs them to be distinct.
    adjusted = holm_adjusted({f"{name} {label}": p for (name, label), p in p_values.items()})
    for one in comparisons:
        if one.rule == rule:
            yield _observe(case, one, adjusted.get(f"{rule} {one.variant.label}"), len(p_values))


def _comparisons(case: Case, accepted: Release) -> Iterator[_Comparison]:
    for variant, before in case.pairs():
        if variant.label == case.release.reference.label:
            continue
        for rule, quantity in QUANTITIES.items():
            if not case.policy.is_off(rule, variant.label):
                yield _of_quantity(case, accepted, rule, quantity, variant, before)
        if not case.policy.is_off(DAMAGE_RULE, variant.label):
            yield _of_damage(case, variant, before)


def _of_quantity(
    case: Case, accepted: Release, rule: str, quantity: Quantity, variant: ReleaseVariant, before: ReleaseVariant
) -> _Comparison:
    limit = case.policy.limit(rule, variant.label)
    start = _Comparison(rule=rule, variant=variant, metric=quantity.metric, limit=limit)
    if case.release.reference.payload_hash != accepted.reference.payload_hash:
        return _because(start, "The reference is another model than in the baseline. Bless a run with it first.")
    now, then = (measured_values(one, quantity.metric) for one in (variant, before))
    if reason := _lost(variant, quantity.metric, now, then):
        return _because(start, reason)
    own_noise = [figure_of(release.reference, quantity.metric).value for release in (case.release, accepted)]
    if any(value is None for value in own_noise):
        return _because(start, "The noise floor was not measured.")
    noise = max(quantity.noise(value) for value in own_noise if value is not None)
    worse = {prompt_id: quantity.worse(now[prompt_id], then[prompt_id], noise) for prompt_id in then}
    rise = fmean(quantity.raw(now[prompt_id], then[prompt_id]) for prompt_id in then)
    mean = mean_with_interval({prompt_id: (value,) for prompt_id, value in worse.items()})
    return _Comparison(
        rule=rule,
        variant=variant,
        metric=quantity.metric,
        worse={prompt_id: value - quantity.tested(limit) for prompt_id, value in worse.items()},
        is_same=all(now[prompt_id] == then[prompt_id] for prompt_id in then),
        is_beyond_noise=rise > noise,
        figure=_shown(mean, quantity),
        limit=limit,
        noise=noise,
    )


def _of_damage(case: Case, variant: ReleaseVariant, before: ReleaseVariant) -> _Comparison:
    limit = case.policy.limit(DAMAGE_RULE, variant.label)
    start = _Comparison(rule=DAMAGE_RULE, variant=variant, metric=Metric.DAMAGE, limit=limit)
    now, then = (measured_values(one, Metric.DAMAGE) for one in (variant, before))
    if reason := _lost(variant, Metric.DAMAGE, now, then):
        return _because(start, reason)
    worse = {prompt_id: now[prompt_id] - then[prompt_id] for prompt_id in then}
    rise = fmean(worse.values())
    return _Comparison(
        rule=DAMAGE_RULE,
        variant=variant,
        metric=Metric.DAMAGE,
        worse=worse,
        is_same=not any(worse.values()),
        is_beyond_noise=True,
        figure=Figure(value=rise, n=len(worse)),
        limit=limit,
    )


def _because(start: _Comparison, reason: str) -> _Comparison:
    return _Comparison(rule=start.rule, variant=start.variant, metric=start.metric, limit=start.limit, reason=reason)


def _lost(variant: ReleaseVariant, metric: Metric, now: Values, then: Values) -> str:
    """Why two columns do not pair: what the baseline measured must be measured now."""
    if not then:
        return "The baseline has no figure for it."
    missing = [prompt_id for prompt_id in then if prompt_id not in now]
    if not missing:
        return ""
    reason = figure_of(variant, metric, missing[0]).reason if missing[0] in variant.prompts else "no such prompt."
    return f"{len(missing)} of the baseline's {len(then)} prompts have no figure now ({missing[0]}: {reason})"


def _shown(mean: Figure, quantity: Quantity) -> Figure:
    value, low, high = (None if one is None else quantity.shown(one) for one in (mean.value, mean.low, mean.high))
    return Figure(value=value, low=low, high=high, n=mean.n, reason=mean.reason)


def _p_worse(one: _Comparison) -> float | None:
    """Two-sided p of "no worse than the limit"; None where nothing differs, or nothing can be tested."""
    if one.worse is None or one.is_same:
        return None
    if one.rule == DAMAGE_RULE:
        n_worse, n_better = (sum(value == sign for value in one.worse.values()) for sign in (1, -1))
        return _sign_test(n_worse, n_better)
    try:
        return p_value(prompt_mean({prompt_id: (value,) for prompt_id, value in one.worse.items()}))
    except NotMeasuredError:
        return None


def _sign_test(n_worse: int, n_better: int) -> float:
    """Two-sided exact p that changes go either way alike; McNemar's test."""
    n, fewer = n_worse + n_better, min(n_worse, n_better)
    n_as_extreme = 2 * sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, float(n_as_extreme / 2**n))


def _observe(case: Case, one: _Comparison, adjusted_p: float | None, n_tests: int) -> Observation:
    label = one.variant.label
    evidence = in_scores(case.release, label, ALL_PROMPTS, one.metric)
    if one.worse is None or one.figure is None or one.figure.value is None:
        return not_measured(label, one.reason, evidence, limit=one.limit)
    is_above = one.figure.value > one.limit and one.is_beyond_noise and not one.is_same
    n_prompts = len(one.worse)
    if is_above and n_prompts < 2:
        reason = "One prompt gives no interval: whether it got worse cannot be told."
        return not_measured(label, reason, evidence, limit=one.limit)
    # Without a test every prompt got worse by the same amount: it has no spread that could excuse it.
    is_proven = adjusted_p is None or adjusted_p < SIGNIFICANCE
    return Observation(
        label=label,
        state=state_of(is_above and is_proven),
        figure=one.figure,
        limit=one.limit,
        message=_message(one, adjusted_p, n_tests),
        evidence=evidence,
    )


def _message(one: _Comparison, adjusted_p: float | None, n_tests: int) -> str:
    prompts = f"{len(one.worse or {})} prompts"
    if one.is_same:
        return f"The same as in the baseline on all {prompts}."
    if adjusted_p is None:
        return f"The same difference to the baseline on every one of {prompts}."
    noise = "" if one.is_beyond_noise else "; within the noise floor"
    return f"Against the baseline on {prompts}: adjusted p {adjusted_p:.2g} over {n_tests} comparisons{noise}."
