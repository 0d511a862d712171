"""A tint is found by its dose; what moves words otherwise is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest

from evalkit.analyse.axis_test import LEAST_CONTEXTS, Ruler, compare_tints, make_ruler
from evalkit.records.axis import AxisVerdict
from evalkit.records.errors import NotMeasuredError
from tests.axis_samples import Model, horror_axis

REFERENCE = Model.random(0)


@pytest.fixture(scope="module")
def ruler() -> Ruler:
    return make_ruler(REFERENCE.starts, horror_axis())


def tilted(dose: float) -> Model:
    """Every word's odds times exp(dose * its log-odds of horror): a tint and nothing else, of known strength."""
    return REFERENCE.changed(lambda logits: logits + dose * horror_axis().weights)


def test_tilts_are_ordered_by_dose_and_named_by_direction(ruler: Ruler) -> None:
    tests = [compare_tints(REFERENCE.starts, tilted(dose).starts, ruler) for dose in (-0.1, -0.03, 0.03, 0.1, 0.3)]
    assert [test.delta for test in tests] == sorted(test.delta for test in tests)
    verdicts = [test.verdict(test.p) for test in tests]
    assert verdicts == [AxisVerdict.LESS, AxisVerdict.LESS, AxisVerdict.MORE, AxisVerdict.MORE, AxisVerdict.MORE]
    assert tests[3].p < 0.001


@pytest.mark.parametrize("dose", [-0.1, 0.05, 0.1])
def test_the_difference_of_a_pure_tilt_is_that_of_its_horror_words(ruler: Ruler, dose: float) -> None:
    # Counted from the distributions themselves. The tolerance is what a tilt's curvature and the main axes take.
    counted = tilted(dose).rate(horror_axis().is_marking) - REFERENCE.rate(horror_axis().is_marking)
    test = compare_tints(REFERENCE.starts, tilted(dose).starts, ruler)
    assert test.delta == pytest.approx(counted, rel=0.15)
    assert test.reference_rate == pytest.approx(REFERENCE.rate(horror_axis().is_marking))


def test_the_same_model_is_not_told_apart_and_has_no_interval_to_speak_of(ruler: Ruler) -> None:
    test = compare_tints(REFERENCE.starts, REFERENCE.starts, ruler)
    assert (test.delta, test.low, test.high, test.p, test.z) == (0, 0, 0, 1, 0)
    assert test.verdict(test.p) is AxisVerdict.NOT_TOLD_APART


@pytest.mark.parametrize("seed", range(5))
def test_the_noise_of_other_kernels_is_called_nothing(ruler: Ruler, seed: int) -> None:
    rng = np.random.default_rng(seed)
    other = REFERENCE.changed(lambda logits: logits + 0.02 * rng.normal(size=logits.shape))
    test = compare_tints(REFERENCE.starts, other.starts, ruler)
    assert test.verdict(test.p) is AxisVerdict.NOT_TOLD_APART


@pytest.mark.parametrize("sharpening", [0.9, 0.97, 1.03, 1.1])
def test_sharpening_and_blurring_are_no_tint(ruler: Ruler, sharpening: float) -> None:
    test = compare_tints(REFERENCE.starts, REFERENCE.changed(lambda logits: logits * sharpening).starts, ruler)
    assert test.verdict(test.p) is AxisVerdict.NOT_TOLD_APART


def test_tilts_by_random_lexica_are_rarely_called_a_tint(ruler: Ruler) -> None:
    axis = horror_axis()
    scale = 0.1 * np.linalg.norm(axis.weights) / np.linalg.norm(axis.null_weights, axis=1, keepdims=True)
    verdicts = []
    for lexicon in (axis.null_weights * scale)[:24]:
        variant = REFERENCE.changed(lambda logits, lexicon=lexicon: logits + lexicon)  # type: ignore[misc]
        test = compare_tints(REFERENCE.starts, variant.starts, ruler)
        verdicts.append(test.verdict(test.p))
    # 5 % of 24 would be 1; 5 or more happen less than once in 100.
    assert sum(verdict is not AxisVerdict.NOT_TOLD_APART for verdict in verdicts) < 5


def test_a_move_along_the_references_own_main_axes_is_no_tint(ruler: Ruler) -> None:
    starts = REFERENCE.starts
    drift = starts.probabilities[5] - starts.probabilities.mean(axis=0)
    moved = replace(starts, probabilities=starts.probabilities + 0.02 * drift)
    test = compare_tints(starts, moved, ruler)
    assert test.verdict(test.p) is AxisVerdict.NOT_TOLD_APART


def test_p_values_are_uniform_where_words_move_at_random(ruler: Ruler) -> None:
    """Every word's odds change by chance and alike in all contexts, as a rounding of the output matrix would do it."""
    rng = np.random.default_rng(1)
    starts = REFERENCE.starts
    p_values = []
    for _ in range(400):
        factor = np.exp(0.02 * rng.normal(size=starts.probabilities.shape[1]))
        moved = starts.probabilities * factor
        moved /= moved.sum(axis=1, keepdims=True)
        p_values.append(compare_tints(starts, replace(starts, probabilities=moved), ruler).p)
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_contexts_are_the_clusters_and_disagreement_widens_the_interval(ruler: Ruler) -> None:
    def mixed(logits: np.ndarray) -> np.ndarray:
        doses = np.where(np.arange(len(logits)) % 2, 0.3, -0.2)[:, None, None]
        return np.asarray(logits + doses * horror_axis().weights)

    even = compare_tints(REFERENCE.starts, tilted(0.05).starts, ruler)
    uneven = compare_tints(REFERENCE.starts, REFERENCE.changed(mixed).starts, ruler)
    assert uneven.high - uneven.low > 2 * (even.high - even.low)
    assert uneven.by_group["dark"] > 0 > uneven.by_group["neutral"]


def test_only_contexts_that_both_models_read_are_compared(ruler: Ruler) -> None:
    variant = tilted(0.1).starts
    fewer = replace(
        variant, context_ids=variant.context_ids[:10], groups=variant.groups[:10],
        n_positions=variant.n_positions[:10], probabilities=variant.probabilities[:10],
    )  # fmt: skip
    test = compare_tints(REFERENCE.starts, fewer, ruler)
    assert (test.n_contexts, test.n_positions) == (10, 20)
    with pytest.raises(NotMeasuredError, match="at least 2 contexts"):
        compare_tints(REFERENCE.starts, replace(fewer, context_ids=("another",) * 10), ruler)


def test_another_vocabulary_is_refused(ruler: Ruler) -> None:
    starts = REFERENCE.starts
    with pytest.raises(NotMeasuredError, match="vocabulary"):
        compare_tints(starts, replace(starts, token_ids=starts.token_ids + 1), ruler)


def test_too_few_contexts_to_see_the_main_axes_are_refused() -> None:
    assert make_ruler(Model.random(0, n_contexts=LEAST_CONTEXTS).starts, horror_axis()).words > 0
    with pytest.raises(NotMeasuredError, match="at least 24 answers and contexts, found 23"):
        make_ruler(Model.random(0, n_contexts=LEAST_CONTEXTS - 1).starts, horror_axis())


def test_a_reading_for_another_word_list_is_refused() -> None:
    starts = REFERENCE.starts
    with pytest.raises(NotMeasuredError, match="Run again with --fresh"):
        make_ruler(replace(starts, form_tokens=starts.form_tokens[1:]), horror_axis())


def test_a_vocabulary_without_the_axis_words_is_refused() -> None:
    starts = REFERENCE.starts
    # All words begin with one of 20 tokens, as in a vocabulary of letters.
    few = replace(
        starts, form_tokens=starts.form_tokens % 20, token_ids=np.arange(20), probabilities=starts.probabilities[:, :20]
    )
    with pytest.raises(NotMeasuredError, match="tokens of this vocabulary"):
        make_ruler(few, horror_axis())
