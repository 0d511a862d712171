"""Divergence at one position, against sums done by hand and a slow second version."""

import math
from functools import cache

import numpy as np
import pytest
from scipy.special import log_softmax

from evalkit.measure.divergence import (
    LEVEL_TOLERANCE_NATS,
    MAX_TAIL_MASS,
    TAIL_DIVERGENCE_NATS,
    Row,
    kl_divergence_nats,
    max_kept,
    sparse_distribution,
)


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


def noisy(logits: np.ndarray, sigma: float, seed: int = 3) -> np.ndarray:
    return (logits + np.random.default_rng(seed).normal(0, sigma, len(logits))).astype(np.float32)


@pytest.mark.parametrize("sigma", [0.05, 0.3, 1.0])
def test_the_sparse_divergence_loses_the_tails_mass_times_the_divergence_within_it(sigma: float) -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        reference = rng.normal(0, 7, 20_000).astype(np.float32)
        variant = noisy(reference, sigma)
        sparse = sparse_distribution(Row.of(reference))
        tail = np.delete(np.arange(20_000), sparse.token_ids)
        mass = np.exp(log_softmax(reference.astype(np.float64)))[tail].sum()
        lost = mass * slow_kl(reference[tail], variant[tail])
        found = kl_divergence_nats(sparse, Row.of(variant))
        assert sparse.tail_mass == pytest.approx(mass, rel=1e-5)
        assert mass <= MAX_TAIL_MASS
        # float32 log-probabilities near 20 are good to 1e-6, and errors of both signs meet in the sum.
        assert found == pytest.approx(slow_kl(reference, variant) - lost, abs=2e-6)
        assert 0 <= lost <= sparse.error_bound_nats < 5.1e-5


N_VOCAB = 262_144

ROUNDING = 2e-6
"""Log-probabilities are kept to 1e-6, and the logits of a float32 row are no finer."""


@cache
def rows() -> dict[str, np.ndarray]:
    """Rows at a vocabulary of 262,144: what models write, and what was made to break the record."""
    rng = np.random.default_rng(5)
    ranks = np.arange(1, N_VOCAB + 1)
    one_hot, ties, crowd = (np.zeros(N_VOCAB) for _ in range(3))
    one_hot[77_777] = 200
    ties[:1000] = 5
    crowd[0] = 15
    return {
        "bell": rng.normal(0, 7, N_VOCAB),
        "wide bell": rng.normal(0, 3, N_VOCAB),
        "heavy tail": rng.permutation(-2.0 * np.log(ranks)),
        "heavier tail": rng.permutation(-1.1 * np.log(ranks)),
        "flat": np.full(N_VOCAB, -3.0),
        "one hot": one_hot,
        "ties": ties,
        "one above a crowd": crowd,
        "two levels": np.where(ranks % 2, 0.0, -1.0),
    }


@pytest.mark.parametrize("name", list(rows()))
@pytest.mark.parametrize("sigma", [0.0, 0.05, 0.5])
def test_whatever_the_row_the_divergence_is_a_lower_bound_within_the_rows_own_error(name: str, sigma: float) -> None:
    reference = rows()[name].astype(np.float32)
    variant = noisy(reference, sigma)
    sparse = sparse_distribution(Row.of(reference))
    found, true = kl_divergence_nats(sparse, Row.of(variant)), slow_kl(reference, variant)
    assert true - sparse.error_bound_nats - ROUNDING <= found <= true + ROUNDING
    assert len(sparse.token_ids) <= max_kept(N_VOCAB)


@pytest.mark.parametrize("name", list(rows()))
@pytest.mark.parametrize("raised_nats", [1.0, 3.0, 20.0])
def test_a_variant_that_moves_mass_into_the_tail_is_never_put_too_far_away(name: str, raised_nats: float) -> None:
    reference = rows()[name].astype(np.float32)
    sparse = sparse_distribution(Row.of(reference))
    tail = np.delete(np.arange(N_VOCAB), sparse.token_ids)
    variant = reference.copy()
    variant[tail[:: max(len(tail) // 50, 1)]] += np.float32(raised_nats)
    lost = slow_kl(reference, variant) - kl_divergence_nats(sparse, Row.of(variant))
    within = slow_kl(reference[tail], variant[tail])
    assert lost >= -ROUNDING
    if math.isnan(sparse.level_nats):
        assert lost == pytest.approx(sparse.tail_mass * within, rel=1e-3, abs=2 * ROUNDING)
    else:
        assert lost <= 2 * ROUNDING + LEVEL_TOLERANCE_NATS


@pytest.mark.parametrize("sigma", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("scale", [0.0, 1e-3, 0.3, 1.0, 2.0, 4.0, 7.0, 30.0])
def test_a_vocabulary_of_4096_fits_whole_so_no_row_and_no_variant_can_lose_more_than_5e_5(
    scale: float, sigma: float
) -> None:
    rng = np.random.default_rng(8)
    for _ in range(10):
        reference = rng.normal(0, scale, 4096).astype(np.float32)
        variant = noisy(reference, sigma, seed=int(rng.integers(1000)))
        sparse = sparse_distribution(Row.of(reference))
        lost = slow_kl(reference, variant) - kl_divergence_nats(sparse, Row.of(variant))
        assert sparse.error_bound_nats <= 5e-5
        assert -ROUNDING <= lost <= 5e-5


@pytest.mark.parametrize("name", ["bell", "heavy tail", "flat", "one hot", "ties", "one above a crowd"])
def test_quants_of_one_model_lose_under_5e_5_nats_on_rows_of_models_flat_rows_spikes_and_ties(name: str) -> None:
    reference = rows()[name].astype(np.float32)
    variant = noisy(reference, 0.3)
    found = kl_divergence_nats(sparse_distribution(Row.of(reference)), Row.of(variant))
    # The lower edge allows for float32, the upper one is what the record promises.
    assert -2e-6 <= slow_kl(reference, variant) - found <= 5e-5


def test_a_row_too_wide_for_its_record_says_how_much_it_may_lose() -> None:
    reference = rows()["wide bell"].astype(np.float32)
    sparse = sparse_distribution(Row.of(reference))
    assert len(sparse.token_ids) == max_kept(N_VOCAB)
    assert sparse.tail_mass > MAX_TAIL_MASS
    assert sparse.error_bound_nats == pytest.approx(sparse.tail_mass * TAIL_DIVERGENCE_NATS)


def test_the_fewest_tokens_are_kept_and_the_most_likely_ones() -> None:
    # 0.9, 0.09, 0.009999, then 1e-6 in 4 equal parts: the parts together weigh less than 5e-6 and go.
    probabilities = np.array([0.25e-6, 0.9, 0.25e-6, 0.09, 0.25e-6, 0.009999, 0.25e-6])
    sparse = sparse_distribution(Row.of(np.log(probabilities).astype(np.float32)))
    assert sparse.token_ids.tolist() == [1, 3, 5]
    assert sparse.tail_mass == pytest.approx(1e-6, rel=1e-3)


def test_the_most_likely_token_is_kept_even_when_a_crowd_outweighs_it() -> None:
    # One token at 15 above 262,143 at 0: exp(15) = 3.27 million, the crowd weighs 0.0742 of all.
    sparse = sparse_distribution(Row.of(rows()["one above a crowd"].astype(np.float32)))
    mass = (N_VOCAB - 1) * math.exp(-15)
    assert 0 in sparse.token_ids
    assert sparse.tail_mass == pytest.approx(
        mass / (1 + mass) * (N_VOCAB - max_kept(N_VOCAB)) / (N_VOCAB - 1), rel=1e-4
    )
    assert sparse.level_nats == pytest.approx(-15 - math.log1p(mass), abs=1e-5)


def test_the_log_probability_of_one_token() -> None:
    assert row(0.2, 0.8).log_probs_nats(0) == pytest.approx(math.log(0.2), abs=1e-6)
