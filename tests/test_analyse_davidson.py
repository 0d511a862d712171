"""Davidson's model: the maximum that an independent optimiser finds, and no rating where there is none."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from evalkit.analyse.davidson import Tally, fit_davidson
from evalkit.records.errors import NotMeasuredError


def tally(wins: list[list[float]], ties: list[list[float]]) -> Tally:
    return Tally(wins=np.array(wins, dtype=float), ties=np.array(ties, dtype=float))


def test_two_variants_with_ties_have_the_closed_form_of_the_paper() -> None:
    # One pair: P(win) = 6/12, P(loss) = 2/12, P(tie) = 4/12, so d = ln(6 / 2) and nu = 4 / sqrt(6 * 2).
    fit = fit_davidson(tally([[0, 2], [6, 0]], [[0, 4], [4, 0]]), reference=0)
    assert fit.strengths[1] == pytest.approx(math.log(3), abs=1e-9)
    assert fit.tie == pytest.approx(math.log(4 / math.sqrt(12)), abs=1e-9)
    assert fit.win_share(fit.strengths[1]) == pytest.approx((6 + 4 / 2) / 12, abs=1e-9)


def test_without_ties_it_is_bradley_and_terrys_model() -> None:
    # 30 of 40 votes: log-odds ln 3, and the variance of a logit, 1 / (n p q) = 1 / 7.5.
    fit = fit_davidson(tally([[0, 10], [30, 0]], [[0, 0], [0, 0]]), reference=0)
    assert fit.strengths[1] == pytest.approx(math.log(3), abs=1e-9)
    assert fit.covariance[1, 1] == pytest.approx(1 / 7.5, abs=1e-9)
    assert fit.win_share(fit.strengths[1]) == pytest.approx(0.75, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_an_independent_implementation_agrees_to_a_millionth(seed: int) -> None:
    # The likelihood in its textbook form, p_i / (p_i + p_j + nu sqrt(p_i p_j)), maximised by another method.
    random = np.random.default_rng(seed)
    n = 6
    wins = random.integers(1, 9, size=(n, n)) * (1 - np.eye(n))
    ties = np.triu(random.integers(0, 9, size=(n, n)), 1)
    ties = ties + ties.T

    def minus_log_likelihood(point: np.ndarray) -> float:
        worth, nu = np.exp(np.append(0.0, point[:-1])), np.exp(point[-1])
        total = 0.0
        for i in range(n):
            for j in range(n):
                if i != j:
                    between = nu * math.sqrt(worth[i] * worth[j])
                    denominator = worth[i] + worth[j] + between
                    total += wins[i, j] * math.log(worth[i] / denominator)
                    total += ties[i, j] / 2 * math.log(between / denominator)
        return -total

    rough = minimize(minus_log_likelihood, np.zeros(n), method="BFGS")
    options = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 20_000, "maxfev": 20_000}
    found = minimize(minus_log_likelihood, rough.x, method="Nelder-Mead", options=options)
    fit = fit_davidson(Tally(wins=wins, ties=ties), reference=0)
    assert fit.strengths[1:] == pytest.approx(found.x[:-1], abs=1e-6)
    assert fit.tie == pytest.approx(found.x[-1], abs=1e-6)


def test_a_start_elsewhere_leads_to_the_same_maximum() -> None:
    votes = tally([[0, 3, 5], [4, 0, 2], [1, 6, 0]], [[0, 2, 1], [2, 0, 3], [1, 3, 0]])
    fit = fit_davidson(votes, reference=0)
    other = fit_davidson(tally([[0, 9, 1], [1, 0, 8], [7, 2, 0]], [[0, 1, 5], [1, 0, 9], [5, 9, 0]]), reference=0)
    assert fit_davidson(votes, reference=0, start=other).strengths == pytest.approx(fit.strengths, abs=1e-9)


def test_a_variant_that_never_lost_has_no_finite_rating() -> None:
    with pytest.raises(NotMeasuredError, match="never lost"):
        fit_davidson(tally([[0, 0], [7, 0]], [[0, 0], [0, 0]]), reference=0)


def test_a_tie_beside_wins_does_not_keep_it_finite() -> None:
    # With P(loss) = 0 the shares 7/8 and 1/8 fit best, and only an infinite strength has no losses.
    with pytest.raises(NotMeasuredError, match="never lost"):
        fit_davidson(tally([[0, 0], [7, 0]], [[0, 1], [1, 0]]), reference=0)


def test_a_ring_of_wins_and_ties_is_finite_although_nobody_lost_to_whom_they_beat() -> None:
    # M2 beats M1, M3 beats M2, and M1 ties with M3: no direction suits all three.
    wins = [[0, 0, 0], [4, 0, 0], [0, 4, 0]]
    fit = fit_davidson(tally(wins, [[0, 1, 3], [1, 0, 1], [3, 1, 0]]), reference=0)
    assert 0 < fit.strengths[1] < fit.strengths[2] < 10


def test_variants_that_nobody_compared_with_the_rest_have_none() -> None:
    votes = tally(
        [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]],
        [[0, 0, 0, 0]] * 4,
    )
    with pytest.raises(NotMeasuredError, match="never compared"):
        fit_davidson(votes, reference=0)


def test_all_ties_fix_nothing() -> None:
    with pytest.raises(NotMeasuredError, match="Every vote was a tie"):
        fit_davidson(tally([[0, 0], [0, 0]], [[0, 9], [9, 0]]), reference=0)
