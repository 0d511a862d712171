"""Sparse rows come back as they were, and fit their size."""

import io

import numpy as np
import pytest

from evalkit.measure.divergence import LOG_PROB_STEP, Row, SparseDistribution, max_kept, sparse_distribution
from evalkit.measure.sparse_codec import PackedRows, pack_rows

N_VOCAB = 262_144


def sparse(*token_ids: int) -> SparseDistribution:
    log_probs = np.linspace(-1, -9, len(token_ids), dtype=np.float32)
    return SparseDistribution(token_ids=np.array(token_ids, dtype=np.int32), log_probs=log_probs, tail_mass=1e-6)


@pytest.mark.parametrize("token_ids", [(0,), (254,), (255,), (256, 257), (5, 7, 600), (0, 1, 2, 510, 765, 262_143)])
def test_token_ids_around_the_byte_limit_come_back(token_ids: tuple[int, ...]) -> None:
    rows = PackedRows.of(pack_rows([sparse(*token_ids)]))
    assert rows[0].token_ids.tolist() == list(token_ids)
    assert rows[0].token_ids.dtype == np.int32


def test_gaps_by_hand() -> None:
    # 5, then 2 further, then 593 = 255 + 255 + 83 further.
    assert pack_rows([sparse(5, 7, 600)])["gaps"].tolist() == [5, 2, 255, 255, 83]


def test_rows_come_back_to_the_bit_and_in_order() -> None:
    rng = np.random.default_rng(1)
    made = [sparse_distribution(Row.of(rng.normal(0, s, 5000).astype(np.float32))) for s in (1, 3, 9)]
    back = PackedRows.of(pack_rows(made))
    assert len(back) == 3
    for index, one in enumerate(made):
        assert back[index].token_ids.tolist() == one.token_ids.tolist()
        assert back[index].log_probs.tobytes() == one.log_probs.tobytes()
        assert back[index].tail_mass == one.tail_mass
        assert np.array_equal(back[index].level_nats, one.level_nats, equal_nan=True)


def test_no_rows_are_no_error() -> None:
    assert len(PackedRows.of(pack_rows([]))) == 0


@pytest.mark.parametrize("n_vocab", [300, 4096, 5418, 5419, 32_000, 151_936, N_VOCAB])
@pytest.mark.parametrize("make", [
    lambda rng, n: rng.normal(0, 7, n),
    lambda rng, n: rng.normal(0, 3, n),
    lambda _, n: np.zeros(n),
    # The kept tokens at the very end: the longest gap that there is.
    lambda _, n: np.where(np.arange(n) >= n - max_kept(n) // 2, 9.0, 0.0),
], ids=["bell", "wide bell", "flat", "far end"])  # fmt: skip
def test_a_position_takes_at_most_16_kb_whatever_the_vocabulary(make, n_vocab: int) -> None:  # type: ignore[no-untyped-def]
    row = sparse_distribution(Row.of(make(np.random.default_rng(2), n_vocab).astype(np.float32)))
    n_positions = 20
    buffer = io.BytesIO()
    np.savez(buffer, **pack_rows([row] * n_positions))
    assert len(buffer.getvalue()) / n_positions <= 16_384


def test_a_vocabulary_kept_whole_needs_no_gaps() -> None:
    made = [sparse(0, 1, 2, 3), sparse(1, 2), sparse(0), sparse(0, 1, 3)]
    arrays = pack_rows(made)
    assert arrays["n_gaps"].tolist() == [0, 2, 0, 3]
    back = PackedRows.of(arrays)
    assert [back[index].token_ids.tolist() for index in range(4)] == [one.token_ids.tolist() for one in made]


def test_three_bytes_tell_a_log_probability_by_hand() -> None:
    # -1 nat is 2^19 = 0x080000 steps below 0; -0.5 - 2^-19 is 0x040001; what lies below -32 is as low as can be.
    log_probs = np.array([-1, -0.5 - 2**-19, 0, -40], dtype=np.float32)
    row = SparseDistribution(token_ids=np.arange(4, dtype=np.int32), log_probs=log_probs, tail_mass=0)
    arrays = pack_rows([row])
    assert arrays["steps"].tolist() == [[0, 0, 8], [1, 0, 4], [0, 0, 0], [255, 255, 255]]
    assert PackedRows.of(arrays)[0].log_probs.tolist() == [-1, -0.5 - 2**-19, 0, -32 + LOG_PROB_STEP]


@pytest.mark.parametrize("name", ["gaps", "steps", "n_kept", "tail_mass"])
def test_arrays_that_do_not_fit_one_another_are_refused(name: str) -> None:
    arrays = pack_rows([sparse(1, 2), sparse(300)])
    arrays[name] = arrays[name][:-1]
    with pytest.raises(ValueError, match="do not fit"):
        PackedRows.of(arrays)
