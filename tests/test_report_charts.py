from __future__ import annotations

import dataclasses
import re

import pytest

from evalkit.records.scores import Metric, SentenceTint
from evalkit.report.charts.gallery import build_gallery
from evalkit.report.charts.heat import build_heat_maps, shade
from evalkit.report.charts.labels import place_names
from evalkit.report.charts.lineage import place_generations
from evalkit.report.charts.scale import Scale, tick_words
from evalkit.report.charts.scatter import tint_against_divergence
from evalkit.report.charts.shapes import Chart, ShapeKind
from evalkit.report.charts.survival import steps, survival_chart
from evalkit.report.charts.tensor_map import tensor_map_chart
from evalkit.report.charts.tint_course import mean_course, text_course
from evalkit.report.lookup import look_up
from evalkit.report.material import Material
from tests.report_data import LABELS, make_run, prompt, published_run
from tests.report_hostile import hostile_run

CARD = {
    "M1": (), "M2": ("M1",), "M3": ("M1",), "M4": ("M2", "M3"), "M5": ("M4",), "M6": ("M4",),
    "M7": ("M4", "M5"), "M8": ("M4", "M6"), "M9": ("M4",), "M10": ("M4",),
}  # fmt: skip


def sentence(n_words: int, tint: float) -> SentenceTint:
    return SentenceTint(start=0, end=1, n_words=n_words, tint=tint, category="dread")


def material() -> Material:
    run = published_run()
    return Material(run=run, lookup=look_up(run))


def test_scale_maps_ends_middle_and_keeps_what_lies_outside_at_the_edge() -> None:
    scale = Scale(low=-10.0, high=10.0, start=300.0, end=100.0)
    assert [scale.at(value) for value in (-10, 0, 10, 99, -99)] == [300, 200, 100, 100, 300]
    assert Scale(low=3.0, high=3.0, start=0.0, end=10.0).at(3.0) == 5.0


@pytest.mark.parametrize(
    ("low", "high", "n", "ticks"),
    [
        (0.0, 0.0119, 3, ["0", "0.005", "0.01"]),
        (-52.0, 52.0, 3, ["\N{MINUS SIGN}50", "0", "50"]),
        (0.0, 1.0, 5, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (7.0, 7.0, 5, ["7"]),
    ],
)
def test_ticks_are_round_numbers_inside_the_scale(low: float, high: float, n: int, ticks: list[str]) -> None:
    assert [tick_words(value) for value in Scale(low=low, high=high, start=0, end=1).ticks(n)] == ticks


def test_names_beside_close_dots_do_not_cover_one_another() -> None:
    dots = [(100.0, 50.0 + i) for i in range(6)]
    places = place_names(dots, ["M10"] * 6, right_end=500.0)
    boxes = [(x - 24 if ends else x, y) for x, y, ends in places]
    assert all(abs(ax - bx) >= 24 or abs(ay - by) >= 12 for i, (ax, ay) in enumerate(boxes) for bx, by in boxes[:i])


def test_name_that_would_leave_the_picture_stands_left_of_its_dot() -> None:
    ((x, _, ends),) = place_names([(495.0, 50.0)], ["M10"], right_end=500.0)
    assert ends
    assert x < 495


def test_dots_stand_where_divergence_and_tint_say() -> None:
    chart = tint_against_divergence(published_run())
    dots = {shape.note.split(":")[0]: shape for shape in chart.shapes if shape.kind is ShapeKind.DOT}
    assert set(dots) == set(LABELS[1:])
    # M9's KL (0.018) is larger than M2's (0.011), and its delta-tint (+11) is above M2's (-4.04).
    assert float(dots["M9"].x) > float(dots["M2"].x)
    assert float(dots["M9"].y) < float(dots["M2"].y)
    # Open dots are those whose interval holds 0: all but M8 to M10.
    assert {label for label, shape in dots.items() if "is-open" not in shape.look} == {"M8", "M9", "M10"}


def test_scatter_without_tint_says_why_it_is_missing() -> None:
    run = published_run()
    variants = tuple(
        dataclasses.replace(variant, figures={k: v for k, v in variant.figures.items() if k is not Metric.DELTA_TINT})
        for variant in run.summary.variants
    )
    chart = tint_against_divergence(
        dataclasses.replace(run, summary=dataclasses.replace(run.summary, variants=variants))
    )
    assert chart.missing
    assert chart.shapes == ()


def test_lineage_of_the_card_has_five_generations() -> None:
    columns = {spot: column for spot, (column, _) in place_generations(CARD).items() if isinstance(spot, str)}
    assert columns == {
        "M1": 0, "M2": 1, "M3": 1, "M4": 2, "M5": 3, "M6": 3, "M9": 3, "M10": 3, "M7": 4, "M8": 4
    }  # fmt: skip


def test_edges_that_skip_a_generation_share_one_lane_between_its_nodes() -> None:
    places = place_generations(CARD)
    assert [spot for spot in places if not isinstance(spot, str)] == [("M4", 3)]
    # M4 leads to M7 and M8 past M5, M6 | M9, M10: level with M4 itself.
    assert places["M4", 3][1] == places["M4"][1]


def test_lineage_in_which_everybody_comes_from_all_before_is_placed_at_once() -> None:
    labels = [f"M{number}" for number in range(60)]
    places = place_generations({label: tuple(labels[:number]) for number, label in enumerate(labels)})
    assert places["M59"][0] == 59


def test_nodes_of_one_generation_stand_apart() -> None:
    places = list(place_generations(CARD).values())
    assert len(places) == len(set(places))


def test_circle_in_a_stated_lineage_still_has_places() -> None:
    assert set(place_generations({"A": ("B",), "B": ("A",), "C": ()})) >= {"A", "B", "C"}


def test_course_of_two_sentences_changes_where_the_words_do() -> None:
    # 30 words at 20, then 70 at 80: tenths one to three, and four to ten.
    assert text_course([sentence(30, 20.0), sentence(70, 80.0)]) == pytest.approx([20.0] * 3 + [80.0] * 7)


def test_sentence_across_a_border_counts_on_both_sides() -> None:
    # 25 of 100 words at 0, the rest at 100: the third tenth is half and half.
    assert text_course([sentence(25, 0.0), sentence(75, 100.0)])[2] == pytest.approx(50.0)


def test_course_is_clipped_as_the_answers_own_tint_is() -> None:
    assert set(text_course([sentence(10, 130.0)])) == {100.0}
    assert set(text_course([sentence(10, -30.0)])) == {0.0}


def test_mean_course_weighs_answers_alike_and_ignores_those_without_sentences() -> None:
    assert set(mean_course([[sentence(10, 20.0)], [sentence(1000, 40.0)], []])) == {30.0}
    assert mean_course([[], []]) == ()


def test_survival_falls_straight_down_at_each_fork() -> None:
    run = published_run()
    assert run.divergence is not None
    curve = run.divergence.survival[0]  # M2: half at 40, none at 80
    scale_x, scale_y = Scale(low=0, high=100, start=0, end=100), Scale(low=0, high=1, start=100, end=0)
    assert steps(curve, scale_x, scale_y) == [(0, 0), (40, 0), (40, 50), (80, 50), (80, 100), (100, 100)]


def test_pictures_without_their_record_say_so() -> None:
    run = dataclasses.replace(published_run(), divergence=None, comparisons=())
    charts = build_gallery(Material(run=run, lookup=look_up(run))).charts
    missing = {chart.anchor for chart in charts if chart.missing}
    assert missing == {"chart-survival", "chart-profile", "chart-tree", "chart-tensors"}
    assert survival_chart(run).shapes == ()


def test_heat_map_has_a_cell_per_answer_that_leads_to_it() -> None:
    tint, *_ = build_heat_maps(material())
    assert [len(row.cells) for row in tint.rows] == [2] * 10
    cell = tint.rows[3].cells[1]  # M4 on the second prompt
    assert (cell.anchor, cell.text, cell.shade) == ("answer-2-4", "\N{MINUS SIGN}2.2", "t5")
    assert tint.rows[0].cells[0].shade == ""
    assert tint.rows[0].cells[0].note


@pytest.mark.parametrize(
    ("metric", "value", "expected"),
    [
        (Metric.DELTA_TINT, 30.0, "t8"),
        (Metric.DELTA_TINT, -500.0, "t0"),
        (Metric.KL_DIVERGENCE, 0.0, "h0"),
        (Metric.KL_DIVERGENCE, 0.02, "h10"),
        (Metric.COMMON_PREFIX_TOKENS, 0.0, "h10"),
    ],
)
def test_shade_is_dark_where_the_answer_is_far_away(metric: Metric, value: float, expected: str) -> None:
    assert shade(metric, value, 0.02) == expected


def test_tensor_map_is_darkest_where_weights_moved_furthest_and_names_a_copy() -> None:
    chart = tensor_map_chart(published_run())
    looks = {shape.note: shape.look for shape in chart.shapes if shape.kind is ShapeKind.BOX}
    assert looks["M3, attn_q, layer 2: 0.0300"] == "h10"
    assert looks["M3, attn_q, layer 0: 0.0100"] == "h3"
    assert looks["M3, token_embd, outside of the layers: 0.0000"] == "h0"
    assert len(looks) == 9 * 7
    assert "no weight moved" in [shape.text for shape in chart.shapes]


def places_of(chart: Chart) -> list[float]:
    numbers = []
    for shape in chart.shapes:
        numbers += [float(value) for value in (shape.x, shape.x2) if value]
        numbers += [float(pair.split()[0]) for pair in re.split("[MLCZ]", shape.d) if pair.strip()]
    return numbers


def test_every_mark_lies_inside_its_picture() -> None:
    for chart in build_gallery(material()).charts:
        assert not chart.missing
        assert all(0 <= x <= chart.width for x in places_of(chart)), chart.anchor


def test_hostile_run_has_pictures_too() -> None:
    run = hostile_run()
    assert all(chart.shapes or chart.missing for chart in build_gallery(Material(run=run, lookup=look_up(run))).charts)


def test_one_answer_of_one_variant_makes_pictures_or_reasons() -> None:
    run = make_run({("M1", "p"): "One."}, (prompt("p", "P", "?"),), labels=("M1",))
    assert all(chart.shapes or chart.missing for chart in build_gallery(Material(run=run, lookup=look_up(run))).charts)
