"""Is a variant's next token tinted, beyond what rounding any weights does to any lexicon?

A lexicon's expectation is linear in the probabilities: sum over tokens of p(token) * weight. Three things are needed
before its difference between two models means a tint.

1. *Frequency.* Weights are centred among tokens that the reference expects about as often, so that mass that moves
   between common and rare words moves nothing.
2. *Main axes.* From text to text the reference's own predictions vary along a few directions, and its kind of horror
   is one of their mixtures. Rounding moves every model along the same directions, by chance or by habit, and drags
   any coherent lexicon with it: between variants with random importance matrices, whose tints differ by chance only,
   the z of a permuted lexicon has a spread of 4 in place of 1. Those directions are taken out of the weights.
3. *Random lexica.* What is left is compared with what random lexica give between the same two models: learned from
   the same passages, with whole books dealt to the two sides at random, brought to the same size. Being made of words
   that go together, they move as much as a lexicon does by chance; words drawn one by one move less.

The standard error has two parts, what random lexica give and how contexts differ; contexts are the clusters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.analyse.intervals import PromptMean, p_value, smallest_detectable_difference
from evalkit.measure.axis import Axis
from evalkit.records.axis import AxisTest
from evalkit.records.errors import NotMeasuredError
from evalkit.records.word_starts import WordStarts

Floats = npt.NDArray[np.float64]

BAND_SIZE = 40
"""Tokens per band of equal frequency."""
AXES_PER_CONTEXT = 2 / 3
"""The last of the axes that contexts give are mostly noise. They cost no power, since lexicon and random lexica lose
the same, and rounding still moves along some: with a quarter as many, unrelated roundings are told apart more often."""
TOKENS_PER_AXIS = 8
"""Of few tokens fewer axes: they would take the tint itself."""
PER_1000 = 1000.0
N_MATCHINGS = 3
"""Matching sizes turns the random lexica back a little towards the main axes, and taking those out changes sizes."""
LEAST_CONTEXTS = 24
"""Fewer do not show the reference's main axes: unrelated roundings then have a z spread of up to 2 in place of 1."""
TINY = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ruler:
    """An axis as one reference sees it: weights by token, ready to be multiplied with differences of probabilities."""

    tokens: npt.NDArray[np.intp]
    """(n,) indices of the tokens with a weight, in the reference's own order."""
    raw: Floats
    """(n,) weights centred within bands of frequency."""
    weights: Floats
    """(n,) the same without the reference's main axes."""
    nulls: Floats
    """(n_null, n) random lexica, treated alike and of the same size."""
    raw_words: float
    words: float
    """What 1 of `raw` and of `weights` is in words per 1,000 tokens."""
    reference_rate: float
    """Words of the axis that the reference expects per 1,000 tokens."""


def make_ruler(reference: WordStarts, axis: Axis) -> Ruler:
    """The axis in the reference's vocabulary, freed of its main axes.

    Raises:
        NotMeasuredError: too few contexts, a reference that hardly expects any word of the axis, or one that was
            recorded for other words.
    """
    if len(reference.context_ids) < LEAST_CONTEXTS:
        raise NotMeasuredError(
            f"Tint in the distribution needs at least {LEAST_CONTEXTS} answers and contexts, found "
            f"{len(reference.context_ids)}: fewer do not show how the reference's own predictions vary, and moves by "
            "chance would be called a tint. Run with --tint-contexts shipped."
        )
    if len(reference.form_tokens) != len(axis.forms):
        raise NotMeasuredError(
            f"The next word was recorded for {len(reference.form_tokens)} words, and the axis {axis.texts.name} has "
            f"{len(axis.forms)}: another evalkit did it. Run again with --fresh."
        )
    token_counts = _by_token(reference, axis.counts)
    is_weighed = 2 * _by_token(reference, axis.counts * axis.is_weighed) > token_counts
    expected = reference.probabilities.mean(axis=0)
    tokens = np.flatnonzero(is_weighed & (expected > 0))
    if len(tokens) < 2 * BAND_SIZE:
        raise NotMeasuredError(
            f"Only {len(tokens)} tokens of this vocabulary begin a word of the axis {axis.texts.name}; "
            f"{2 * BAND_SIZE} are needed."
        )
    expected = expected[tokens]

    def token_means(by_form: Floats) -> Floats:
        means: Floats = (_by_token(reference, axis.counts * by_form) / np.maximum(token_counts, 1))[..., tokens]
        return means

    # In units of sqrt(p) a change in proportion to a token's own probability weighs alike wherever it happens.
    scale = np.sqrt(expected)
    directions = _main_axes(reference.probabilities[:, tokens] / scale)
    bands = _bands(expected)
    raw = _centred(token_means(axis.weights), expected, bands) * scale
    free = _without(directions, raw)
    nulls = _centred(token_means(axis.null_weights), expected, bands) * scale
    for _ in range(N_MATCHINGS):
        nulls = _without(directions, _of_equal_size(nulls, free, bands))
    marking = token_means(axis.is_marking.astype(np.float64))
    # A lexicon that leans by a little raises the marking words' rate by rate @ lean.
    gained = PER_1000 * float((expected * marking) @ (raw / scale))
    return Ruler(
        tokens=tokens,
        raw=raw / scale,
        weights=free / scale,
        nulls=nulls / scale,
        raw_words=gained / float(raw @ raw),
        words=gained / float(free @ free),
        reference_rate=PER_1000 * float(expected @ marking),
    )


def compare_tints(reference: WordStarts, variant: WordStarts, ruler: Ruler) -> AxisTest:
    """The variant's expected tint against the reference's, paired by context.

    Args:
        reference: the readings that the ruler was made from.
        variant: the same contexts, tokenised alike.
        ruler: made by `make_ruler`.

    Raises:
        NotMeasuredError: fewer than 2 contexts in common, or another vocabulary.
    """
    if not np.array_equal(reference.token_ids, variant.token_ids):
        raise NotMeasuredError("The variant's words begin with other tokens: its vocabulary is not the reference's.")
    theirs = {name: row for row, name in enumerate(reference.context_ids)}
    shared = [name for name in variant.context_ids if name in theirs]
    ours = {name: row for row, name in enumerate(variant.context_ids)}
    if len(shared) < 2:
        raise NotMeasuredError("Tint in the distribution needs at least 2 contexts.")
    rows, reference_rows = [ours[name] for name in shared], [theirs[name] for name in shared]
    moved = (variant.probabilities[rows] - reference.probabilities[reference_rows])[:, ruler.tokens]
    by_context = moved @ ruler.weights * ruler.words
    delta = float(by_context.mean())
    null = float(np.sqrt(np.mean((ruler.nulls @ moved.mean(axis=0)) ** 2))) * ruler.words
    of_contexts = float(by_context.std(ddof=1)) / math.sqrt(len(shared))
    error = math.hypot(null, of_contexts)
    mean = PromptMean(value=delta, n_values=len(shared), n_prompts=len(shared), standard_error=error)
    groups = [variant.groups[row] for row in rows]
    return AxisTest(
        delta=delta,
        low=delta - mean.half_width,
        high=delta + mean.half_width,
        # Two files with the same weights: nothing moved, and nothing is left to test.
        p=p_value(mean) if error > 0 else 1.0,
        z=delta / error if error > 0 else 0.0,
        raw_delta=float((moved @ ruler.raw).mean()) * ruler.raw_words,
        reference_rate=ruler.reference_rate,
        smallest_detectable=smallest_detectable_difference(mean) if error > 0 else 0.0,
        n_positions=sum(variant.n_positions[row] for row in rows),
        n_contexts=len(shared),
        by_context=dict(zip(shared, by_context.tolist(), strict=True)),
        by_group={
            group: float(np.mean([value for value, own in zip(by_context, groups, strict=True) if own == group]))
            for group in dict.fromkeys(groups)
        },
        null_standard_error=null,
    )


def _by_token(starts: WordStarts, by_form: Floats) -> Floats:
    """Sums over the forms that each token begins: (..., n_forms) to (..., n_tokens)."""
    from scipy.sparse import csr_array

    n_forms = len(starts.form_tokens)
    begins = csr_array(
        (np.ones(n_forms), (np.arange(n_forms), starts.form_tokens)), shape=(n_forms, len(starts.token_ids))
    )
    sums: Floats = by_form @ begins
    return sums


def _main_axes(scaled: Floats) -> Floats:
    """(n_axes, n) orthonormal: where the reference's predictions differ most from context to context."""
    n_contexts, n_tokens = scaled.shape
    n_axes = min(int(n_contexts * AXES_PER_CONTEXT), n_tokens // TOKENS_PER_AXIS)
    _, _, directions = np.linalg.svd(scaled - scaled.mean(axis=0), full_matrices=False)
    axes: Floats = directions[:n_axes]
    return axes


def _without(directions: Floats, weights: Floats) -> Floats:
    """The weights without their part along the directions."""
    free: Floats = weights - (weights @ directions.T) @ directions
    return free


def _bands(expected: Floats) -> list[npt.NDArray[np.intp]]:
    """Tokens in groups of about equal probability."""
    order = np.argsort(-expected, kind="stable")
    return np.array_split(order, max(1, len(order) // BAND_SIZE))


def _of_equal_size(nulls: Floats, weights: Floats, bands: list[npt.NDArray[np.intp]]) -> Floats:
    """The random lexica with as much weight in every band as the lexicon has."""
    matched = np.zeros_like(nulls)
    for band in bands:
        sizes = np.linalg.norm(nulls[:, band], axis=1, keepdims=True)
        matched[:, band] = nulls[:, band] * (np.linalg.norm(weights[band]) / np.maximum(sizes, TINY))
    return matched


def _centred(weights: Floats, expected: Floats, bands: list[npt.NDArray[np.intp]]) -> Floats:
    """Each weight minus its band's mean, weighted by probability: a band that gains as a whole moves nothing."""
    centred = np.zeros_like(weights)
    for band in bands:
        means = weights[..., band] @ expected[band] / expected[band].sum()
        centred[..., band] = weights[..., band] - means[..., None]
    return centred
