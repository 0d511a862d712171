"""Regression against the baseline: beyond the interval and the noise floor, paired by prompt, adjusted by Holm."""

import math
from dataclasses import replace

import pytest
from scipy import stats

from evalkit.gate.regression import _sign_test
from evalkit.records.gate import State
from evalkit.records.scores import Metric
from tests.gate_samples import (
    NOISE,
    PROMPTS,
    Release,
    observe,
    policy,
    release,
    state,
    values_of,
    with_facts,
    with_values,
)

KEPT, BROKEN, NOT_MEASURED = State.KEPT, State.BROKEN, State.NOT_MEASURED
RULES = ("regression.divergence", "regression.top-token", "regression.perplexity", "regression.damage")
WORSE = {
    "regression.divergence": (Metric.KL_DIVERGENCE, +1),
    "regression.top-token": (Metric.TOP1_AGREEMENT, -1),
    "regression.perplexity": (Metric.LN_PPL_RATIO, +1),
}


def moved(metric: Metric, by: tuple[float, ...], label: str = "M3", base: Release | None = None) -> Release:
    """One variant's values moved on each prompt by so much."""
    base = base or release()
    values = values_of(base, label, metric)
    return with_values(base, label, metric, {name: values[name] + step for name, step in zip(values, by, strict=True)})


@pytest.mark.parametrize("rule", RULES)
def test_the_same_figures_are_the_same_and_nothing_is_tested(rule: str) -> None:
    found = observe(rule, release(), release())
    assert {one.state for one in found.values()} == {KEPT}
    assert "The same as in the baseline" in found["M3", "*"].message
    assert ("M1", "*") not in found


@pytest.mark.parametrize(("rule", "metric", "sign"), [(rule, *how) for rule, how in WORSE.items()])
def test_worse_on_every_prompt_is_broken_and_as_much_better_is_kept(rule: str, metric: Metric, sign: int) -> None:
    steps = (0.05, 0.055, 0.052, 0.058)
    assert state(rule, moved(metric, tuple(sign * step for step in steps)), release()) is BROKEN
    assert state(rule, release(), moved(metric, tuple(sign * step for step in steps))) is KEPT


@pytest.mark.parametrize(("rule", "metric", "sign"), [(rule, *how) for rule, how in WORSE.items()])
def test_a_difference_within_the_noise_floor_is_kept_however_sure(rule: str, metric: Metric, sign: int) -> None:
    floor = {Metric.KL_DIVERGENCE: NOISE, Metric.TOP1_AGREEMENT: 0.01, Metric.LN_PPL_RATIO: 0.0005}[metric]
    spread = (1.0, 1.0 + 1e-4, 1.0 - 1e-4, 1.0)
    # The mean of `spread` is 1: the first lies just below the floor, the second just above it.
    below = moved(metric, tuple(sign * floor * 0.99 * factor for factor in spread))
    above = moved(metric, tuple(sign * floor * 1.01 * factor for factor in spread))
    assert state(rule, below, release()) is KEPT
    if rule != "regression.divergence":
        assert state(rule, above, release()) is BROKEN


@pytest.mark.parametrize(("rule", "metric", "sign"), [(rule, *how) for rule, how in WORSE.items()])
def test_a_difference_that_varies_too_much_is_kept(rule: str, metric: Metric, sign: int) -> None:
    assert state(rule, moved(metric, tuple(sign * step for step in (0.2, -0.004, 0.004, -0.003))), release()) is KEPT


def test_the_factor_and_its_interval_are_those_of_a_t_test_of_the_logs() -> None:
    now = moved(Metric.KL_DIVERGENCE, (0.01, 0.03, 0.02, 0.05))
    before, after = (values_of(one, "M3", Metric.KL_DIVERGENCE) for one in (release(), now))
    logs = [math.log((after[name] + NOISE) / (before[name] + NOISE)) for name in PROMPTS]
    low, high = stats.ttest_1samp(logs, 0).confidence_interval(0.95)
    figure = observe("regression.divergence", now, release())["M3", "*"].figure
    assert figure.value == pytest.approx(math.exp(sum(logs) / 4))
    assert figure.low == pytest.approx(math.exp(low))
    assert figure.high == pytest.approx(math.exp(high))


def test_p_is_adjusted_over_every_comparison_that_has_a_difference() -> None:
    steps = (0.004, 0.010, 0.012, 0.018)
    alone = moved(Metric.LN_PPL_RATIO, steps)
    p = stats.ttest_1samp(steps, 0).pvalue
    assert 0.025 < p < 0.05
    assert (
        f"adjusted p {p:.2g} over 1 comparisons"
        in observe("regression.perplexity", alone, release())["M3", "*"].message
    )
    assert state("regression.perplexity", alone, release()) is BROKEN
    # A second, meaningless difference anywhere in the gate doubles the smallest p.
    two = moved(Metric.TOP1_AGREEMENT, (0.02, -0.03, 0.01, -0.02), label="M2", base=alone)
    found = observe("regression.perplexity", two, release())["M3", "*"]
    assert f"adjusted p {2 * p:.2g} over 2 comparisons" in found.message
    assert found.state is KEPT


def test_rules_that_are_off_are_not_counted() -> None:
    two = moved(
        Metric.TOP1_AGREEMENT, (0.02, -0.03, 0.01, -0.02), base=moved(Metric.LN_PPL_RATIO, (0.1, 0.2, 0.1, 0.2))
    )
    off = policy(regression__top_token={"breach": "off"})
    assert "over 1 comparisons" in observe("regression.perplexity", two, release(), off)["M3", "*"].message


def test_a_limit_tolerates_a_known_loss() -> None:
    doubled = with_values(
        release(),
        "M3",
        Metric.KL_DIVERGENCE,
        dict(zip(PROMPTS, (0.021, 0.0411, 0.0612, 0.0811), strict=True)),
    )
    assert state("regression.divergence", doubled, release()) is BROKEN
    tolerant = policy(regression__divergence={"limit": 2.5})
    assert observe("regression.divergence", doubled, release(), tolerant)["M3", "*"].state is KEPT


def test_the_same_loss_on_every_prompt_has_no_spread_that_could_excuse_it() -> None:
    tie = with_values(release(), "M3", Metric.TOP1_AGREEMENT, dict.fromkeys(PROMPTS, 0.5))
    before = with_values(release(), "M3", Metric.TOP1_AGREEMENT, dict.fromkeys(PROMPTS, 0.75))
    assert state("regression.top-token", tie, before) is BROKEN
    assert state("regression.top-token", before, tie) is KEPT


@pytest.mark.parametrize(("rule", "metric", "sign"), [(rule, *how) for rule, how in WORSE.items()])
def test_a_single_prompt_can_pass_but_never_prove(rule: str, metric: Metric, sign: int) -> None:
    lone = release(("inn",))
    assert state(rule, lone, lone) is KEPT
    worse = moved(metric, (sign * 0.2,), base=lone)
    assert state(rule, worse, lone) is NOT_MEASURED
    assert state(rule, lone, worse) is KEPT


@pytest.mark.parametrize("rule", RULES)
def test_an_empty_suite_compares_nothing(rule: str) -> None:
    assert state(rule, release(()), release(())) is NOT_MEASURED


@pytest.mark.parametrize(("rule", "metric", "_sign"), [(rule, *how) for rule, how in WORSE.items()])
def test_a_prompt_that_the_baseline_measured_must_be_measured_again(rule: str, metric: Metric, _sign: int) -> None:
    lost = with_values(release(), "M3", metric, {"sky": None})
    found = observe(rule, lost, release())["M3", "*"]
    assert (found.state, found.figure.value) == (NOT_MEASURED, None)
    assert "1 of the baseline's 4 prompts" in found.message
    # What neither has is no loss.
    assert state(rule, lost, lost) is KEPT


def test_without_a_noise_floor_nothing_is_beyond_it() -> None:
    lost = with_values(release(), "M1", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, None))
    found = observe("regression.divergence", lost, release())["M3", "*"]
    assert (found.state, found.message) == (NOT_MEASURED, "The noise floor was not measured.")


def test_another_reference_makes_all_comparisons_void() -> None:
    other = with_facts(release(), "M1", payload_hash="9" * 64)
    assert state("regression.divergence", other, release()) is NOT_MEASURED


def test_a_noise_of_zero_does_not_break_the_logarithm() -> None:
    quiet = with_values(release(), "M1", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, 0.0))
    zero = with_values(quiet, "M3", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, 0.0))
    assert state("regression.divergence", zero, quiet) is KEPT
    assert state("regression.divergence", quiet, zero) is BROKEN


def damaged(n_prompts: int, n_worse: int, n_better: int) -> tuple[Release, Release]:
    """(now, then) of a suite on which so many answers became damaged and so many healed."""
    names = tuple(f"p{number}" for number in range(n_prompts))
    sound = release(names)
    now = with_values(sound, "M3", Metric.DAMAGE, dict.fromkeys(names[:n_worse], 1.0))
    then = with_values(sound, "M3", Metric.DAMAGE, dict.fromkeys(names[n_worse : n_worse + n_better], 1.0))
    return now, then


@pytest.mark.parametrize(
    ("n_worse", "n_better", "expected"), [(6, 0, BROKEN), (5, 0, KEPT), (8, 1, BROKEN), (7, 1, KEPT), (0, 6, KEPT)]
)
def test_damage_needs_an_exact_sign_test(n_worse: int, n_better: int, expected: State) -> None:
    # Two-sided: 2 / 2**6 = .031, 2 / 2**5 = .063; 2 * (1 + 9) / 2**9 = .039, 2 * (1 + 8) / 2**8 = .070.
    assert state("regression.damage", *damaged(12, n_worse, n_better)) is expected


@pytest.mark.parametrize(("n_worse", "n_better"), [(6, 0), (5, 3), (2, 2), (0, 7)])
def test_the_sign_test_is_scipys_binomial_test(n_worse: int, n_better: int) -> None:
    assert _sign_test(n_worse, n_better) == pytest.approx(stats.binomtest(n_worse, n_worse + n_better).pvalue)


def test_damage_that_was_not_measured_is_its_own_outcome() -> None:
    now, then = damaged(12, 6, 0)
    assert state("regression.damage", with_values(now, "M3", Metric.DAMAGE, {"p0": None}), then) is NOT_MEASURED


@pytest.mark.parametrize("rule", RULES)
def test_without_a_baseline_nothing_is_compared(rule: str) -> None:
    assert state(rule, release(), label="*") is NOT_MEASURED


def test_a_variant_that_the_baseline_does_not_have_is_not_compared() -> None:
    smaller = replace(release(), variants=release().variants[:2])
    assert set(observe("regression.divergence", release(), smaller)) == {("M2", "*")}
