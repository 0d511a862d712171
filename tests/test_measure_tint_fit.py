"""The fit finds what separates authors it never saw, finds nothing where nothing is, and is the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC

from evalkit.measure.tint_fit import KERNEL_C, KERNEL_GAMMA, NEUTRAL, Passages, fit_kernel, fit_models, unseen_scores
from evalkit.measure.tint_words import WordTable, count_words, fit_words, score_words

WORDS = tuple(f"word{n}" for n in range(40))
ANCHORS, CATEGORIES = np.eye(8)[:2], ("dread", NEUTRAL)


def passages(seed: int, gap: float) -> Passages:
    """Two clouds `gap` apart on the first axis; every author has both kinds, and every other author wrote books."""
    rng = np.random.default_rng(seed)
    labels = np.arange(200) % 2
    embeddings = rng.standard_normal((200, 8))
    embeddings[:, 0] += gap * labels
    return Passages(
        labels=labels,
        authors=tuple(f"author {n // 20}" for n in range(200)),
        kinds=("any",) * 200,
        is_book=np.arange(200) // 20 % 2 == 0,
        embeddings=embeddings,
        words=tuple(tuple(rng.choice(WORDS, 20)) for _ in range(200)),
    )


def table(given: Passages) -> WordTable:
    vectors = np.random.default_rng(9).standard_normal((40, 8))
    return count_words(given.words, WORDS, vectors)


def test_the_fit_finds_what_separates_authors_it_never_saw() -> None:
    given = passages(1, gap=3.0)
    scores = unseen_scores(given, table(given), ANCHORS[0] - ANCHORS[1])
    # Two unit normals 3 apart: AUC = Phi(3 / sqrt(2)) = .983 along the first axis; the other seven axes cost a little.
    assert 0.93 < roc_auc_score(given.labels, scores.kernel) < 0.995


def test_the_fit_finds_nothing_where_nothing_is() -> None:
    given = passages(2, gap=0.0)
    scores = unseen_scores(given, table(given), ANCHORS[0] - ANCHORS[1])
    for found in (scores.kernel, scores.words):
        assert 0.35 < roc_auc_score(given.labels, found) < 0.65


def test_the_kernel_scores_as_the_library_it_was_fitted_by() -> None:
    given = passages(5, gap=2.0)
    kernel = fit_kernel(given)
    machine = SVC(C=KERNEL_C, gamma=KERNEL_GAMMA, class_weight="balanced")
    scaled = (given.embeddings - kernel.centre) / kernel.scale
    expected = machine.fit(scaled, given.labels).decision_function(scaled)
    assert kernel.scores(given.embeddings) == pytest.approx(expected, abs=1e-9)


def test_the_kernels_gradient_is_its_slope() -> None:
    kernel = fit_kernel(passages(6, gap=2.0))
    here, step = np.full(8, 0.1), 1e-6 * np.eye(8)
    slopes = (kernel.scores(here + step) - kernel.scores(here - step)) / 2e-6
    assert kernel.gradient(here) == pytest.approx(slopes, abs=1e-6)


def test_the_same_passages_give_the_same_models() -> None:
    given = passages(3, gap=2.0)
    one, other = (fit_models(given, table(given), ANCHORS, CATEGORIES) for _ in range(2))
    assert np.array_equal(one.full.kernel.coefficients, other.full.kernel.coefficients)
    assert one.lite.weights == other.lite.weights


def test_word_evidence_in_the_full_model_is_in_the_list_s_own_logits() -> None:
    given = passages(4, gap=2.0)
    models = fit_models(given, table(given), ANCHORS, CATEGORIES)
    assert models.full.slope > 0
    assert np.isfinite(models.full.word_slope)
    assert set(models.lite.weights) == set(WORDS)


def test_a_word_of_horror_passages_weighs_more_than_one_of_calm_ones() -> None:
    labels = np.array([1, 1, 0, 0])
    texts = [["grave", "the", "the"], ["grave", "night", "the"], ["tea", "the", "the"], ["tea", "jam", "the"]]
    words = ("grave", "jam", "night", "tea", "the", "tomb")
    vectors = np.array([[1.0, 0], [-1, 0], [0.5, 0], [-1, 0], [0, 0], [1, 0]])
    made = count_words(texts * 2, words, vectors)
    is_book = np.arange(8) < 4
    fitted = fit_words(made, np.tile(labels, 2), is_book, np.ones(8, dtype=bool))
    weights = dict(zip(words, fitted, strict=True))
    assert weights["grave"] > weights["the"] > weights["tea"]
    # No passage has "tomb"; it means what "grave" means.
    assert weights["tomb"] > 0 > weights["jam"]


def test_a_word_that_books_use_for_horror_weighs_less_where_own_passages_use_it_for_both() -> None:
    labels = np.array([1, 1, 0, 0])
    books = [["grave", "the", "the"], ["grave", "night", "the"], ["tea", "the", "the"], ["tea", "jam", "the"]]
    own = [["grave", "the", "stair"], ["the", "night", "stair"], ["grave", "the", "the"], ["grave", "jam", "the"]]
    words = ("grave", "jam", "night", "stair", "tea", "the")
    vectors = np.eye(6)
    is_book, everything = np.arange(8) < 4, np.ones(8, dtype=bool)

    def weight(third: list[list[str]]) -> float:
        fitted = fit_words(count_words(books + third, words, vectors), np.tile(labels, 2), is_book, everything)
        return float(fitted[words.index("grave")])

    assert weight(own) < weight(books)


def test_no_author_is_scored_by_a_fit_that_knew_them() -> None:
    given = passages(7, gap=2.0)
    folds = given.folds()
    assert np.array_equal(np.sum(folds, axis=0), np.ones(200))
    for left_out in folds:
        authors = np.array(given.authors)
        assert not set(authors[left_out]) & set(authors[~left_out])


def test_a_texts_word_score_is_the_mean_over_all_its_words() -> None:
    made = count_words([["a", "b", "unknown", "a"]], ("a", "b"), np.zeros((2, 3)))
    assert score_words(made, np.array([2.0, 4.0])) == pytest.approx([(2 + 2 + 4) / 4])
