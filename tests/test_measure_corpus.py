"""A text's divergence, against what llama-perplexity printed for the same logits, and sums done by hand."""

import math
import struct

import numpy as np
import pytest
from scipy.special import log_softmax

from evalkit.measure.corpus import CompatRow, as_positions, compat_position, compat_row, exact_position, joined
from evalkit.measure.corpus_statistics import mean_and_uncertainty, percentile, summarise_corpus
from evalkit.records.corpus import CorpusPositions
from tests.perplexity_samples import NAMES, RECORDED, ROWS_CASE, recorded

N_VOCAB = 4096
HEADER = 8 + 12


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    with np.load(RECORDED / "rows.npz") as stored:
        return dict(stored)


def base_rows(content: bytes) -> list[CompatRow]:
    """A second, naive reading of llama-perplexity's file."""
    n_ctx, n_vocab, n_chunks = struct.unpack("<IiI", content[8:HEADER])
    assert (content[:8], n_vocab) == (b"_logits_", N_VOCAB)
    at, found = HEADER + 4 * n_ctx * n_chunks, []
    while at < len(content):
        step, floor = struct.unpack("<ff", content[at : at + 8])
        codes = np.frombuffer(content[at + 8 : at + 8 + 2 * N_VOCAB], dtype="<u2")
        found.append(CompatRow(codes=codes, step=np.float32(step), floor=np.float32(floor)))
        at += 8 + 2 * N_VOCAB
    return found


@pytest.fixture(scope="module")
def compat(rows: dict[str, np.ndarray]) -> CorpusPositions:
    triples = zip(base_rows(rows["base"].tobytes()), rows["variant_logits"], rows["next_tokens"], strict=True)
    return as_positions(compat_position(base, variant, int(token)) for base, variant, token in triples)


@pytest.mark.parametrize("name", list(NAMES))
def test_from_the_same_logits_every_figure_is_llama_perplexitys(compat: CorpusPositions, name: str) -> None:
    value, uncertainty = recorded()["figures"][ROWS_CASE.key][name]
    figure = summarise_corpus(compat).figure(name)
    # Differences of near numbers are good to 1e-5, the others to 1e-7 and better.
    assert figure.value == pytest.approx(value, rel=1e-5 if name in ("mean_delta_p", "ln_ppl_ratio") else 1e-6)
    if uncertainty is not None:
        # Variances are differences of near numbers, so 1e-5.
        assert figure.uncertainty == pytest.approx(uncertainty, rel=1e-5)


def test_the_references_rows_are_rounded_as_llama_perplexity_rounds_them(rows: dict[str, np.ndarray]) -> None:
    for logits, theirs in zip(rows["reference_logits"], base_rows(rows["base"].tobytes()), strict=False):
        ours = compat_row(logits)
        assert np.array_equal(ours.codes, theirs.codes)
        assert ours.step == pytest.approx(theirs.step, rel=1e-6)
        assert ours.floor == pytest.approx(theirs.floor, rel=1e-6)


def slow_kl(reference: np.ndarray, variant: np.ndarray) -> float:
    log_p, log_q = log_softmax(reference.astype(np.float64)), log_softmax(variant.astype(np.float64))
    return float((np.exp(log_p) * (log_p - log_q)).sum())


@pytest.mark.parametrize("sigma", [0.0, 0.003, 0.1, 2.0])
def test_exact_mode_is_the_divergence_to_1e_3_even_where_it_is_tiny(sigma: float) -> None:
    rng = np.random.default_rng(4)
    reference = rng.normal(0, 5, 50_000).astype(np.float32)
    variant = (reference + rng.normal(0, sigma, 50_000)).astype(np.float32)
    found = exact_position(reference, variant, 7)
    # Logits are float32: what they cannot express, about 1e-9 nats, is not measured.
    assert found.kl_nats == pytest.approx(slow_kl(reference, variant), rel=1e-3, abs=1e-9)
    assert found.nll_variant == pytest.approx(-log_softmax(variant.astype(np.float64))[7], abs=1e-5)
    assert found.nll_reference == pytest.approx(-log_softmax(reference.astype(np.float64))[7], abs=1e-5)


def test_a_position_by_hand() -> None:
    reference, variant = (np.log(np.array(p)).astype(np.float32) for p in ([0.5, 0.25, 0.25], [0.25, 0.5, 0.25]))
    for found in (exact_position(reference, variant, 0), compat_position(compat_row(reference), variant, 0)):
        # 0.5 ln 2 + 0.25 ln 0.5
        assert found.kl_nats == pytest.approx(0.25 * math.log(2), abs=1e-5)
        assert found.nll_reference == pytest.approx(math.log(2), abs=1e-5)
        assert found.nll_variant == pytest.approx(math.log(4), abs=1e-5)
        assert found.same_top is False


def test_compat_mode_raises_a_token_below_the_floor_to_it_as_llama_perplexity_does() -> None:
    logits = np.array([0.0, -40.0], dtype=np.float32)
    found = compat_position(compat_row(logits), logits, 1)
    assert found.nll_reference == pytest.approx(16, abs=1e-3)
    assert found.nll_variant == pytest.approx(40, abs=1e-3)


def test_a_flat_row_is_no_division_by_zero() -> None:
    logits = np.zeros(8, dtype=np.float32)
    found = compat_position(compat_row(logits), logits, 3)
    assert found.kl_nats == pytest.approx(0, abs=1e-6)
    assert found.nll_reference == pytest.approx(math.log(8), abs=1e-6)


def test_a_mean_and_its_standard_error_by_hand() -> None:
    # Mean 3, mean square 11, variance 2; 2 / (3 - 1) = 1.
    assert mean_and_uncertainty(np.array([1.0, 5.0, 3.0]) * np.sqrt(0.75) + 0) == pytest.approx(
        (3 * np.sqrt(0.75), np.sqrt((8 / 3) * 0.75 / 2))
    )


def test_percentiles_lie_between_neighbours() -> None:
    ordered = np.array([0, 1, 2, 3, 10], dtype=np.float32)
    # 0.9 * 4 = 3.6: 0.4 * 3 + 0.6 * 10 = 7.2.
    assert percentile(ordered, 0.9) == pytest.approx(7.2, abs=1e-5)
    assert percentile(ordered, 1.0) == 10


def test_a_quantiles_uncertainty_is_half_the_distance_of_the_ranks_one_binomial_deviation_away() -> None:
    # 0, 1 ... 99: half of 100 is rank 50, its deviation sqrt(100 / 4) = 5: (55 - 45) / 2. At 90 %: 90 -+ 3, so 3.
    # At 99.9 %: 99.9 -+ 0.32 lies between the last two.
    ramp = CorpusPositions(
        kl_nats=tuple(map(float, range(100))),
        nll_reference=(1.0,) * 100,
        nll_variant=(1.0,) * 100,
        same_top=(True,) * 100,
    )
    found = summarise_corpus(ramp)
    assert found.figure("median_kld").uncertainty == 5
    assert found.figure("kld_90").uncertainty == 3
    assert found.figure("kld_99_9").uncertainty == 0
    assert found.figure("max_kld").uncertainty is None


def test_equal_models_have_no_divergence_and_no_uncertainty_of_it() -> None:
    one = CorpusPositions(
        kl_nats=(0.0,) * 3, nll_reference=(1.0, 2.0, 3.0), nll_variant=(1.0, 2.0, 3.0), same_top=(True,) * 3
    )
    found = summarise_corpus(joined([one, one]))
    assert found.n_positions == 6
    for name in ("mean_kld", "max_kld", "rms_delta_p", "mean_delta_p", "ln_ppl_ratio"):
        assert found.figure(name).value == 0
        assert not found.figure(name).uncertainty
    assert found.figure("same_top_p").value == 100
    assert found.figure("ppl_variant").value == pytest.approx(math.exp(2))
