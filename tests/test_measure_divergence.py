"""Divergence at one position, against sums done by hand and a slow second version."""

import math

import numpy as np
import pytest
from scipy.special import log_softmax

from evalkit.measure.divergence import Row, kl_divergence_nats, sparse_distribution


def row(*probabilities: float) -> Row:
    return Row.of(np.log(np.array(probabilities)).astype(np.float32))


def slow_kl(reference: np.ndarray, variant: np.ndarray) -> float:
    log_p, log_q = log_softmax(reference.astype(np.float64)), log_softmax(variant.astype(np.float64))
    return float((np.exp(log_p) * (log_p - log_q)).sum())


def test_divergence_of_two_coins_by_hand() -> None:
    # 0.5 ln(0.5/0.25) + 0.5 ln(0.5/0.75) = 0.143841
    found = kl_divergence_nats(sparse_distribution(row(0.5, 0.5)), row(0.25, 0.75))
    assert found == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3), abs=1e-6)


def test_swapping_sides_changes_a_lopsided_divergence() -> None:
    # 0.25 ln(0.5) + 0.75 ln(1.5) = 0.130812
    found = kl_divergence_nats(sparse_distribution(row(0.25, 0.75)), row(0.5, 0.5))
    assert found == pytest.approx(0.130812, abs=1e-5)


def test_a_distribution_does_not_stray_from_itself_whatever_its_normaliser() -> None:
    logits = np.random.default_rng(1).normal(0, 4, 5000).astype(np.float32)
    reference = sparse_distribution(Row.of(logits))
    assert kl_divergence_nats(reference, Row.of(logits)) == pytest.approx(0, abs=1e-6)
    assert kl_divergence_nats(reference, Row.of(logits + np.float32(3))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("sigma", [0.05, 0.3, 1.0])
def test_the_sparse_divergence_loses_the_tails_mass_times_the_divergence_within_it(sigma: float) -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        reference = rng.normal(0, 7, 20_000).astype(np.float32)
        variant = (reference + rng.normal(0, sigma, 20_000)).astype(np.float32)
        tail = reference <= reference.max() - 14
        mass = np.exp(log_softmax(reference.astype(np.float64)))[tail].sum()
        lost = mass * slow_kl(reference[tail], variant[tail])
        found = kl_divergence_nats(sparse_distribution(Row.of(reference)), Row.of(variant))
        # float32 log-probabilities near 20 are good to 1e-6, and errors of both signs meet in the sum.
        assert found == pytest.approx(slow_kl(reference, variant) - lost, abs=2e-6)
        assert 0 <= lost < 1e-4


def test_a_tail_is_kept_as_one_mass() -> None:
    # One token at logit 0 and a million at -15: each is beyond 14 nats, together they weigh 1e6 * exp(-15) = 0.3059.
    logits = np.full(1_000_001, -15, dtype=np.float32)
    logits[0] = 0
    sparse = sparse_distribution(Row.of(logits))
    mass = 1e6 * math.exp(-15)
    assert sparse.token_ids.tolist() == [0]
    assert sparse.tail_mass == pytest.approx(mass / (1 + mass), rel=1e-4)
    # A variant that doubles every tail token: p ln(p/q) over the two lumps.
    doubled = logits + np.float32(math.log(2))
    doubled[0] = 0
    p, q = 1 / (1 + mass), 1 / (1 + 2 * mass)
    expected = p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    assert kl_divergence_nats(sparse, Row.of(doubled)) == pytest.approx(expected, rel=1e-3)


def test_the_log_probability_of_one_token() -> None:
    assert row(0.2, 0.8).log_probs_nats(0) == pytest.approx(math.log(0.2), abs=1e-6)
