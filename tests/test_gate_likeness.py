"""Likeness: the accepted author's fingerprint, and its twin just across the limit."""

import math
from dataclasses import replace

import pytest
from scipy import stats

from evalkit.gate.likeness import profile_of
from evalkit.gate.policy import Notice
from evalkit.records.gate import Release, State
from evalkit.records.positions import PositionScores
from tests.gate_samples import (
    PROFILE,
    PROMPTS,
    baseline,
    judge,
    observe,
    policy,
    release,
    state,
    with_facts,
    with_record,
)

RULE = "regression.likeness"
KEPT, BROKEN, NOT_MEASURED = State.KEPT, State.BROKEN, State.NOT_MEASURED


def positions(ours: tuple[float, ...], theirs: tuple[float, ...]) -> PositionScores:
    n = len(ours)
    empty: dict[str, object] = {
        name: (0.0,) * n for name in PositionScores.__slots__ if name not in ("label", "prompt_id")
    }
    return PositionScores(label="M3", prompt_id="inn", **(empty | {"log_p_variant": ours, "log_p_reference": theirs}))  # type: ignore[arg-type]


def profiled(profile: tuple[float, ...], base: Release | None = None) -> Release:
    changed = with_facts(base or release(), "M3", payload_hash="8" * 64)
    for prompt_id in PROMPTS:
        changed = with_record(changed, "M3", prompt_id, profile=profile)
    return changed


def at_angle(cosine: float) -> tuple[float, ...]:
    """A profile that correlates just so with PROFILE, whose mean is 0: a mix of it and of one at right angles."""
    other = (0.3, 0.1, 0.2, 0.1)
    mean = sum(other) / 4
    centred = [value - mean for value in other]
    share = sum(a * b for a, b in zip(centred, PROFILE, strict=True)) / sum(a * a for a in PROFILE)
    right = [a - share * b for a, b in zip(centred, PROFILE, strict=True)]
    scale = math.sqrt(sum(a * a for a in PROFILE) / sum(a * a for a in right))
    sine = math.sqrt(1 - cosine**2)
    return tuple(cosine * a + sine * scale * b for a, b in zip(PROFILE, right, strict=True))


def test_a_profile_is_the_mean_change_in_equal_parts() -> None:
    # 32 tokens, 16 parts of two: the changes 0, 1, 2 ... have the means .5, 2.5, 4.5 ...
    found = profile_of(positions(tuple(map(float, range(32))), (0.0,) * 32))
    assert found == tuple(0.5 + 2 * part for part in range(16))


def test_a_short_answer_has_a_part_per_token_and_an_empty_one_none() -> None:
    assert profile_of(positions((-1.0, -2.0), (-1.5, -1.0))) == (0.5, -1.0)
    assert profile_of(positions((), ())) == ()


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_what_is_not_finite_has_no_profile(value: float) -> None:
    assert profile_of(positions((value, -2.0), (-1.5, -1.0))) == ()


def test_parts_of_an_answer_that_does_not_divide_hold_every_token_once() -> None:
    found = profile_of(positions((1.0,) * 37, (0.0,) * 37))
    assert found == (1.0,) * 16


def test_likeness_below_the_limit_by_more_than_its_interval_is_broken() -> None:
    # 16 parts: Fisher's z has the standard error 1/sqrt(13) = .2774. atanh(.95) - 1.96 * .2774 = 1.2881 = atanh(.8587).
    assert observe(RULE, profiled(at_angle(0.9)), release())["M3", "*"].figure.value == pytest.approx(0.9)
    assert state(RULE, profiled(at_angle(0.8592)), release()) is KEPT
    assert state(RULE, profiled(at_angle(0.8582)), release()) is BROKEN


def test_the_interval_is_fishers() -> None:
    figure = observe(RULE, profiled(at_angle(0.9)), release())["M3", "*"].figure
    expected = stats.pearsonr(list(at_angle(0.9)) * 4, list(PROFILE) * 4).confidence_interval(0.95)
    assert (figure.low, figure.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_two_rebuilt_variants_need_more_proof_than_one() -> None:
    # At .8582 p is just under .05 alone, and just under .10 among two.
    two = with_facts(profiled(at_angle(0.8582)), "M2", payload_hash="7" * 64)
    assert state(RULE, two, release()) is KEPT


def test_equal_profiles_of_a_rebuilt_file_are_alike() -> None:
    figure = observe(RULE, profiled(PROFILE), release())["M3", "*"].figure
    assert figure.value == pytest.approx(1)
    assert figure.high == pytest.approx(1)


def test_the_accepted_file_is_itself_whatever_was_read_of_it() -> None:
    assert observe(RULE, release(()), release(()))["M3", "*"].message == "It is the accepted file."


def test_the_accepted_tensors_under_another_template_are_compared() -> None:
    base = with_record(with_facts(release(), "M3", chat_template_hash="u" * 64), "M3", "inn", profile=())
    for prompt_id in PROMPTS:
        base = with_record(base, "M3", prompt_id, profile=at_angle(0.1))
    assert state(RULE, base, release()) is BROKEN


def test_a_scaled_profile_is_the_same_author() -> None:
    assert state(RULE, profiled(tuple(3 * value for value in PROFILE)), release()) is KEPT


def test_a_notice_of_this_very_payload_announces_another_author() -> None:
    other = with_facts(profiled(at_angle(0.5)), "M3", payload_hash="9" * 64)
    told = policy().model_copy(update={"notices": (Notice(variant="M3", payload="9" * 12, reason="more horror"),)})
    assert state(RULE, other, release()) is BROKEN
    assert observe(RULE, other, release(), told)["M3", "*"].state is KEPT


def test_without_profiles_or_with_flat_ones_it_is_not_measured() -> None:
    assert state(RULE, profiled(()), release()) is NOT_MEASURED
    assert state(RULE, profiled((0.0,) * 4), release()) is NOT_MEASURED
    assert state(RULE, release(), profiled((0.0,) * 4)) is NOT_MEASURED
    assert state(RULE, with_facts(release(()), "M3", payload_hash="8" * 64), release(())) is NOT_MEASURED
    assert state(RULE, release(), label="*") is NOT_MEASURED


def test_prompts_to_which_the_reference_answers_otherwise_do_not_count() -> None:
    now = with_record(profiled(PROFILE), "M3", "sky", profile=at_angle(-0.9))
    assert state(RULE, now, release()) is BROKEN
    assert state(RULE, with_record(now, "M1", "sky", answer_hash="another"), release()) is KEPT


def test_a_single_prompt_is_enough() -> None:
    lone = release(("inn",))
    assert state(RULE, lone, lone) is KEPT
    rebuilt = with_facts(lone, "M3", payload_hash="8" * 64)
    assert state(RULE, rebuilt, lone) is KEPT
    long = with_record(lone, "M3", "inn", profile=PROFILE * 4)
    assert state(RULE, with_record(rebuilt, "M3", "inn", profile=at_angle(0.2) * 4), long) is BROKEN


def test_the_reference_has_no_likeness() -> None:
    assert set(observe(RULE, release(), release())) == {("M2", "*"), ("M3", "*")}


def test_it_closes_the_gate_alone() -> None:
    wrong = replace(profiled(at_angle(0.8)), run_id="20261125T120000Z-bbbb0000")
    assert [one.rule for one in judge(wrong, baseline()).blocking] == [RULE]
