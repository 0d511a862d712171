"""Forks from the scoring pass, held against the answers themselves."""

import math
from dataclasses import replace

import pytest

from evalkit.measure.forks import find_forks, fork_kind, near_tie_rule
from evalkit.records.divergence import Fork, ForkKind, NearTieRule
from evalkit.records.generation import Cell, Generation, StopReason
from evalkit.records.positions import PositionScores
from tests.position_samples import positions
from tests.samples import generation

RULE = NearTieRule(limit_nats=0.1, n=100)
ANSWER = (10, 11, 12)


def answer(
    label: str, token_ids: tuple[int, ...], stop: StopReason = StopReason.MAX_TOKENS, index: int = 0
) -> Generation:
    return replace(
        generation(Cell(label=label, prompt_id="inn", regeneration_index=index), token_ids), stop_reason=stop
    )


def fork_of(read: PositionScores, *answers: Generation) -> Fork:
    (fork,) = find_forks([read], answers, RULE, labels=["M1", "M2"], prompt_ids=["inn"], reference_label="M1")
    return fork


def test_a_fork_tells_both_tokens_with_both_probabilities_and_margins() -> None:
    read = positions(
        choices=(10, 99, 12),
        margins_nats=(1.0, 0.3, 1.0),
        log_p_reference=(-1.0, math.log(0.5), -1.0),
        log_p_variant=(-1.0, math.log(0.4), -1.0),
        log_p_choice_reference=(-1.0, math.log(0.3), -1.0),
        log_p_choice_variant=(-1.0, math.log(0.45), -1.0),
        fork_piece=" dread",
    )
    fork = fork_of(read, replace(answer("M1", ANSWER), margins_nats=(1.0, 0.2, 1.0)), answer("M2", (10, 99, 5)))
    assert (fork.token_index, fork.n_agreed, fork.contradiction, fork.reason) == (1, 1, None, None)
    assert fork.reference is not None
    assert fork.variant is not None
    assert (fork.reference.token_id, fork.reference.text) == (11, " t11")
    assert (fork.variant.token_id, fork.variant.text, fork.variant.ends_turn) == (99, " dread", False)
    assert (fork.reference.p_reference, fork.reference.p_variant) == (pytest.approx(0.5), pytest.approx(0.4))
    assert (fork.variant.p_reference, fork.variant.p_variant) == (pytest.approx(0.3), pytest.approx(0.45))
    assert (fork.reference_margin_nats, fork.variant_margin_nats) == (0.2, 0.3)
    assert fork.kind is ForkKind.CHANGE_OF_MIND


def test_a_token_below_the_references_cut_has_no_probability_there() -> None:
    read = positions(choices=(10, 99, 12), log_p_choice_reference=(-1.0, None, -1.0))
    fork = fork_of(read, answer("M1", ANSWER), answer("M2", (10, 99)))
    assert fork.variant is not None
    assert fork.variant.p_reference is None


@pytest.mark.parametrize(
    ("margins", "kind"),
    [
        ((0.1, 5.0), ForkKind.NEAR_TIE),
        ((5.0, 0.1), ForkKind.NEAR_TIE),
        ((0.11, 0.11), ForkKind.CHANGE_OF_MIND),
        ((None, 0.05), ForkKind.NEAR_TIE),
        ((None, 5.0), ForkKind.NOT_KNOWN),
    ],
)
def test_a_near_tie_is_one_that_other_kernels_could_turn(margins: tuple[float | None, float], kind: ForkKind) -> None:
    assert fork_kind(*margins, RULE) is kind


def test_without_noise_nothing_is_said_of_ties() -> None:
    assert fork_kind(0.0, 0.0, NearTieRule(limit_nats=None, n=0)) is ForkKind.NOT_KNOWN


def test_the_limit_is_how_far_other_kernels_moved_the_references_margins() -> None:
    # Margins 1, 1, 1 became 1.02 and 0.97, and the third turned: it moved by 1 + 0.5. Shifts .02, .03, 1.5; the 99 %
    # quantile of three, interpolated: .03 + .98 * 1.47 = 1.4706.
    noise = positions("M1", choices=(10, 11, 77), margins_nats=(1.02, 0.97, 0.5))
    rule = near_tie_rule([noise], [answer("M1", ANSWER)], "M1")
    assert (rule.limit_nats, rule.n) == (pytest.approx(1.4706), 3)


def test_noise_of_another_answer_sets_no_limit() -> None:
    assert near_tie_rule([positions("M1")], [answer("M1", (7, 7, 7))], "M1") == NearTieRule(limit_nats=None, n=0)


def test_an_answer_that_equals_the_references_has_no_fork() -> None:
    fork = fork_of(positions(), answer("M1", ANSWER), answer("M2", ANSWER))
    assert (fork.token_index, fork.n_agreed, fork.kind, fork.contradiction) == (None, 3, None, None)


def test_going_on_where_the_reference_ended_is_a_fork_at_its_end() -> None:
    read = positions(choices=(10, 11, 12, 44), ends_too=False, end_margin_nats=0.05, fork_piece=" and")
    fork = fork_of(read, answer("M1", ANSWER, StopReason.END_OF_TURN), answer("M2", (*ANSWER, 44)))
    assert (fork.token_index, fork.contradiction, fork.kind) == (3, None, ForkKind.NEAR_TIE)
    assert fork.reference is not None
    assert fork.variant is not None
    assert (fork.reference.ends_turn, fork.reference.token_id, fork.reference_margin_nats) == (True, None, None)
    assert (fork.variant.token_id, fork.variant.text) == (44, " and")


def test_ending_earlier_than_the_reference_is_a_fork() -> None:
    read = positions(choices=(10, 2, 12), fork_piece="<end_of_turn>")
    fork = fork_of(read, answer("M1", ANSWER), answer("M2", (10,), StopReason.END_OF_TURN))
    assert (fork.token_index, fork.contradiction) == (1, None)
    assert fork.variant is not None
    assert fork.variant.ends_turn


def test_both_ending_there_is_no_fork() -> None:
    stop = StopReason.END_OF_TURN
    read = positions(choices=(10, 11, 12, 2), ends_too=True)
    fork = fork_of(read, answer("M1", ANSWER, stop), answer("M2", ANSWER, stop))
    assert (fork.token_index, fork.contradiction) == (None, None)


@pytest.mark.parametrize(("own", "told"), [((10, 99), "at token 1"), (ANSWER, "nowhere"), ((10, 11, 99), "at token 2")])
def test_an_answer_that_leaves_elsewhere_contradicts_the_scoring_pass(own: tuple[int, ...], told: str) -> None:
    read = positions(choices=(77, 11, 12))
    same = answer("M2", (77, 1))
    assert fork_of(read, answer("M1", ANSWER), same).contradiction is None
    fork = fork_of(read, answer("M1", ANSWER), same, answer("M2", own, index=1))
    assert fork.contradiction == f"The scoring pass leaves the reference's answer at token 0, regeneration 2 {told}."


def test_a_fork_behind_what_was_read_contradicts_nothing() -> None:
    assert fork_of(positions(), answer("M1", (*ANSWER, 13)), answer("M2", (*ANSWER, 99))).contradiction is None
    assert fork_of(positions(), answer("M1", (*ANSWER, 13)), answer("M2", (10, 11, 99))).contradiction is not None


def test_what_was_not_read_or_is_of_another_answer_is_not_measured() -> None:
    nothing = find_forks([], [], RULE, labels=["M1", "M2"], prompt_ids=["inn"], reference_label="M1")
    assert [(fork.label, fork.token_index) for fork in nothing] == [("M2", None)]
    assert "not read" in str(nothing[0].reason)
    assert "another answer" in str(fork_of(positions(), answer("M1", (1, 2, 3)), answer("M2", (1, 2, 3))).reason)
