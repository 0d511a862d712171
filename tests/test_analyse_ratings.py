"""Ratings: known preferences are recovered, indifference is not taken for one, and what is missing is said."""

import math

import pytest

from evalkit.analyse.ratings import rate
from evalkit.records.blind import Outcome
from evalkit.records.preferences import Standing
from tests.preference_samples import LABELS, comparison, simulated

INDIFFERENT = dict.fromkeys(LABELS, 0.0)


def test_known_strengths_are_recovered_in_order() -> None:
    strengths = {label: 0.35 * index for index, label in enumerate(LABELS)}
    ratings = rate(simulated(strengths, tie=0.0, n_votes=6000, seed=1), labels=LABELS, reference_label="M1")
    elo = {one.label: one.elo for one in ratings}
    assert sorted(elo, key=lambda label: elo[label].value or 0.0) == list(LABELS[1:])
    for one in ratings:
        true = strengths[one.label] * 400 / math.log(10)
        assert (one.elo.value or 0) == pytest.approx(true, abs=60)
        assert one.standing is (Standing.ABOVE if strengths[one.label] > 0.3 else one.standing)
        assert one.n_votes_missing == 0


def test_one_win_share_by_hand() -> None:
    # 60 wins, 20 losses, 20 ties: (60 + 10) / 100; the interval must leave .5 outside.
    votes = [
        comparison("M2", "M1", outcome, judge=f"j{i % 4}", prompt_id=f"p{i % 5}")
        for i, outcome in enumerate([Outcome.LEFT] * 60 + [Outcome.RIGHT] * 20 + [Outcome.TIE] * 20)
    ]
    (only,) = rate(votes, labels=("M1", "M2"), reference_label="M1")
    assert only.win_share.value == pytest.approx(0.7, abs=1e-9)
    assert only.standing is Standing.ABOVE
    assert only.elo.value == pytest.approx(400 * math.log10(3), abs=1e-6)


def test_both_bad_counts_as_a_tie() -> None:
    def votes(third: Outcome) -> list:
        return [comparison("M2", "M1", one) for one in (Outcome.LEFT, Outcome.RIGHT, Outcome.LEFT, third)]

    bad, tie = (rate(votes(one), labels=("M1", "M2"), reference_label="M1") for one in (Outcome.BOTH_BAD, Outcome.TIE))
    assert bad == tie


def test_many_indifferent_votes_end_in_no_difference_larger_than_60_to_40() -> None:
    ratings = rate(simulated({"M1": 0.0, "M2": 0.0}, tie=0.5, n_votes=900, seed=3, judges=10, prompts=10),
                   labels=("M1", "M2"), reference_label="M1")  # fmt: skip
    assert [one.standing for one in ratings] == [Standing.EQUIVALENT]


def test_few_indifferent_votes_are_open_and_say_how_many_are_missing() -> None:
    few = simulated({"M1": 0.0, "M2": 0.0}, tie=0.5, n_votes=40, seed=3)
    (only,) = rate(few, labels=("M1", "M2"), reference_label="M1")
    assert only.standing is Standing.OPEN
    assert only.n_votes_missing is not None
    assert 20 < only.n_votes_missing < 2000


def test_a_preference_of_one_judge_of_three_is_not_one_of_all() -> None:
    # ana always prefers M2; the two others are split. Votes alone would settle it; judges do not.
    votes = [comparison("M2", "M1", Outcome.LEFT, judge="ana", prompt_id=f"p{i}") for i in range(40)]
    for judge in ("ben", "eva"):
        votes += [
            comparison("M2", "M1", Outcome.LEFT if i % 2 else Outcome.RIGHT, judge=judge, prompt_id=f"p{i}")
            for i in range(40)
        ]
    (only,) = rate(votes, labels=("M1", "M2"), reference_label="M1")
    assert only.standing is Standing.OPEN


def test_a_variant_that_won_every_vote_is_rated_above_with_half_a_vote_added_each_way() -> None:
    votes = [comparison("M2", "M1", Outcome.LEFT, judge=f"j{i % 3}", prompt_id=f"p{i % 5}") for i in range(30)]
    (only,) = rate(votes, labels=("M1", "M2"), reference_label="M1")
    assert only.standing is Standing.ABOVE
    assert only.win_share.value == pytest.approx(30.5 / 31, abs=1e-9)
    assert "half a win" in (only.win_share.reason or "")


def test_three_won_votes_of_three_are_no_verdict() -> None:
    votes = [comparison("M2", "M1", Outcome.LEFT, judge=f"j{i}", prompt_id=f"p{i}") for i in range(3)]
    (only,) = rate(votes, labels=("M1", "M2"), reference_label="M1")
    assert only.standing is Standing.OPEN


def test_only_ties_over_and_over_are_no_difference() -> None:
    votes = [comparison("M2", "M1", Outcome.TIE, judge=f"j{i % 4}", prompt_id=f"p{i % 6}") for i in range(48)]
    (only,) = rate(votes, labels=("M1", "M2"), reference_label="M1")
    assert only.standing is Standing.EQUIVALENT
    assert only.win_share.value == pytest.approx(0.5)


def test_a_variant_that_no_vote_links_with_the_reference_keeps_the_others_measured() -> None:
    votes = [comparison("M2", "M1", one) for one in (Outcome.LEFT, Outcome.RIGHT, Outcome.TIE)]
    votes += [comparison("M3", "M4", Outcome.LEFT)]
    ratings = rate(votes, labels=("M1", "M2", "M3", "M4"), reference_label="M1")
    assert [one.standing for one in ratings] == [Standing.OPEN, Standing.NOT_MEASURED, Standing.NOT_MEASURED]


def test_no_votes_are_not_measured() -> None:
    (only,) = rate([], labels=("M1", "M2"), reference_label="M1")
    assert only.standing is Standing.NOT_MEASURED
    assert only.win_share.value is None
    assert only.win_share.reason


@pytest.mark.full
def test_indifferent_judges_seldom_make_a_winner() -> None:
    # 40 evaluations of ten variants by three judges; a false "above" in 5 % of them would be 2. In 150 others it was 1.
    n_false = 0
    for seed in range(40):
        votes = simulated(INDIFFERENT, tie=0.3, n_votes=180, seed=1000 + seed)
        ratings = rate(votes, labels=LABELS, reference_label="M1")
        n_false += any(one.standing is Standing.ABOVE for one in ratings)
    assert n_false <= 2
