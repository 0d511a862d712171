"""Figures per prompt from positions, by hand."""

import math

import numpy as np
import pytest

from evalkit.measure.positions import POSITION_METRICS, divergence_scores, kl_quantile
from evalkit.records.metrics import Metric
from evalkit.records.positions import PositionScores
from evalkit.records.scores import Figure
from tests.position_samples import positions

M2 = positions(
    same_top=(True, True, False),
    log_p_reference=(-1.0, -2.0, -3.0),
    log_p_variant=(-1.5, -2.0, -4.0),
    choices=(10, 99, 12),
)


def figures_of(label: str, *read: PositionScores) -> dict[Metric, Figure]:
    scores = divergence_scores(read, labels=["M1", "M2", "M3"], prompt_ids=["inn"], reference_label="M1")
    return {score.metric: score.figure for score in scores if score.label == label}


def test_means_by_hand() -> None:
    figures = figures_of("M2", M2)
    assert figures[Metric.KL_DIVERGENCE].value == pytest.approx(0.3)
    assert figures[Metric.REVERSE_KL].value == pytest.approx(0.6)
    assert figures[Metric.JS_DIVERGENCE].value == pytest.approx(0.075)
    assert figures[Metric.TOP1_AGREEMENT].value == pytest.approx(2 / 3)
    assert figures[Metric.FLIP_RATE].value == pytest.approx(1 / 3)
    assert figures[Metric.KL_MAX].value == 0.6
    assert figures[Metric.KL_MEDIAN].value == 0.2
    # PPL of the variant exp(7.5 / 3), of the reference exp(6 / 3): ln of the ratio 0.5.
    assert figures[Metric.LN_PPL_RATIO].value == pytest.approx(0.5)
    assert figures[Metric.PERPLEXITY].value == pytest.approx(math.exp(2.5))
    # exp(-1.5) - exp(-1) = -.144749, 0, exp(-4) - exp(-3) = -.031471: mean -.058740, root mean square .085523.
    assert figures[Metric.DELTA_P_MEAN].value == pytest.approx(-0.058740, abs=1e-6)
    assert figures[Metric.DELTA_P_RMS].value == pytest.approx(0.085523, abs=1e-6)
    assert {figure.n for figure in figures.values() if figure.value is not None} == {3}


def test_the_references_perplexity_is_its_own_over_its_whole_answer_and_all_else_is_noise() -> None:
    noise = positions("M1", kl_nats=(0.001,), log_p_reference=(-1.0,), log_p_variant=(-1.1,))
    figures = figures_of("M1", noise, M2)
    assert figures[Metric.PERPLEXITY] == Figure(value=pytest.approx(math.exp(2.0)), n=3)
    assert figures[Metric.KL_DIVERGENCE] == Figure(value=0.001, n=1)


def test_a_quantile_is_interpolated_as_by_llama_perplexity_and_needs_enough_positions() -> None:
    values = np.random.default_rng(1).exponential(size=2000).tolist()
    ordered = sorted(values)
    # llama.cpp: p * (n - 1) = 1997.001 of 1999; between the two neighbours.
    expected = ordered[1997] + 0.001 * (ordered[1998] - ordered[1997])
    assert kl_quantile(values, 0.999).value == pytest.approx(expected)
    short = kl_quantile(values[:999], 0.999)
    assert short.value is None
    assert "1000 or more positions; 999 were read" in str(short.reason)
    assert kl_quantile(values[:1000], 0.999).value is not None


def test_an_answer_that_was_not_read_is_unmeasured_with_its_reason() -> None:
    missing = figures_of("M3", M2)
    assert set(missing) == set(POSITION_METRICS)
    assert all(figure.value is None and "not read" in str(figure.reason) for figure in missing.values())


def test_an_absurd_perplexity_is_not_measured_instead_of_a_crash() -> None:
    figure = figures_of("M2", positions(log_p_variant=(-900.0,) * 3))[Metric.PERPLEXITY]
    assert figure.value is None
    assert "too large" in str(figure.reason)


def test_the_order_of_variants_changes_nothing() -> None:
    one, two = positions("M2"), positions("M3", kl_nats=(0.3, 0.1))
    assert figures_of("M2", one, two) == figures_of("M2", two, one)
