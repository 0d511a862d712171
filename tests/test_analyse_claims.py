"""A publisher's claims are supported, refuted, or left open; the expected p values are made by hand or by scipy."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from evalkit.analyse.claims import answer_claims, claim_words
from evalkit.analyse.table import FigureTable
from evalkit.records.claims import Claim, ClaimAnswer, ClaimKind, ClaimVerdict, Direction
from evalkit.records.scores import Figure, Metric

KL = Metric.KL_DIVERGENCE


def table(rows: Mapping[str, Sequence[float | None]], metric: Metric = KL) -> FigureTable:
    """One row of values per label, one value per prompt; M1 is the reference."""
    n = max(map(len, rows.values()))
    figures = {
        (label, metric, f"p{index}"): Figure(value=value) if value is not None else Figure.not_measured("Why.")
        for label, values in rows.items()
        for index, value in enumerate(values)
    }
    labels = tuple(dict.fromkeys(("M1", *rows)))
    return FigureTable(
        labels=labels, prompt_ids=tuple(f"p{i}" for i in range(n)), reference_label="M1", figures=figures
    )


def claim(kind: ClaimKind, labels: str, against: str = "", **changes: object) -> Claim:
    values: dict[str, object] = {"metric": KL, "labels": tuple(labels.split()), "against": tuple(against.split())}
    return Claim(id="c", text="So it is.", kind=kind, **(values | changes))  # type: ignore[arg-type]


def ask(one: Claim, rows: Mapping[str, Sequence[float | None]]) -> ClaimAnswer:
    (answer,) = answer_claims((one,), table(rows, one.metric))
    return answer


RISING = {"M2": [1, 2, 1.5], "M3": [2, 3, 2.5], "M4": [3, 4, 3.5]}


def test_a_trend_that_holds_on_every_prompt_has_pages_exact_p() -> None:
    # Three prompts whose three ranks all rise: one of (3!)^3 orders is as extreme.
    answer = ask(claim(ClaimKind.TREND, "M2 M3 M4"), RISING)
    assert answer.p == pytest.approx(1 / math.factorial(3) ** 3)
    assert (answer.verdict, answer.n_prompts, answer.effect) == (ClaimVerdict.SUPPORTED, 3, 1.0)


def test_the_opposite_trend_is_not_supported_and_a_falling_claim_turns_it() -> None:
    assert ask(claim(ClaimKind.TREND, "M4 M3 M2"), RISING).verdict is ClaimVerdict.NOT_SUPPORTED
    falling = claim(ClaimKind.TREND, "M4 M3 M2", direction=Direction.DOWN)
    assert ask(falling, RISING).verdict is ClaimVerdict.SUPPORTED


def test_pages_p_counts_the_orders_that_are_as_extreme() -> None:
    # Ranks by prompt: 1 2 3 and 1 3 2. Page's L = sum of place x column sum = 2 + 2*5 + 3*5 = 27.
    sums = [
        sum(place * (a + b) for place, a, b in zip((1, 2, 3), first, second, strict=True))
        for first in itertools.permutations((1, 2, 3))
        for second in itertools.permutations((1, 2, 3))
    ]
    answer = ask(claim(ClaimKind.TREND, "M2 M3 M4"), {"M2": [1, 1], "M3": [2, 3], "M4": [3, 2]})
    assert answer.p == pytest.approx(sum(value >= 27 for value in sums) / len(sums))
    assert answer.effect == pytest.approx((1 + 0.5) / 2)


def test_a_flat_trend_with_enough_prompts_leaves_no_room_for_what_would_matter() -> None:
    rng = np.random.default_rng(2)
    rows = {f"M{number}": rng.normal(size=200).tolist() for number in range(2, 7)}
    labels = " ".join(rows)
    assert ask(claim(ClaimKind.TREND, labels, least=0.3), rows).verdict is ClaimVerdict.NOT_SUPPORTED
    assert ask(claim(ClaimKind.TREND, labels), rows).verdict is ClaimVerdict.CANNOT_TELL


def test_a_contrast_is_a_paired_t_test_of_the_groups_means() -> None:
    rows = {"M2": [1, 5, 2, 8], "M3": [2, 6, 5, 9], "M4": [0, 4, 1, 7], "M5": [1, 3, 3, 6]}
    answer = ask(claim(ClaimKind.CONTRAST, "M2 M3", "M4 M5"), rows)
    differences = [(a + b) / 2 - (c + d) / 2 for a, b, c, d in zip(*rows.values(), strict=True)]
    assert answer.p == pytest.approx(float(ttest_1samp(differences, 0, alternative="greater").pvalue))
    assert answer.effect == pytest.approx(sum(differences) / 4)
    assert answer.verdict is ClaimVerdict.SUPPORTED


def test_a_contrast_the_other_way_is_not_supported() -> None:
    rows = {"M2": [1, 5, 2, 8], "M4": [3, 8, 4, 10]}
    assert ask(claim(ClaimKind.CONTRAST, "M2", "M4"), rows).verdict is ClaimVerdict.NOT_SUPPORTED


def test_noise_answers_nothing() -> None:
    rows = {"M2": [1, 5, 2, 8], "M4": [3, 4, 4, 6]}
    answer = ask(claim(ClaimKind.CONTRAST, "M2", "M4"), rows)
    assert answer.verdict is ClaimVerdict.CANNOT_TELL
    assert answer.p is not None


def test_the_reference_itself_has_no_delta_tint_and_counts_as_0() -> None:
    figures = dict(table({"M3": [2, 3, 4, 3]}, Metric.DELTA_TINT).figures)
    figures |= {("M1", Metric.TINT, f"p{index}"): Figure(value=70.0) for index in range(4)}
    prompts = tuple(f"p{i}" for i in range(4))
    known = FigureTable(labels=("M1", "M3"), prompt_ids=prompts, reference_label="M1", figures=figures)
    (answer,) = answer_claims((claim(ClaimKind.CONTRAST, "M3", "M1", metric=Metric.DELTA_TINT),), known)
    assert (answer.verdict, answer.effect) == (ClaimVerdict.SUPPORTED, 3.0)


def test_the_darkest_must_beat_every_other_and_its_p_is_the_weakest() -> None:
    rows = {"M1": [0, 0, 0, 0], "M2": [5, 6, 5, 6], "M7": [9, 9, 8, 9], "M8": [1, 2, 1, 2]}
    answer = ask(claim(ClaimKind.EXTREME, "M7"), rows)
    assert answer.verdict is ClaimVerdict.SUPPORTED
    assert answer.p == pytest.approx(float(ttest_1samp([4, 3, 3, 3], 0, alternative="greater").pvalue))
    assert "M2 stands most against it" in answer.reason


def test_one_that_surely_beats_it_refutes_the_extreme_and_one_that_might_leaves_it_open() -> None:
    above = {"M1": [0, 0, 0, 0], "M2": [9, 9.5, 9, 9.4], "M7": [5, 5, 5.2, 5]}
    assert ask(claim(ClaimKind.EXTREME, "M7"), above).verdict is ClaimVerdict.NOT_SUPPORTED
    level = {"M1": [0, 0, 0, 0], "M2": [4, 6, 5, 5.5], "M7": [5, 5, 5.2, 5]}
    assert ask(claim(ClaimKind.EXTREME, "M7"), level).verdict is ClaimVerdict.CANNOT_TELL


@pytest.mark.parametrize(
    ("one", "rows", "why"),
    [
        (claim(ClaimKind.TREND, "M2 M3 M4"), {"M2": [1.0], "M3": [2.0], "M4": [3.0]}, "1 prompt; a test needs"),
        (claim(ClaimKind.TREND, "M2 M3 M4"), {"M2": [1, 2], "M3": [2, 2]}, "at least 3 of its labels"),
        (claim(ClaimKind.TREND, "M2 M3 M4"), {"M2": [1, 1], "M3": [1, 1], "M4": [1, 1]}, "are equal"),
        (claim(ClaimKind.CONTRAST, "M2", "M9"), {"M2": [1, 2]}, "has no variant in the run"),
        (claim(ClaimKind.CONTRAST, "M2", "M3"), {"M2": [1, None], "M3": [None, 2]}, "0 prompts"),
        (
            claim(ClaimKind.CONTRAST, "M2", "M3"),
            {"M2": [1, 2], "M3": [None, None]},
            "KL divergence was not measured. Why.",
        ),
        (claim(ClaimKind.EXTREME, "M9"), {"M2": [1, 2]}, "is not in the run"),
    ],
)
def test_what_cannot_be_tested_cannot_be_told_and_says_why(
    one: Claim, rows: Mapping[str, Sequence[float | None]], why: str
) -> None:
    answer = ask(one, rows)
    assert (answer.verdict, answer.p, answer.test) == (ClaimVerdict.CANNOT_TELL, None, "")
    assert why in answer.reason


def test_labels_that_the_run_lacks_are_left_out_and_named() -> None:
    answer = ask(claim(ClaimKind.TREND, "M2 M3 M4 M9"), RISING)
    assert answer.verdict is ClaimVerdict.SUPPORTED
    assert answer.reason.endswith("Not in this run, and left out: M9.")
    assert answer.claim.labels == ("M2", "M3", "M4", "M9")


def test_a_claim_of_nothing_is_supported_5_times_in_100() -> None:
    rng = np.random.default_rng(7)
    n_runs = 400
    found = dict.fromkeys(ClaimKind, 0)
    for _ in range(n_runs):
        rows = {label: rng.normal(size=6).tolist() for label in ("M1", "M2", "M3", "M4")}
        for kind, one in (
            (ClaimKind.TREND, claim(ClaimKind.TREND, "M2 M3 M4")),
            (ClaimKind.CONTRAST, claim(ClaimKind.CONTRAST, "M2", "M3 M4")),
            (ClaimKind.EXTREME, claim(ClaimKind.EXTREME, "M3")),
        ):
            found[kind] += ask(one, rows).verdict is ClaimVerdict.SUPPORTED
    # Three standard errors of 5 % over 400 runs are 3.3 %.
    assert all(count / n_runs <= 0.083 for count in found.values())
    assert found[ClaimKind.CONTRAST] / n_runs >= 0.017


def test_a_claim_reads_as_one_line() -> None:
    line = claim_words(ask(claim(ClaimKind.TREND, "M2 M3 M4"), RISING))
    assert line.startswith("So it is. Supported (Page's L over prompts, one-sided p = 0.005, 3 prompts). Mean rank")
