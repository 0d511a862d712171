"""Distances: zero for equals, known sums for tiny texts, and scipy and sacrebleu where they know better."""

import math
from collections import Counter

import numpy as np
import pytest
from sacrebleu import sentence_chrf
from scipy.spatial.distance import jensenshannon

from evalkit.measure.distance import (
    chrf,
    common_prefix_tokens,
    embedding_distance,
    log_length_ratio,
    mean_embedding,
    word_js_divergence_bits,
)
from evalkit.measure.passage import read_passage
from evalkit.measure.words import list_words
from evalkit.records.errors import NotMeasuredError
from tests.measure_samples import PUBLISHED, answer

M1, M2 = answer(PUBLISHED["M1"], label="M1"), answer(PUBLISHED["M2"])


def test_equal_answers_have_no_distance() -> None:
    assert chrf(M1, M1) == 100
    assert word_js_divergence_bits(M1, M1) == 0
    assert log_length_ratio(M1, M1) == 0
    assert embedding_distance(np.array([3.0, 4.0]), np.array([3.0, 4.0])) == pytest.approx(0)


def test_common_prefix_counts_tokens_before_the_first_difference() -> None:
    ours, theirs = answer("x", token_ids=(1, 2, 3, 4)), answer("x", token_ids=(1, 2, 9, 4))
    assert common_prefix_tokens(ours, theirs) == 2
    assert common_prefix_tokens(ours, answer("x", token_ids=(1, 2))) == 2
    assert common_prefix_tokens(ours, ours) == 4
    assert common_prefix_tokens(ours, answer("", token_ids=())) == 0


def test_common_prefix_of_texts_without_tokens_is_not_measured() -> None:
    with pytest.raises(NotMeasuredError, match="without its tokens"):
        common_prefix_tokens(answer("x", token_ids=(1,)), answer("x"))


def test_chrf_of_three_letters_by_hand() -> None:
    # "abc" against "abd": single letters match 2 of 3, pairs 1 of 2, triples 0 of 1; longer n-grams do not exist.
    # Precision and recall are both (2/3 + 1/2 + 0) / 3 = 7/18, so their F-score is 7/18 too.
    assert chrf(answer("abc"), answer("abd")) == pytest.approx(100 * 7 / 18)


def test_chrf_is_sacrebleus_default() -> None:
    assert chrf(M2, M1) == pytest.approx(sentence_chrf(M2.text, [M1.text]).score)


def test_js_divergence_of_two_words_by_hand() -> None:
    # {a: 1/2, b: 1/2} against {a: 1/2, c: 1/2}: b and c give 1/2 * 1/2 * log2(2) = 1/4 bit each, a gives none.
    assert word_js_divergence_bits(answer("a b"), answer("A, c!")) == pytest.approx(0.5)
    assert word_js_divergence_bits(answer("a a"), answer("b")) == 1


def test_js_divergence_agrees_with_scipy_and_has_no_sides() -> None:
    ours, theirs = Counter(list_words(M2.text)), Counter(list_words(M1.text))
    words = sorted(ours | theirs)
    oracle = jensenshannon([ours[word] for word in words], [theirs[word] for word in words], base=2) ** 2
    assert word_js_divergence_bits(M2, M1) == pytest.approx(oracle)
    assert word_js_divergence_bits(M2, M1) == pytest.approx(word_js_divergence_bits(M1, M2))


def test_log_length_ratio_is_positive_for_the_longer_answer() -> None:
    assert log_length_ratio(answer("one two three four"), answer("one two")) == pytest.approx(math.log(2))
    assert log_length_ratio(answer("one two"), answer("one two three four")) == pytest.approx(-math.log(2))


def test_embedding_distance_is_one_minus_the_cosine() -> None:
    assert embedding_distance(np.array([1.0, 0.0]), np.array([0.0, 2.0])) == pytest.approx(1)
    assert embedding_distance(np.array([1.0, 0.0]), np.array([1.0, 1.0])) == pytest.approx(1 - math.sqrt(0.5))


def test_the_mean_embedding_is_weighted_by_words() -> None:
    passage = read_passage("One two three. Four.")
    mean = mean_embedding(passage, np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32))
    assert mean.tolist() == [0.75, 0.25]


@pytest.mark.parametrize("measure", [chrf, word_js_divergence_bits, log_length_ratio])
def test_an_empty_answer_has_no_distance_and_the_reason_names_the_empty_one(measure) -> None:
    with pytest.raises(NotMeasuredError, match=r"^The answer has no word"):
        measure(answer(" ..."), M1)
    with pytest.raises(NotMeasuredError, match=r"^M1: The answer has no word"):
        measure(M2, answer("", label="M1"))


@pytest.mark.parametrize("measure", [chrf, word_js_divergence_bits, log_length_ratio])
def test_five_megabytes_are_refused_with_a_reason(measure) -> None:
    with pytest.raises(NotMeasuredError, match="5,000,000 characters"):
        measure(answer("word " * 1_000_000), M1)
