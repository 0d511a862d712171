"""Agreement beyond chance; expected values are Krippendorff's own and counted by hand."""

import pytest

from evalkit.analyse.judge_agreement import agreements_between, agreements_with_themselves, krippendorff_alpha
from evalkit.records.blind import ItemKind, Outcome
from evalkit.records.errors import NotMeasuredError
from tests.preference_samples import comparison, vote

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: four observers, twelve units, gaps.
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)


def test_alpha_of_the_papers_example() -> None:
    units = [[rating for rating in unit if rating is not None] for unit in zip(*OBSERVERS, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=5e-4)


def test_full_agreement_is_1_and_answers_that_never_vary_are_not_measured() -> None:
    assert krippendorff_alpha([("a", "a"), ("b", "b")]) == 1
    with pytest.raises(NotMeasuredError, match="same"):
        krippendorff_alpha([("a", "a"), ("a", "a")])
    with pytest.raises(NotMeasuredError, match="twice"):
        krippendorff_alpha([("a",)])


def test_sides_do_not_matter_to_agreement() -> None:
    votes = []
    for index, outcome in enumerate([Outcome.LEFT, Outcome.RIGHT, Outcome.TIE, Outcome.LEFT, Outcome.BOTH_BAD]):
        mirrored = {Outcome.LEFT: Outcome.RIGHT, Outcome.RIGHT: Outcome.LEFT}.get(outcome, outcome)
        votes.append(comparison("M1", "M2", outcome, judge="ana", prompt_id=f"p{index}"))
        votes.append(comparison("M2", "M1", mirrored, judge="ben", prompt_id=f"p{index}"))
    (only,) = agreements_between(votes)
    assert (only.judge_a, only.judge_b) == ("ana", "ben")
    assert only.agreement.value == 1
    assert only.alpha.value == 1


def test_judges_with_few_pairs_in_common_are_not_compared() -> None:
    (only,) = agreements_between([comparison("M1", "M2", Outcome.TIE, judge=judge) for judge in ("ana", "ben")])
    assert only.alpha.value is None
    assert only.alpha.reason == "Only 1 pairs in common; at least 5 are needed."


def test_a_repeat_is_compared_with_its_first_showing() -> None:
    votes = []
    for index in range(6):
        prompt_id, first_id = f"p{index}", f"i{index}"
        votes.append(vote("M1", "M2", Outcome.LEFT, prompt_id=prompt_id, item_id=first_id))
        # Four of six times M1 again, now on the right.
        again = Outcome.RIGHT if index < 4 else Outcome.TIE
        votes.append(
            vote("M2", "M1", again, prompt_id=prompt_id, item_id=f"r{index}", kind=ItemKind.REPEAT, repeats=first_id)
        )
    (only,) = agreements_with_themselves(votes)
    assert only.judge_a == only.judge_b == "ana"
    assert only.agreement.value == pytest.approx(4 / 6)
