from __future__ import annotations

import math

import pytest

from evalkit.records.scores import Figure, Metric
from evalkit.report import format as figures

MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        (Metric.DELTA_TINT, 4.25, "+4.2"),
        (Metric.DELTA_TINT, -4.26, f"{MINUS}4.3"),
        (Metric.DELTA_TINT, -0.04, "0.0"),
        (Metric.DELTA_TINT, 0.0, "0.0"),
        (Metric.TINT, 82.04, "82.0"),
        (Metric.WORD_JS_DIVERGENCE, 0.1234567, "0.123"),
        (Metric.LOG_LENGTH_RATIO, 0.066, "+0.07"),
        (Metric.REGENERATION_AGREEMENT, 2 / 3, f"67{NBSP}%"),
        (Metric.DAMAGE, 0.0, f"0{NBSP}%"),
        (Metric.N_WORDS, 12345.0, "12,345"),
        (Metric.LOOP, 1.0, "1"),
        (Metric.CHRF, 1e300, "1e+300"),
    ],
)
def test_each_metric_is_rounded_and_signed_as_its_readers_expect(metric: Metric, value: float, text: str) -> None:
    assert figures.written(metric, Figure(value=value)).text == text


def test_interval_is_written_in_words_so_that_no_dash_looks_like_a_minus() -> None:
    written = figures.written(Metric.DELTA_TINT, Figure(value=1.0, low=-2.5, high=4.5))
    assert written.interval == f"{MINUS}2.5 to +4.5"


@pytest.mark.parametrize(
    ("low", "high", "covers"),
    [(-1.0, 2.0, True), (0.0, 2.0, True), (-2.0, 0.0, True), (0.01, 2.0, False), (-2.0, -0.1, False)],
)
def test_only_an_interval_that_holds_zero_is_greyed(low: float, high: float, covers: bool) -> None:
    assert figures.written(Metric.DELTA_TINT, Figure(value=1.0, low=low, high=high)).covers_zero is covers


def test_distance_whose_interval_begins_at_zero_is_not_greyed_because_zero_is_no_verdict_there() -> None:
    assert not figures.written(Metric.COMMON_PREFIX_TOKENS, Figure(value=3.0, low=0.0, high=9.0)).covers_zero


def test_missing_figure_is_a_dash_with_its_reason() -> None:
    written = figures.written(Metric.CHRF, Figure(value=None, reason="No reference answer."))
    assert (written.text, written.interval, written.reason) == ("\N{EN DASH}", None, "No reference answer.")


def test_figure_that_the_run_does_not_hold_is_a_dash_with_a_reason() -> None:
    written = figures.written(Metric.CHRF, None)
    assert written.text == "\N{EN DASH}"
    assert written.reason


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_never_shown_as_one(value: float) -> None:
    written = figures.written(Metric.CHRF, Figure(value=value))
    assert (written.text, written.reason) == ("\N{EN DASH}", "The value is not a finite number.")


def test_value_without_an_interval_keeps_the_reason_for_that() -> None:
    written = figures.written(Metric.DELTA_TINT, Figure(value=2.0, reason="One prompt has no interval."))
    assert (written.text, written.reason) == ("+2.0", "One prompt has no interval.")


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (3_512_000, "3.51 MB"), (2_261_000_000, "2.26 GB"), (26_100_000_000, "26.1 GB")],
)
def test_sizes_are_decimal_with_three_digits(n_bytes: int, text: str) -> None:
    assert figures.file_size(n_bytes) == text.replace(" ", NBSP)


def test_counts_agree_with_their_noun() -> None:
    assert [figures.count(n, "prompt") for n in (0, 1, 1200)] == [
        f"0{NBSP}prompts",
        f"1{NBSP}prompt",
        f"1,200{NBSP}prompts",
    ]


def test_footnote_marks_are_letters() -> None:
    assert [figures.letters(n) for n in (1, 2, 26, 27, 52, 53)] == ["a", "b", "z", "aa", "az", "ba"]


def test_every_metric_has_a_way_to_be_written() -> None:
    for metric in Metric:
        assert figures.written(metric, Figure(value=0.5)).text != figures.DASH
