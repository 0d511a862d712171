"""Hard rules on answers: each with its twin just across the limit."""

from dataclasses import replace

import pytest

from evalkit.records.gate import State
from evalkit.records.generation import CertificateState
from evalkit.records.scores import Metric
from tests.gate_samples import observe, policy, release, state, with_facts, with_record, with_values

KEPT, BROKEN, NOT_MEASURED = State.KEPT, State.BROKEN, State.NOT_MEASURED

FLAG_RULES = {
    "hard.loops": Metric.LOOP,
    "hard.empty": Metric.EMPTY,
    "hard.refusals": Metric.REFUSAL,
    "hard.template-leak": Metric.TEMPLATE_LEAK,
    "hard.foreign-script": Metric.FOREIGN_SCRIPT,
}


def test_a_missing_regeneration_is_found_on_its_prompt() -> None:
    one_less = with_record(release(), "M3", "sky", n_answers=2)
    found = observe("hard.answered", one_less)
    assert found["M3", "sky"].state is BROKEN
    assert found["M3", "inn"].state is KEPT
    assert (found["M3", "sky"].figure.value, found["M3", "sky"].limit) == (2, 3)


def test_a_fork_is_broken_and_a_missing_certificate_not_measured() -> None:
    forked = with_record(release(), "M3", "sky", certificate=CertificateState.FORKED, certificate_note="at token 41")
    assert state("hard.reproducible", release(), prompt="sky") is KEPT
    assert state("hard.reproducible", forked, prompt="sky") is BROKEN
    assert "at token 41" in observe("hard.reproducible", forked)["M3", "sky"].message
    lost = with_record(release(), "M3", "sky", certificate=CertificateState.NOT_MEASURED, certificate_note="one only")
    found = observe("hard.reproducible", lost)["M3", "sky"]
    assert (found.state, found.figure.value, found.figure.reason) == (NOT_MEASURED, None, "one only")


def test_the_reference_must_be_reproducible_too() -> None:
    forked = with_record(release(), "M1", "sky", certificate=CertificateState.FORKED)
    assert state("hard.reproducible", forked, label="M1", prompt="sky") is BROKEN


def test_a_figure_that_is_not_finite_is_broken() -> None:
    assert state("hard.finite", release()) is KEPT
    found = observe("hard.finite", with_facts(release(), "M3", not_finite=("kl_divergence on inn",)))["M3", "*"]
    assert (found.state, found.figure.value) == (BROKEN, 1)
    assert "kl_divergence on inn" in found.message


@pytest.mark.parametrize(("rule", "flag"), FLAG_RULES.items(), ids=list(FLAG_RULES))
def test_a_damage_flag_is_broken_on_its_prompt_only(rule: str, flag: Metric) -> None:
    found = observe(rule, with_values(release(), "M3", flag, {"sky": 1.0}))
    assert found["M3", "sky"].state is BROKEN
    assert {one.state for key, one in found.items() if key != ("M3", "sky")} == {KEPT}


@pytest.mark.parametrize(("rule", "flag"), FLAG_RULES.items(), ids=list(FLAG_RULES))
def test_a_flag_that_was_not_measured_is_its_own_outcome(rule: str, flag: Metric) -> None:
    found = observe(rule, with_values(release(), "M3", flag, {"sky": None}))["M3", "sky"]
    assert (found.state, found.message) == (NOT_MEASURED, "It was lost.")


def test_a_limit_of_one_allows_a_flag() -> None:
    looping = with_values(release(), "M3", Metric.LOOP, {"sky": 1.0})
    assert observe("hard.loops", looping, terms=policy(hard__loops={"limit": 1.0}))["M3", "sky"].state is KEPT


def test_rules_about_answers_have_nothing_to_say_of_an_empty_suite() -> None:
    empty = replace(release(()), prompt_ids=())
    for rule in ("hard.answered", "hard.reproducible", *FLAG_RULES):
        assert observe(rule, empty) == {}
