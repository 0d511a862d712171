"""Any two variants compared through what each kept of the reference's likeliest tokens."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax

from evalkit.measure.divergence import Row, sparse_distribution
from evalkit.measure.partition import (
    N_PARTS,
    family_distance_nats,
    pair_distances,
    partition_ids,
    reference_parts,
    variant_parts,
)


def kept(reference: np.ndarray, variant: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What two recorders keep of one position."""
    sparse = sparse_distribution(Row.of(reference))
    own = variant_parts(partition_ids(sparse), Row.of(variant))
    return reference_parts(sparse)[None].astype(np.float32), own[None].astype(np.float32)


def test_parts_are_the_likeliest_tokens_in_order_and_the_rest_by_hand() -> None:
    logits = np.log(np.array([0.1, 0.4, 0.3, 0.2])).astype(np.float32)
    sparse = sparse_distribution(Row.of(logits))
    assert partition_ids(sparse).tolist() == [1, 2, 3, 0]
    parts = reference_parts(sparse)
    assert np.exp(parts[:4]).tolist() == pytest.approx([0.4, 0.3, 0.2, 0.1])
    assert np.isneginf(parts[4:-1]).all()
    assert math.exp(parts[-1]) < 1e-6


def test_of_equal_tokens_the_lowest_ids_have_parts() -> None:
    flat = np.zeros(500, dtype=np.float32)
    sparse = sparse_distribution(Row.of(flat))
    assert partition_ids(sparse).tolist() == list(range(N_PARTS))
    assert math.exp(reference_parts(sparse)[-1]) == pytest.approx(1 - N_PARTS / 500, rel=1e-4)


def test_every_row_is_a_distribution() -> None:
    rng = np.random.default_rng(1)
    for scale in (0.1, 3, 10):
        for side in kept(rng.normal(0, scale, 3000).astype(np.float32), rng.normal(0, scale, 3000).astype(np.float32)):
            assert np.exp(side.astype(np.float64)).sum() == pytest.approx(1, abs=1e-5)


def test_the_distance_of_two_variants_is_a_lower_bound_of_the_true_one() -> None:
    rng = np.random.default_rng(2)
    for _ in range(30):
        reference = rng.normal(0, 4, 2000).astype(np.float32)
        first, second = ((reference + rng.normal(0, 0.3, 2000)).astype(np.float32) for _ in range(2))
        found = family_distance_nats(kept(reference, first)[1], kept(reference, second)[1])
        true = float(jensenshannon(softmax(first.astype(float)), softmax(second.astype(float)))) ** 2
        assert 0 <= found <= true + 1e-6
        assert found > 0.3 * true


def test_pairs_have_each_two_labels_once_and_equal_models_lie_at_0() -> None:
    rng = np.random.default_rng(3)
    reference = rng.normal(0, 3, 500).astype(np.float32)
    moved = (reference + rng.normal(0, 0.5, 500)).astype(np.float32)
    parts = {"M2": kept(reference, moved), "M3": kept(reference, moved), "M4": kept(reference, reference)}
    found = pair_distances(parts, "M1")
    assert set(found) == {("M1", "M2"), ("M1", "M3"), ("M1", "M4"), ("M2", "M3"), ("M2", "M4"), ("M3", "M4")}
    assert found["M2", "M3"] == 0
    assert found["M1", "M4"] < 1e-6 < found["M1", "M2"]
    assert found["M1", "M2"] == found["M1", "M3"]


def test_the_order_of_the_labels_changes_no_distance() -> None:
    rng = np.random.default_rng(4)
    reference = rng.normal(0, 3, 500).astype(np.float32)
    parts = {f"M{i}": kept(reference, (reference + rng.normal(0, 1, 500)).astype(np.float32)) for i in (2, 3, 4, 5)}
    assert pair_distances(parts, "M1") == pair_distances(dict(reversed(parts.items())), "M1")


def test_who_read_another_record_is_left_out() -> None:
    rng = np.random.default_rng(5)
    reference, other = (rng.normal(0, 3, 500).astype(np.float32) for _ in range(2))
    parts = {"M2": kept(reference, reference), "M3": kept(other, other)}
    assert set(pair_distances(parts, "M1")) == {("M1", "M2")}
