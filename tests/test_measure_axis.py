"""Words get the weights that Monroe et al.'s formula gives them, and random axes are made of whole books."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.measure.axis import Axis, learn_axis, shipped_contexts
from evalkit.measure.words import list_words
from evalkit.records.axis import AxisText, AxisTexts
from evalkit.records.errors import UsageError
from tests.axis_samples import horror_axis

FILLER = [f"filler{index}" for index in range(25)]


def texts(*extra: tuple[int, bool, str], n_per_side: int = 8) -> AxisTexts:
    """Texts of 150 words that lean nowhere; `extra` puts words into the text of this number and side."""
    return AxisTexts(
        name="cosy",
        more="more cosy",
        less="less cosy",
        texts=tuple(
            AxisText(
                text=" ".join(FILLER * 6 + [word for at, side, word in extra if (at, side) == (number, is_marked)]),
                is_marked=is_marked,
                source=f"book {number // 2} {is_marked}",
            )
            for is_marked in (True, False)
            for number in range(n_per_side)
        ),
    )


def weight(axis: Axis, word: str) -> float:
    return float(axis.weights[axis.forms.index(word)])


def test_weight_is_the_log_odds_with_a_dirichlet_prior() -> None:
    axis = learn_axis(texts(*[(0, True, "kettle")] * 9, *[(3, False, "kettle")] * 3))
    # 8 x 150 words a side, 9 and 3 kettles more; the prior is 3,000 words that share the overall frequencies.
    prior = 3000 * 12 / 2412
    marked, other = 9 + prior, 3 + prior
    expected = math.log(marked / (1209 + 3000 - marked)) - math.log(other / (1203 + 3000 - other))
    assert weight(axis, "kettle") == pytest.approx(expected, abs=1e-6)
    assert expected > 0 > weight(axis, FILLER[0])


def test_rare_words_weigh_nothing() -> None:
    axis = learn_axis(texts(*[(0, True, "kettle")] * 4, *[(0, True, "teapot")] * 5))
    assert weight(axis, "kettle") == 0 < weight(axis, "teapot")


def test_spellings_of_a_word_share_its_weight() -> None:
    axis = learn_axis(texts(*[(0, True, "kettle")] * 6, *[(1, True, "Kettle")] * 6))
    assert weight(axis, "kettle") == weight(axis, "Kettle") > 0
    assert axis.counts[axis.forms.index("Kettle")] == 6


def test_books_are_dealt_whole_to_the_random_axes() -> None:
    # Texts 0 and 1 are of one book: whatever side it falls to, their words fall together.
    axis = learn_axis(texts(*[(0, True, "kettle")] * 6, *[(1, True, "teapot")] * 6, *[(2, True, "candle")] * 6))
    kettle, teapot, candle = (axis.null_weights[:, axis.forms.index(word)] for word in ("kettle", "teapot", "candle"))
    assert np.array_equal(kettle, teapot)
    assert not np.array_equal(kettle, candle)
    assert {True, False} == set((kettle > 0).tolist())


@pytest.mark.parametrize(("n_texts", "found"), [(7, "7 marked texts"), (0, "0 marked texts with 0 words")])
def test_too_few_texts_are_refused_with_what_is_needed(n_texts: int, found: str) -> None:
    with pytest.raises(UsageError, match=f"axis cosy has {found}.*at least 8 texts and 1000 words"):
        learn_axis(texts(n_per_side=n_texts))


def test_horror_weighs_themes_and_not_grammar() -> None:
    axis = horror_axis()
    assert min(weight(axis, word) for word in ("horror", "terror", "darkness", "corpse", "shadow")) > 0.5
    assert max(weight(axis, word) for word in ("dear", "uncle", "miles", "business")) < 0
    assert {weight(axis, word) for word in ("I", "the", "you", "said", "she")} == {0.0}
    marking = {form.lower() for form, marks in zip(axis.forms, axis.is_marking, strict=True) if marks}
    assert {"horror", "terror", "darkness"} < marking
    assert "mother" not in marking


def test_shipped_contexts_are_neutral_and_dark_short_and_named_apart_from_prompts() -> None:
    contexts = shipped_contexts()
    assert [context.group for context in contexts] == ["neutral"] * 24 + ["dark"] * 24
    assert len({context.id for context in contexts}) == len({context.text for context in contexts}) == 48
    # A prompt's id is a slug.
    assert all("/" in context.id for context in contexts)
    assert all(70 <= len(list_words(context.text)) <= 105 for context in contexts)
