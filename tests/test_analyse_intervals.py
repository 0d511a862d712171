"""Intervals, tests and power against printed tables, scipy and a slow second way."""

import math

import numpy as np
import pytest
from scipy import stats

from evalkit.analyse.intervals import (
    holm_adjusted,
    mean_with_interval,
    p_value,
    prompt_mean,
    smallest_detectable_difference,
)
from evalkit.records.errors import NotMeasuredError


def by_prompt(*values: float) -> dict[str, tuple[float, ...]]:
    return {f"prompt {number}": (value,) for number, value in enumerate(values)}


def test_four_prompts_by_hand_and_the_printed_t_table() -> None:
    # Mean 2.5; squared deviations 2.25 + 0.25 + 0.25 + 2.25 = 5; sd^2 = 5/3; standard error sqrt(5/3/4) = 0.6455.
    # The printed table has 3.182 for 3 degrees of freedom.
    figure = mean_with_interval(by_prompt(1, 2, 3, 4))
    assert (figure.value, figure.n, figure.reason) == (2.5, 4, None)
    assert figure.low == pytest.approx(2.5 - 3.182 * 0.6455, abs=1e-3)
    assert figure.high == pytest.approx(2.5 + 3.182 * 0.6455, abs=1e-3)


def test_one_value_per_prompt_is_scipys_t_interval() -> None:
    values = np.random.default_rng(3).normal(2, 5, 12)
    figure = mean_with_interval(by_prompt(*values))
    low, high = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    assert (figure.low, figure.high) == (pytest.approx(low), pytest.approx(high))


def test_values_of_one_prompt_go_together() -> None:
    # Residuals from 4: prompt a sums to -3 - 1 = -4, b to +4. Sandwich with factor 2 / (2 - 1):
    # sqrt(2 * (16 + 16)) / 4 = 2; as if independent it would be 2.58 / 2 = 1.29. The table has 12.706 for 1 degree.
    figure = mean_with_interval({"a": (1, 3), "b": (5, 7)})
    assert (figure.value, figure.n) == (4, 4)
    assert figure.high == pytest.approx(4 + 12.706 * 2, abs=1e-2)


def test_a_repeated_value_adds_no_certainty() -> None:
    once, thrice = by_prompt(1, 2, 4), {prompt: values * 3 for prompt, values in by_prompt(1, 2, 4).items()}
    assert prompt_mean(thrice).standard_error == pytest.approx(prompt_mean(once).standard_error)


def test_one_prompt_has_a_value_and_a_reason_instead_of_an_interval() -> None:
    figure = mean_with_interval(by_prompt(7))
    assert (figure.value, figure.low, figure.high, figure.n) == (7, None, None, 1)
    assert "at least 2" in (figure.reason or "")


@pytest.mark.parametrize("nothing", [{}, {"inn": ()}])
def test_no_prompt_is_not_measured(nothing: dict[str, tuple[float, ...]]) -> None:
    figure = mean_with_interval(nothing)
    assert (figure.value, figure.n) == (None, 0)
    assert figure.reason


def test_order_of_prompts_changes_nothing() -> None:
    values = by_prompt(0.1, 0.7, -3.3, 1e-9, 5.5)
    assert mean_with_interval(dict(reversed(values.items()))) == mean_with_interval(values)


def test_p_value_is_scipys_one_sample_test() -> None:
    values = np.random.default_rng(4).normal(1, 2, 9)
    assert p_value(prompt_mean(by_prompt(*values))) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


def test_values_that_do_not_vary_are_no_proof() -> None:
    mean = prompt_mean(by_prompt(3, 3, 3))
    with pytest.raises(NotMeasuredError):
        p_value(mean)
    with pytest.raises(NotMeasuredError):
        smallest_detectable_difference(mean)


def alternating(n: int) -> dict[str, tuple[float, ...]]:
    """n values with sd 1 exactly."""
    values = np.array([(-1.0) ** index for index in range(n)])
    return by_prompt(*((values - values.mean()) / values.std(ddof=1)))


def test_detectable_difference_agrees_with_published_sample_sizes() -> None:
    # Paired t test, two-sided 5 %, power 80 %: 34 pairs for half a standard deviation, 15 for .8 (G*Power, Cohen 1988).
    assert smallest_detectable_difference(prompt_mean(alternating(34))) <= 0.5
    assert smallest_detectable_difference(prompt_mean(alternating(33))) > 0.5
    assert smallest_detectable_difference(prompt_mean(alternating(15))) <= 0.8
    assert smallest_detectable_difference(prompt_mean(alternating(14))) > 0.8


def test_detectable_difference_of_four_prompts_is_found_four_times_in_five() -> None:
    # 20,000 simulated runs: the share's standard error is .003.
    difference = smallest_detectable_difference(prompt_mean(alternating(4)))
    draws = np.random.default_rng(6).normal(difference, 1, (20_000, 4))
    found = stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.012)


@pytest.mark.parametrize("n_prompts", [4, 8, 10])
def test_intervals_cover_the_truth_19_times_in_20_although_prompts_differ(n_prompts: int) -> None:
    # 3 values per prompt that share the prompt's own effect; naive intervals miss 17 to 20 times in 100.
    rng, n_missed = np.random.default_rng(7), 0
    for _ in range(2000):
        effects = rng.normal(0, 1, n_prompts)
        figure = mean_with_interval({str(i): tuple(rng.normal(effect, 0.7, 3)) for i, effect in enumerate(effects)})
        assert figure.low is not None
        assert figure.high is not None
        n_missed += not figure.low <= 0 <= figure.high
    assert n_missed / 2000 == pytest.approx(0.05, abs=0.02)


def test_holm_by_hand() -> None:
    # Sorted .005 .01 .03 .04: times 4, 3, 2, 1 and never falling: .02 .03 .06 .06.
    adjusted = holm_adjusted({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert list(adjusted) == ["a", "b", "c", "d"]
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})


def test_holm_of_one_or_none_changes_nothing_and_stops_at_one() -> None:
    assert holm_adjusted({"a": 0.04}) == {"a": 0.04}
    assert holm_adjusted({}) == {}
    assert max(holm_adjusted({"a": 0.9, "b": 0.8}).values()) == 1
    assert math.isclose(holm_adjusted({"a": 0.2, "b": 0.2})["b"], 0.4)
