"""What a judge's votes say about the judge; expected values are counted by hand."""

import pytest

from evalkit.analyse.judge_bias import check_judge
from evalkit.records.blind import ItemKind, Outcome
from tests.preference_samples import vote


def test_a_judge_who_always_votes_left_is_found_out() -> None:
    check = check_judge("ana", [vote("M1", "M2", Outcome.LEFT, item_id=str(i)) for i in range(10)])
    assert check.left_share.value == 1
    assert check.left_p == pytest.approx(2 / 2**10)
    # Equal lengths say nothing of length.
    assert check.longer_share.value is None
    assert check.longer_p is None


def test_length_bias_is_the_share_of_decided_votes_for_the_longer_text() -> None:
    votes = [
        vote("M1", "M2", Outcome.LEFT, words=(120, 100)),
        vote("M1", "M2", Outcome.RIGHT, words=(90, 100)),
        vote("M1", "M2", Outcome.RIGHT, words=(120, 100)),
        vote("M1", "M2", Outcome.TIE, words=(120, 100)),
    ]
    check = check_judge("ana", votes)
    assert check.longer_share.value == pytest.approx(2 / 3)
    assert check.left_share.value == pytest.approx(1 / 3)
    assert (check.n_votes, check.n_ties) == (4, 1)


def test_catch_trials_count_for_the_judge_and_for_nothing_else() -> None:
    votes = [
        vote("M1", "M1", Outcome.TIE, kind=ItemKind.IDENTICAL),
        vote("M1", "M1", Outcome.LEFT, kind=ItemKind.IDENTICAL),
        vote("M1", "M2", Outcome.TIE),
        vote("M1", "M2", Outcome.LEFT, judge="ben"),
    ]
    check = check_judge("ana", votes)
    assert check.identical_ties.value == 0.5
    assert check.n_votes == 1
    assert check.left_share.value is None
    assert check.left_share.reason == "No vote was decided."
