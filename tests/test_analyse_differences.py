"""Style is read as difference to the reference's, and damage beside tint."""

from dataclasses import replace

import pytest

from evalkit.analyse.differences import STYLE, style_differences, tint_damage_plane
from evalkit.records.scores import METRICS, Figure, Metric
from tests.test_analyse_claims import table

METRIC = Metric.SENTENCE_LENGTH


def test_a_difference_is_paired_by_prompt_and_says_whether_it_covers_0() -> None:
    known = table({"M1": [10, 20, 30], "M2": [12, 22.5, 31.5], "M3": [12, 18, 30]}, METRIC)
    shorter = style_differences(known, "M2")[METRIC]
    # 2, 2.5, 1.5: mean 2, sd .5, se .5 / sqrt 3, t(2) at .975 = 4.3027
    assert shorter.figure.value == pytest.approx(2)
    assert shorter.figure.low == pytest.approx(2 - 4.3027 * 0.5 / 3**0.5, abs=1e-3)
    assert shorter.covers_zero is False
    assert style_differences(known, "M3")[METRIC].covers_zero is True


def test_one_prompt_has_a_difference_without_an_interval_and_the_reference_has_none() -> None:
    known = table({"M1": [10], "M2": [12]}, METRIC)
    found = style_differences(known, "M2")[METRIC]
    assert (found.figure.value, found.covers_zero) == (2, None)
    assert found.figure.reason
    assert style_differences(known, "M1") == {}


def test_what_was_measured_on_no_common_prompt_is_not_measured() -> None:
    known = table({"M1": [10, None], "M2": [None, 12]}, METRIC)
    found = style_differences(known, "M2")[METRIC]
    assert found.figure.value is None
    assert "on no prompt" in (found.figure.reason or "")
    assert set(style_differences(known, "M2")) == set(STYLE)
    assert {METRICS[metric].group.value for metric in STYLE} == {"style"}


def test_the_plane_sets_damage_beside_tint_and_takes_the_references_own_off() -> None:
    known = table({"M1": [1, 0], "M2": [1, 1], "M3": [0, 0]}, Metric.DAMAGE)
    delta = Figure(value=3.0, low=1.0, high=5.0, n=2)
    colourless, coloured = tint_damage_plane(known, {"M1": delta, "M2": delta, "M3": delta})
    assert (colourless.label, colourless.damage.value, colourless.extra_damage) == ("M2", 1.0, 0.5)
    assert (coloured.label, coloured.extra_damage) == ("M3", -0.5)
    assert coloured.delta_tint == delta
    silent = replace(known, figures={key: value for key, value in known.figures.items() if key[0] != "M3"})
    assert list(tint_damage_plane(silent, {"M2": delta, "M3": delta}))[1].extra_damage is None
