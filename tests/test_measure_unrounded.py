"""Whether a variant moved or the reference did, from figures by hand."""

import pytest

from evalkit.analyse.table import FigureTable
from evalkit.analyse.unrounded import unrounded_notes
from evalkit.measure.unrounded import unrounded_scores
from evalkit.records.metrics import Metric
from evalkit.records.scores import Figure, Score

PROMPTS = ("a", "b", "c", "d")
REASONS = {"M1": "no", "M2": "no", "M3": "no"}


def table(**by_label: tuple[float, ...]) -> FigureTable:
    scores = [
        Score(label=label, prompt_id=id_, metric=Metric.SOURCE_KL_DIVERGENCE, figure=Figure(value=value))
        for label, values in by_label.items()
        for id_, value in zip(PROMPTS, values, strict=True)
    ]
    return FigureTable.of(scores, labels=tuple(by_label), prompt_ids=PROMPTS, reference_label="M1")


def test_a_variant_nearer_to_the_source_on_every_prompt_means_that_the_reference_moved() -> None:
    (note,) = unrounded_notes(table(M1=(4, 5, 6, 7), M2=(3, 4.1, 4.9, 6)), has_source=True)
    assert note == (
        "M1 itself strays 5.5000 nats/token from the unrounded model. "
        "M2 is nearer to it: where it differs from M1, M1 moved more."
    )


def test_a_variant_further_from_the_source_moved_itself_and_one_on_both_sides_cannot_be_told() -> None:
    found = table(M1=(4, 5, 6, 7), M2=(5, 6.1, 6.9, 8), M3=(5, 4, 7, 6))
    (note,) = unrounded_notes(found, has_source=True)
    assert "M2 is further from it: where it differs from M1, it moved more." in note
    assert "M3 is neither nearer nor further than M1" in note


def test_prompts_are_paired_so_that_hard_prompts_do_not_hide_a_difference() -> None:
    # The prompts differ by hundreds, the variants by 1 on each.
    (note,) = unrounded_notes(table(M1=(100, 300, 200, 900), M2=(99, 299.1, 199, 898.9)), has_source=True)
    assert "M2 is nearer" in note


def test_one_prompt_tells_nothing() -> None:
    one = FigureTable.of(
        [
            Score(label=label, prompt_id="a", metric=Metric.SOURCE_KL_DIVERGENCE, figure=Figure(value=value))
            for label, value in (("M1", 1.0), ("M2", 0.1))
        ],
        labels=("M1", "M2"),
        prompt_ids=("a",),
        reference_label="M1",
    )
    (note,) = unrounded_notes(one, has_source=True)
    assert "M2 is neither nearer nor further" in note


def test_without_a_source_the_summary_says_that_it_cannot_know() -> None:
    (note,) = unrounded_notes(table(M1=(1, 1, 1, 1)), has_source=False)
    assert "cannot be known whether a variant moved or M1 did" in note


def test_a_reference_from_a_store_has_no_weights_to_measure() -> None:
    (note,) = unrounded_notes(table(M2=(1, 1, 1, 1)), has_source=True)
    assert "M1 was not measured against the unrounded model" in note


def test_what_was_not_read_is_unmeasured_with_its_reason() -> None:
    scores = unrounded_scores([], labels=("M1", "M2"), prompt_ids=("a",), reasons=REASONS)
    assert len(scores) == 4
    assert {score.figure for score in scores} == {Figure.not_measured("no")}


@pytest.mark.parametrize("n", [2, 3])
def test_several_variants_are_named_together(n: int) -> None:
    others = {f"M{i}": (3, 4, 5, 6.1) for i in range(2, 2 + n)}
    (note,) = unrounded_notes(table(M1=(4, 5, 6, 7), **others), has_source=True)
    assert " and ".join((", ".join(list(others)[:-1]), f"M{n + 1}")) + " are nearer" in note
