"""The verdicts on all variants together: Holm's p, what was not recorded, and the words that lead the summary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.analyse.distribution_tint import (
    NOT_READ,
    compare_variants,
    distribution_figures,
    distribution_notes,
    distribution_scores,
    judge_distributions,
    may_be_chance,
    source_tint_notes,
)
from evalkit.analyse.table import FigureTable
from evalkit.analyse.tint_verdict import TintTest, TintVerdict
from evalkit.analyse.verdict import variant_verdict
from evalkit.records.axis import AxisTest, AxisVerdict, DistributionTint
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import Figure, Metric, Score
from tests.axis_samples import Model, horror_axis

TEST = AxisTest(
    delta=1.1, low=0.6, high=1.6, p=0.001, z=3.5, raw_delta=1.0, reference_rate=20.0, smallest_detectable=0.7,
    n_positions=5800, n_contexts=52, by_context={"inn": 1.5, "neutral/01": 0.7},
    by_group={"answers": 1.5, "neutral": 0.7}, null_standard_error=0.3,
)  # fmt: skip


def judged(*p_values: float, delta: float = 1.1) -> dict[str, DistributionTint]:
    tests = {f"M{number}": replace(TEST, p=p, delta=delta) for number, p in enumerate(p_values, start=2)}
    return judge_distributions(tests)


def words(tint: DistributionTint) -> str:
    measured = {Metric.N_TOKENS: 9.0, Metric.EMPTY: 0.0, Metric.COMMON_PREFIX_TOKENS: 3.0, Metric.DELTA_TINT: 2.0}
    table = FigureTable.of(
        [
            Score(label=label, prompt_id="inn", metric=metric, figure=Figure(value=value))
            for label in ("M1", "M2")
            for metric, value in measured.items()
        ],
        labels=("M1", "M2"),
        prompt_ids=("inn",),
        reference_label="M1",
    )
    untested = TintTest(verdict=TintVerdict.NOT_TESTED, n_tests=0)
    return variant_verdict(table, "M2", Figure(value=2.0), untested, tint).split("; by its texts")[0]


def test_p_values_are_adjusted_for_the_number_of_variants() -> None:
    # Holm by hand: 3 x .01, then the larger of that and 2 x .02, then the larger of that and .5.
    found = judged(0.02, 0.01, 0.5)
    assert {label: tint.adjusted_p for label, tint in found.items()} == pytest.approx(
        {"M2": 0.04, "M3": 0.03, "M4": 0.5}
    )
    assert [tint.verdict for tint in found.values()] == [AxisVerdict.MORE, AxisVerdict.MORE, AxisVerdict.NOT_TOLD_APART]


def test_what_many_variants_make_likely_is_called_chance_and_not_a_tint() -> None:
    tint = judged(0.03, 0.5, 0.6)["M2"]
    assert tint.verdict is AxisVerdict.NOT_TOLD_APART
    assert may_be_chance(tint)
    assert "may be darker than M1 in its next tokens" in words(tint)
    assert "among 3 variants that can be chance" in words(tint)


@pytest.mark.parametrize(("delta", "called"), [(0.21, True), (0.19, False), (-0.19, False), (-0.21, True)])
def test_less_than_one_horror_word_in_a_hundred_is_not_spoken_of(delta: float, called: bool) -> None:
    # The reference expects 20.0, so the limit is 0.20.
    tint = judged(1e-9, delta=delta)["M2"]
    assert (tint.verdict is not AxisVerdict.NOT_TOLD_APART) is called
    assert ("too little to speak of" in words(tint)) is not called


def test_headline_names_direction_figure_and_interval() -> None:
    assert words(judged(0.001)["M2"]) == (
        "darker than M1 in its next tokens (+1.10, +0.60 to +1.60 horror words per 1,000 tokens)"
    )
    assert words(judged(0.3)["M2"]) == (
        "cannot be told apart from M1 in the tint of its next tokens (+1.10, +0.60 to +1.60 horror words per 1,000 "
        "tokens; differences above 0.70 would show)"
    )
    assert words(judged(0.001, delta=-1.1)["M2"]).startswith("lighter than M1")


def test_variants_that_were_not_recorded_say_so_and_the_others_are_judged() -> None:
    reference = Model.random(0, n_contexts=24)
    tilted = reference.changed(lambda logits: logits + 0.3 * horror_axis().weights)
    outcomes = compare_variants(reference.starts, {"M2": None, "M3": tilted.starts}, horror_axis())
    assert judge_distributions(outcomes)["M3"].verdict is AxisVerdict.MORE
    assert distribution_figures(outcomes)["M2"][Metric.DISTRIBUTION_TINT] == Figure.not_measured(NOT_READ)
    outcomes = compare_variants(None, {"M2": tilted.starts}, horror_axis())
    assert isinstance(outcomes["M2"], NotMeasuredError)
    assert judge_distributions(outcomes) == {}
    assert list(distribution_notes({}, "M1")) == []


def test_rows_per_prompt_are_those_of_the_references_answers() -> None:
    rows = distribution_scores({"M2": TEST}, ["inn", "road"])
    assert [(row.label, row.prompt_id, row.figure.value) for row in rows] == [("M2", "inn", 1.5), ("M2", "road", None)]
    assert distribution_figures({"M2": TEST})["M2"][Metric.DISTRIBUTION_TINT] == Figure(
        value=1.1, low=0.6, high=1.6, n=52
    )


def test_unrounded_note_groups_by_verdict_and_is_silent_without_a_source() -> None:
    tests = {
        "M1": replace(TEST, delta=0.1, p=0.6),
        "M2": replace(TEST, p=1e-6),
        "M3": replace(TEST, delta=-2.0, p=1e-5),
    }
    (note,) = source_tint_notes(judge_distributions(tests))
    assert "darker: M2 +1.10; lighter: M3 -2.00; not told apart: M1 +0.10." in note
    assert list(source_tint_notes({})) == []


def test_note_tells_what_would_have_been_found() -> None:
    (note,) = distribution_notes(judged(0.5, 0.6), "M1")
    assert "M1 expects 20.0 horror words per 1,000 tokens" in note
    assert "a difference of 0.70 is found 4 times in 5" in note
