"""Reverse KL and Jensen-Shannon against sums done by hand and a slow second version over the whole vocabulary."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import log_softmax

from evalkit.measure.divergence import Row, sparse_distribution
from evalkit.measure.symmetric import js_divergence_nats, lump, reverse_kl_nats


def row(*probabilities: float) -> Row:
    return Row.of(np.log(np.array(probabilities)).astype(np.float32))


def js(first: Row, second: Row) -> float:
    pair = lump(sparse_distribution(first), second)
    return float(js_divergence_nats(pair.log_p, pair.log_q))


def full_reverse(reference: np.ndarray, variant: np.ndarray) -> float:
    log_p, log_q = log_softmax(reference.astype(np.float64)), log_softmax(variant.astype(np.float64))
    return float(np.exp(log_q) @ (log_q - log_p))


def full_js(reference: np.ndarray, variant: np.ndarray) -> float:
    p, q = (np.exp(log_softmax(side.astype(np.float64))) for side in (reference, variant))
    return float(jensenshannon(p, q)) ** 2


def test_the_reverse_takes_the_variants_side_by_hand() -> None:
    # Reference (1/2, 1/2), variant (1/4, 3/4): 0.25 ln 0.5 + 0.75 ln 1.5 = 0.130812; forward it would be 0.143841.
    found = reverse_kl_nats(lump(sparse_distribution(row(0.5, 0.5)), row(0.25, 0.75)))
    assert found == pytest.approx(0.25 * math.log(0.5) + 0.75 * math.log(1.5), abs=1e-6)
    assert found == pytest.approx(0.130812, abs=1e-6)


def test_jensen_shannon_by_hand_and_from_either_side() -> None:
    # Mean (3/8, 5/8). Half of 0.5 ln(4/3) + 0.5 ln(4/5) and half of 0.25 ln(2/3) + 0.75 ln(6/5): 0.033821.
    expected = (0.5 * math.log(4 / 3) + 0.5 * math.log(4 / 5) + 0.25 * math.log(2 / 3) + 0.75 * math.log(6 / 5)) / 2
    assert js(row(0.5, 0.5), row(0.25, 0.75)) == pytest.approx(expected, abs=1e-7)
    assert js(row(0.25, 0.75), row(0.5, 0.5)) == pytest.approx(expected, abs=1e-7)


def test_nothing_in_common_is_ln_2() -> None:
    log_p, log_q = np.array([0.0, -np.inf]), np.array([-np.inf, 0.0])
    assert js_divergence_nats(log_p, log_q) == pytest.approx(math.log(2))


def test_a_distribution_does_not_stray_from_itself() -> None:
    for seed, scale in ((1, 0.1), (2, 4.0), (3, 12.0)):
        logits = np.random.default_rng(seed).normal(0, scale, 5000).astype(np.float32)
        pair = lump(sparse_distribution(Row.of(logits)), Row.of(logits + np.float32(3)))
        # float32 log-probabilities are good to 1e-6.
        assert 0 <= reverse_kl_nats(pair) < 2e-6
        assert 0 <= float(js_divergence_nats(pair.log_p, pair.log_q)) < 2e-6


@pytest.mark.parametrize("sigma", [0.05, 0.5, 3.0])
def test_lumping_never_adds_and_costs_jensen_shannon_no_more_than_its_bound(sigma: float) -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        reference = rng.normal(0, 5, 20_000).astype(np.float32)
        variant = (reference + rng.normal(0, sigma, 20_000)).astype(np.float32)
        sparse, found = sparse_distribution(Row.of(reference)), Row.of(variant)
        pair = lump(sparse, found)
        tails = sparse.tail_mass + math.exp(pair.log_q[-1])
        true, measured = full_js(reference, variant), float(js_divergence_nats(pair.log_p, pair.log_q))
        assert true - math.log(2) * tails / 2 - 2e-6 <= measured <= true + 2e-6
        assert reverse_kl_nats(pair) <= full_reverse(reference, variant) + 5e-6


def test_a_variant_that_speaks_only_in_the_tail_is_far_away_and_finite() -> None:
    reference = np.full(5000, -40, dtype=np.float32)
    reference[0] = 0
    variant = np.full(5000, -40, dtype=np.float32)
    variant[4999] = 0
    pair = lump(sparse_distribution(Row.of(reference)), Row.of(variant))
    assert float(js_divergence_nats(pair.log_p, pair.log_q)) == pytest.approx(math.log(2), abs=1e-4)
    assert math.isfinite(reverse_kl_nats(pair))
    assert reverse_kl_nats(pair) > 10
