"""Intent and cost: each rule with its twin just across the limit."""

from dataclasses import replace

import pytest

from evalkit.records.gate import State
from evalkit.records.scores import Figure, Metric
from tests.gate_samples import (
    NOISE,
    PROMPTS,
    Release,
    change,
    expecting,
    observe,
    policy,
    release,
    state,
    variant,
    with_facts,
    with_record,
    with_values,
)

KEPT, BROKEN, NOT_MEASURED = State.KEPT, State.BROKEN, State.NOT_MEASURED


def test_the_references_payload_under_another_name_is_a_no_op() -> None:
    assert state("intent.no-op", release()) is KEPT
    assert state("intent.no-op", with_facts(release(), "M3", payload_hash=release().reference.payload_hash)) is BROKEN


def test_two_variants_with_one_payload_are_both_found() -> None:
    twins = with_facts(release(), "M3", payload_hash=release().variants[1].payload_hash)
    assert {one.state for one in observe("intent.duplicate", twins).values()} == {BROKEN}
    assert {one.state for one in observe("intent.duplicate", release()).values()} == {KEPT}


def test_straying_no_further_than_the_noise_is_a_no_op() -> None:
    at_noise = with_values(release(), "M3", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, NOISE))
    beyond = with_values(release(), "M3", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, NOISE * (1 + 1e-9)))
    assert state("intent.same-behaviour", at_noise) is BROKEN
    assert state("intent.same-behaviour", beyond) is KEPT


def test_a_noise_of_zero_lets_any_divergence_pass_and_none_fail() -> None:
    quiet = with_values(release(), "M1", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, 0.0))
    assert state("intent.same-behaviour", quiet) is KEPT
    same = with_values(quiet, "M3", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, 0.0))
    assert state("intent.same-behaviour", same) is BROKEN


def test_every_answer_equal_to_the_references_is_a_no_op_whatever_the_divergence() -> None:
    alike = release()
    for prompt_id in PROMPTS:
        alike = with_record(alike, "M3", prompt_id, answer_hash=f"M1 on {prompt_id}")
    assert state("intent.same-behaviour", alike) is BROKEN
    assert state("intent.same-behaviour", with_record(alike, "M3", "sky", answer_hash="other")) is KEPT


def test_behaviour_is_not_measured_without_noise_or_divergence() -> None:
    for label in ("M1", "M3"):
        lost = with_values(release(), label, Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, None))
        assert state("intent.same-behaviour", lost) is NOT_MEASURED


@pytest.mark.parametrize(
    ("rule", "prompt", "limit"), [("intent.stray", "*", 0.25), ("intent.stray-prompt", "sky", 0.5)]
)
def test_straying_is_held_against_the_limit_unrounded(rule: str, prompt: str, limit: float) -> None:
    at_limit = with_values(release(), "M3", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, limit))
    above = with_values(release(), "M3", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, limit + 1e-12))
    assert state(rule, at_limit, prompt=prompt) is KEPT
    assert state(rule, above, prompt=prompt) is BROKEN
    lost = with_values(release(), "M3", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, None))
    assert state(rule, lost, prompt=prompt) is NOT_MEASURED


def tints(horror: dict[str, float | None], neo: dict[str, float | None]) -> Release:
    return with_values(with_values(release(), "M3", Metric.DELTA_TINT, horror), "M2", Metric.DELTA_TINT, neo)


def test_horror_below_neo_by_more_than_its_interval_is_broken() -> None:
    # Differences -10, -11, -9, -10: mean -10, sd 0.8165, t = -24.5 at 3 degrees of freedom: p < .001.
    below = tints(dict(zip(PROMPTS, (-10.0, -11.0, -9.0, -10.0), strict=True)), dict.fromkeys(PROMPTS, 0.0))
    found = observe("intent.tint-order", below)["M3", "*"]
    assert found.state is BROKEN
    assert found.figure.value == pytest.approx(-10)
    assert found.figure.high is not None
    assert found.figure.high < 0
    above = tints(dict.fromkeys(PROMPTS, 0.0), dict(zip(PROMPTS, (-10.0, -11.0, -9.0, -10.0), strict=True)))
    assert state("intent.tint-order", above) is KEPT


def test_horror_below_neo_within_its_interval_is_kept() -> None:
    # Differences -10, +8, -9, +7: mean -1, and the interval holds 0.
    mixed = tints(dict(zip(PROMPTS, (-10.0, 8.0, -9.0, 7.0), strict=True)), dict.fromkeys(PROMPTS, 0.0))
    assert state("intent.tint-order", mixed) is KEPT


def test_tints_that_tie_everywhere_are_kept_and_the_same_fall_everywhere_is_broken() -> None:
    tie = tints(dict.fromkeys(PROMPTS, 3.0), dict.fromkeys(PROMPTS, 3.0))
    assert state("intent.tint-order", tie) is KEPT
    fall = tints(dict.fromkeys(PROMPTS, 2.0), dict.fromkeys(PROMPTS, 3.0))
    assert state("intent.tint-order", fall) is BROKEN


def test_a_single_prompt_proves_no_order_of_tints() -> None:
    lone = release(("inn",))
    below = with_values(
        with_values(lone, "M3", Metric.DELTA_TINT, {"inn": -5.0}), "M2", Metric.DELTA_TINT, {"inn": 5.0}
    )
    assert state("intent.tint-order", below) is NOT_MEASURED
    assert state("intent.tint-order", with_values(below, "M3", Metric.DELTA_TINT, {"inn": 6.0})) is KEPT


def test_an_order_of_tints_needs_both_groups_and_their_figures() -> None:
    lost = tints(dict.fromkeys(PROMPTS, None), dict.fromkeys(PROMPTS, 0.0))
    assert state("intent.tint-order", lost) is NOT_MEASURED
    for group in ("darker", "than"):
        nobody = policy(intent__tint_order={group: ("X*",)})
        found = observe("intent.tint-order", release(), terms=nobody)["*", "*"]
        assert found.state is NOT_MEASURED
        assert "X*" in found.message


def test_many_horror_variants_need_more_proof_than_one() -> None:
    # t = -3.6 at 3 degrees of freedom: p = .037, which is proof alone (.037 < .05) and none among two (.074).
    values: dict[str, float | None] = dict(zip(PROMPTS, (-1.0, -2.0, -3.0, -1.2), strict=True))
    alone = tints(values, dict.fromkeys(PROMPTS, 0.0))
    assert state("intent.tint-order", alone) is BROKEN
    other = variant("M5")
    two = replace(alone, variants=(*alone.variants, other))
    two = with_values(two, "M5", Metric.DELTA_TINT, dict(zip(PROMPTS, (1.0, -1.0, 2.0, -2.0), strict=True)))
    terms = policy(intent__tint_order={"darker": ("M3", "M5")})
    assert observe("intent.tint-order", two, terms=terms)["M3", "*"].state is KEPT


def test_expecting_fewer_horror_words_by_more_than_the_interval_is_broken() -> None:
    # Both half-widths .3: the difference's is sqrt(.09 + .09) = .424; p is .05 at just that.
    def at(value: float) -> Release:
        return expecting(expecting(release(), "M2", 0.0, 0.3), "M3", value, 0.3)

    assert state("intent.expected-tint-order", at(-0.42)) is KEPT
    assert state("intent.expected-tint-order", at(-0.43)) is BROKEN
    assert state("intent.expected-tint-order", at(0.43)) is KEPT
    figure = observe("intent.expected-tint-order", at(-0.43))["M3", "*"].figure
    assert (figure.low, figure.high) == (pytest.approx(-0.8543, abs=1e-4), pytest.approx(-0.0057, abs=1e-4))


def test_expectations_that_tie_are_kept_and_a_fall_without_any_width_is_broken() -> None:
    tie = expecting(expecting(release(), "M2", 0.2, 0.0), "M3", 0.2, 0.0)
    assert state("intent.expected-tint-order", tie) is KEPT
    assert state("intent.expected-tint-order", expecting(tie, "M3", 0.1, 0.0)) is BROKEN


def test_expectations_that_were_not_read_are_not_measured() -> None:
    for label in ("M2", "M3"):
        assert state("intent.expected-tint-order", expecting(release(), label, None)) is NOT_MEASURED
    nobody = policy(intent__expected_tint_order={"than": ("X*",)})
    assert observe("intent.expected-tint-order", release(), terms=nobody)["*", "*"].state is NOT_MEASURED


def test_size_is_held_against_the_limit_unrounded() -> None:
    assert state("cost.size", with_facts(release(), "M3", size_bytes=1020)) is KEPT
    assert state("cost.size", with_facts(release(), "M3", size_bytes=1021)) is BROKEN


def test_speed_is_broken_when_its_whole_interval_lies_below_the_limit() -> None:
    def at(*speeds: float) -> Release:
        return with_values(release(), "M3", Metric.TOKENS_PER_SECOND, dict(zip(PROMPTS, speeds, strict=True)))

    assert state("cost.speed", at(16.0, 16.0, 16.0, 16.0)) is KEPT
    assert state("cost.speed", at(15.9, 15.9, 15.9, 15.9)) is BROKEN
    assert state("cost.speed", at(8.0, 18.0, 9.0, 19.0)) is KEPT
    assert observe("cost.speed", at(10.0, 10.0, 10.0, 10.0))["M3", "*"].figure.value == pytest.approx(0.5)


def test_speeds_of_different_runs_do_not_compare() -> None:
    taken = with_facts(release(), "M3", made_in=("20261101T000000Z-bbbb0000",))
    assert state("cost.speed", taken) is NOT_MEASURED
    both = with_facts(taken, "M1", made_in=("20261101T000000Z-bbbb0000",))
    assert state("cost.speed", both) is KEPT
    lost = with_values(release(), "M3", Metric.TOKENS_PER_SECOND, dict.fromkeys(PROMPTS, None))
    assert state("cost.speed", lost) is NOT_MEASURED


def test_one_prompt_gives_a_speed_without_an_interval() -> None:
    slow = with_values(release(("inn",)), "M3", Metric.TOKENS_PER_SECOND, {"inn": 10.0})
    found = observe("cost.speed", slow)["M3", "*"]
    assert (found.state, found.figure.low) == (BROKEN, None)


def test_a_figure_that_the_run_does_not_have_says_so() -> None:
    bare = change(release(), "M3", lambda one: replace(one, figures={Metric.LOOP: Figure(value=0.0)}))
    assert "kl divergence" in observe("intent.stray", bare)["M3", "*"].message.lower()
