"""Genre axes: the arithmetic by hand, and the shipped model on plain examples."""

import json

import numpy as np
import pytest

from evalkit.measure.embedder import find_embedder
from evalkit.measure.genre import GENRE_METRICS, shipped_genres
from evalkit.measure.genre_fit import ANCHORS_PATH, fit_axes, unseen_auc
from evalkit.measure.meaning import Meaning, read_meanings
from evalkit.records.scores import Metric

TEXTS = {
    Metric.SCI_FI: "The colony ship had lost its reactor. Its computer woke the crew from cryosleep, and outside the "
    "viewport the gas giant turned among its moons. The engineers floated down the corridor to the drive.",
    Metric.FANTASY: "The sorceress lifted the silver crown, and the dragon bowed. In the halls of the elves the old "
    "spells woke. The knight swore by his enchanted sword to guard the gate of the realm from the goblin king.",
    Metric.MYSTERY: "The inspector studied the body and the locked window. The maid's alibi did not fit the time of "
    "the shot. Someone had moved the knife, and the detective meant to learn which of the guests had lied.",
}


def test_axes_run_from_the_neutral_anchors_to_the_genres_in_units_of_the_passages_spread() -> None:
    anchors = {genre.value: np.array([[2.0, 0.0], [4.0, 0.0]]) for genre in GENRE_METRICS}
    anchors["neutral"] = np.array([[1.0, 0.0]])
    passages = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0]])
    axes, offsets = fit_axes(anchors, passages)
    # Axis (3 - 1, 0); projections 0, 2, 4: mean 2, sd 2.
    assert axes[0].tolist() == [1.0, 0.0]
    assert offsets[0] == 1.0


def test_an_axis_that_tells_nothing_has_an_auc_of_a_half_and_one_that_tells_all_of_1() -> None:
    apart = {genre.value: np.eye(6)[[index, index]] for index, genre in enumerate(GENRE_METRICS)}
    apart["neutral"] = np.eye(6)[[5]]
    assert unseen_auc(apart, Metric.SCI_FI) == 1.0
    alike = {name: np.ones((2, 3)) for name in apart}
    assert unseen_auc(alike, Metric.SCI_FI) == 0.5


def test_the_shipped_model_has_one_axis_per_genre_and_anchors_of_each() -> None:
    model = shipped_genres()
    assert model.axes.shape[0] == model.offsets.shape[0] == len(GENRE_METRICS)
    anchors = json.loads(ANCHORS_PATH.read_text("utf-8"))
    assert set(anchors) == {"neutral", *(genre.value for genre in GENRE_METRICS)}
    assert all(len(set(texts)) == 12 for texts in anchors.values())


@pytest.mark.full
def test_plain_examples_lean_most_to_their_own_genre() -> None:
    meanings = read_meanings(TEXTS.values(), find_embedder())
    for genre, text in TEXTS.items():
        meaning = meanings[text]
        assert isinstance(meaning, Meaning)
        leanings = shipped_genres().leanings(meaning.embedding)
        assert max(leanings, key=lambda own: leanings[own]) is genre
        assert leanings[genre] > 1
