"""People and models side by side: never mixed, the unfit without weight, agreement and position bias told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from evalkit.analyse.panel import weigh_panel
from evalkit.judge.exam import ExamQuestion
from evalkit.judge.plan import read_judgement
from evalkit.judge.questions import Match
from evalkit.records.blind import Design, Outcome, Reveal, UnaskedPair
from evalkit.records.judgement import Judgement
from evalkit.records.preferences import Preferences, Question
from tests.blind_kits import LABELS, PROMPTS
from tests.judge_samples import always_first, careful, plan, sit
from tests.preference_samples import vote


def judgement(say: Callable[[Match, ExamQuestion | None, bool], str]) -> Judgement:
    made = plan()
    return read_judgement(made, sit(made, say), model="judge.gguf", payload_hash="ab" * 32)


def reveal(outcome: Outcome = Outcome.LEFT, kit_id: str = "k") -> Reveal:
    votes = tuple(
        vote(label, "M1", outcome, judge=judge, prompt_id=prompt, item_id=f"{judge}{label}{prompt}")
        for judge in ("ana", "ben", "eva")
        for label in LABELS[1:]
        for prompt in PROMPTS
    )
    equal = UnaskedPair(prompt_id="inn", label_a="M2", label_b="M3", is_equal=True, reason="equal")
    return Reveal(
        kit_id=kit_id, run_id="r", commitment="c", revealed_utc="2026-11-24T12:00:00Z", design=Design.STAR,
        reference_label="M1", labels=LABELS, is_complete=True, sources_checked=True, judges=(), unasked=(equal,),
        votes=votes,
    )  # fmt: skip


def weigh(*judgements: Judgement, reveals: tuple[Reveal, ...] = ()) -> Preferences:
    found = weigh_panel(reveals, judgements, labels=LABELS, reference_label="M1")
    assert found is not None
    return found


def test_without_votes_and_judges_there_is_nothing() -> None:
    assert weigh_panel((), (), labels=LABELS, reference_label="M1") is None


def test_a_models_votes_change_nothing_in_peoples_ratings() -> None:
    alone, beside = weigh(reveals=(reveal(),)), weigh(judgement(careful), reveals=(reveal(),))
    assert alone.results == beside.results
    assert alone.checks == beside.checks
    assert beside.kit_ids == ("k",)


def test_a_fit_models_ties_are_rated_apart() -> None:
    (model,) = weigh(judgement(careful)).models
    better = next(result for result in model.results if result.question is Question.BETTER)
    assert better.n_votes == 12
    assert [rating.win_share.value for rating in better.ratings] == pytest.approx([0.5] * 3)
    assert (model.n_swayed, model.n_wavering, model.n_unreadable) == (0, 0, 0)


def test_an_unfit_models_votes_carry_no_weight_and_are_shown() -> None:
    (model,) = weigh(judgement(always_first)).models
    assert not model.exam.is_fit
    assert model.results == ()
    assert (model.n_pairs, model.n_swayed) == (12, 12)


def test_position_bias_is_told_from_single_replies_where_it_has_not_cancelled() -> None:
    (model,) = weigh(judgement(always_first)).models
    assert model.check.n_votes == 24
    assert model.check.left_share.value == 1.0
    assert model.check.left_p == pytest.approx(2 * 0.5**24)
    assert model.check.identical_ties.value == 0.0


def test_the_two_orders_are_the_models_agreement_with_itself() -> None:
    (model,) = weigh(judgement(always_first)).models
    (itself,) = [one for one in model.agreements if one.judge_a == one.judge_b]
    assert itself.agreement.value == 0.0


def test_each_person_is_compared_with_the_model() -> None:
    (model,) = weigh(judgement(careful), reveals=(reveal(Outcome.TIE),)).models
    people = [one for one in model.agreements if one.judge_a != one.judge_b]
    assert [{one.judge_a, one.judge_b} for one in people] == [{name, "llm:abababab"} for name in ("ana", "ben", "eva")]
    assert {one.agreement.value for one in people} == {1.0}


def test_unreadable_pairs_are_counted_and_are_no_votes() -> None:
    made = plan()
    replies = sit(made, careful)
    lost = made.match(made.pairs[0]).questions
    kept = {key: one for key, one in replies.items() if key not in {_hash(question) for question in lost}}
    found = weigh(read_judgement(made, kept, model="judge.gguf", payload_hash="ab" * 32))
    assert found.models[0].n_unreadable == 1
    assert found.models[0].results[0].n_votes == 11
    first, swapped = found.models[0].unreadable
    assert (first.label_a, first.label_b) == (swapped.label_b, swapped.label_a)
    assert {first.problem, swapped.problem} == {"not answered yet"}


def test_two_kits_of_one_run_add_up_and_count_what_both_left_out_once() -> None:
    second = reveal(kit_id="l")
    found = weigh(reveals=(reveal(), second))
    (result,) = found.results
    assert result.n_votes == 72
    cell = next(cell for cell in result.wins if {cell.label_a, cell.label_b} == {"M2", "M3"})
    assert cell.n_unasked_equal == 1


def test_variants_that_won_every_vote_are_rated_with_half_a_vote_each_way() -> None:
    (result,) = weigh(reveals=(reveal(),)).results
    assert [rating.win_share.value for rating in result.ratings] == pytest.approx([12.5 / 13] * 3)
    assert all("half a win" in (rating.win_share.reason or "") for rating in result.ratings)


def test_a_label_that_the_family_lost_is_still_rated() -> None:
    stranger = replace(reveal(), labels=(*LABELS, "M9"), votes=(vote("M9", "M1", Outcome.LEFT),))
    (result,) = weigh(reveals=(stranger,)).results
    assert [rating.label for rating in result.ratings] == ["M2", "M3", "M4", "M9"]


def _hash(question: str) -> str:
    from evalkit.judge.questions import question_hash

    return question_hash(question)
