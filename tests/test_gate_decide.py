"""The decision: what keeps the gate closed, what is only shown, and when there is no verdict."""

from dataclasses import replace
from datetime import timedelta

import pytest

from evalkit.gate.policy import Override, Policy, RuleSettings, Severity, Waiver
from evalkit.gate.rules import RULES
from evalkit.records.gate import Finding, Outcome, Release, Verdict
from evalkit.records.run import RunStatus
from evalkit.records.scores import Metric
from evalkit.store.gate_files import as_json
from tests.gate_samples import (
    PROMPTS,
    TODAY,
    baseline,
    judge,
    policy,
    release,
    with_facts,
    with_values,
)


def looping() -> Release:
    return with_values(release(), "M3", Metric.LOOP, {"sky": 1.0})


def of(rule: str, findings: tuple[Finding, ...], label: str = "M3", prompt: str = "sky") -> Finding:
    return next(
        one for one in findings if (one.rule, one.observation.label, one.observation.prompt_id) == (rule, label, prompt)
    )


def waiving(**changes: object) -> Policy:
    waiver = {"rule": "hard.loops", "variants": ("M3",), "until": TODAY, "reason": "known"} | changes
    return policy().model_copy(update={"waivers": (Waiver.model_validate(waiver),)})


def test_a_release_like_the_baseline_opens_the_gate() -> None:
    decision = judge(release(), baseline())
    assert (decision.verdict, decision.blocking, decision.obstacles) == (Verdict.OPEN, (), ())
    assert {finding.rule for finding in decision.findings} == {rule.id for rule in RULES}


def test_one_broken_rule_closes_it_and_is_named() -> None:
    decision = judge(looping(), baseline())
    assert decision.verdict is Verdict.CLOSED
    assert [(one.rule, one.observation.label, one.observation.prompt_id) for one in decision.blocking] == [
        ("hard.loops", "M3", "sky")
    ]


def test_a_warning_is_shown_and_does_not_close_it() -> None:
    decision = judge(looping(), baseline(), policy(hard__loops={"breach": "warn"}))
    assert decision.verdict is Verdict.OPEN
    assert of("hard.loops", decision.findings).outcome is Outcome.WARN


def test_a_rule_that_is_off_is_not_asked_and_said_to_be_off() -> None:
    decision = judge(looping(), baseline(), policy(hard__loops={"breach": "off"}))
    assert decision.verdict is Verdict.OPEN
    assert not any(finding.rule == "hard.loops" for finding in decision.findings)
    assert "Switched off: hard.loops." in decision.notes


def test_an_override_may_switch_a_rule_on_for_one_variant() -> None:
    on = Override(variants=("M3",), rules={"hard.loops": RuleSettings(breach=Severity.FAIL)})
    terms = policy(hard__loops={"breach": "off"}).model_copy(update={"overrides": (on,)})
    assert judge(looping(), baseline(), terms).verdict is Verdict.CLOSED
    assert judge(with_values(release(), "M2", Metric.LOOP, {"sky": 1.0}), baseline(), terms).verdict is Verdict.OPEN


@pytest.mark.parametrize(
    ("severity", "verdict"), [("fail", Verdict.CLOSED), ("warn", Verdict.OPEN), (None, Verdict.CLOSED)]
)
def test_not_measured_is_an_outcome_of_its_own_and_fails_by_default(severity: str | None, verdict: Verdict) -> None:
    lost = with_values(release(), "M3", Metric.REFUSAL, {"sky": None})
    decision = judge(lost, baseline(), policy(hard__refusals={"not_measured": severity}))
    assert decision.verdict is verdict
    assert of("hard.refusals", decision.findings).outcome is Outcome.NOT_MEASURED


def test_a_waiver_holds_on_its_last_day_and_not_on_the_next() -> None:
    held = judge(looping(), baseline(), waiving())
    assert held.verdict is Verdict.OPEN
    finding = of("hard.loops", held.findings)
    assert (finding.outcome, finding.blocks) == (Outcome.FAIL, False)
    assert finding.waiver == f"known (until {TODAY})"
    expired = judge(looping(), baseline(), waiving(), today=TODAY + timedelta(days=1))
    assert expired.verdict is Verdict.CLOSED
    assert any("has expired on 2026-11-24 and counts for nothing: known" in note for note in expired.notes)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"rule": "hard.*"}, Verdict.OPEN),
        ({"variants": ("M*",)}, Verdict.OPEN),
        ({"prompts": ("sky",)}, Verdict.OPEN),
        ({"rule": "intent.*"}, Verdict.CLOSED),
        ({"variants": ("M2",)}, Verdict.CLOSED),
        ({"prompts": ("inn",)}, Verdict.CLOSED),
    ],
)
def test_a_waiver_covers_what_it_names(changes: dict[str, object], verdict: Verdict) -> None:
    decision = judge(looping(), baseline(), waiving(**changes))
    assert decision.verdict is verdict
    assert any("lifts nothing" in note for note in decision.notes) is (verdict is Verdict.CLOSED)


def test_missing_data_can_be_waived_too() -> None:
    lost = with_values(release(), "M3", Metric.REFUSAL, {"sky": None})
    assert judge(lost, baseline(), waiving(rule="hard.refusals")).verdict is Verdict.OPEN


def test_other_signatures_are_refused_with_what_differs_and_how_to_go_on() -> None:
    other = replace(release(), signature={"suite": "s", "build.library_hash": "other", "engine.n_batch": "64"})
    decision = judge(other, baseline())
    assert decision.verdict is Verdict.NO_VERDICT
    assert "build.library_hash: other now, l in the baseline" in decision.obstacles
    assert "engine.n_batch: 64 now, not recorded in the baseline" in decision.obstacles
    assert "evalkit bless RUN --reason" in decision.obstacles[-1]
    assert not any(finding.kind.value == "regression" for finding in decision.findings)


def test_a_broken_file_is_shown_even_where_there_is_no_verdict() -> None:
    other = replace(looping(), signature={"suite": "other"})
    decision = judge(other, baseline())
    assert decision.verdict is Verdict.NO_VERDICT
    assert [one.rule for one in decision.blocking] == ["hard.loops"]
    assert any(note.startswith("Not asked") and "regression.divergence" in note for note in decision.notes)


def test_without_a_baseline_there_is_no_verdict_unless_none_is_wanted() -> None:
    assert judge(release(), None).verdict is Verdict.NO_VERDICT
    first = judge(release(), None, is_baseline_needed=False)
    assert first.verdict is Verdict.OPEN
    assert "Decided without a baseline, as asked: nothing says whether the release got worse." in first.notes
    assert judge(looping(), None, is_baseline_needed=False).verdict is Verdict.CLOSED


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.INTERRUPTED])
def test_an_unfinished_run_has_no_verdict(status: RunStatus) -> None:
    decision = judge(replace(release(), status=status), baseline())
    assert (decision.verdict, decision.findings) == (Verdict.NO_VERDICT, ())


def test_a_reference_alone_has_no_verdict() -> None:
    alone = replace(release(), variants=release().variants[:1])
    assert judge(alone, baseline(alone)).verdict is Verdict.NO_VERDICT


def test_a_single_prompt_can_open_the_gate_when_nothing_changed() -> None:
    lone = release(("inn",))
    assert judge(lone, baseline(lone)).verdict is Verdict.OPEN


def test_an_empty_suite_never_opens_it() -> None:
    assert judge(release(()), baseline(release(()))).verdict is Verdict.CLOSED


def test_figures_that_tie_everywhere_open_it_when_they_are_the_baselines() -> None:
    tie = with_values(release(), "M3", Metric.KL_DIVERGENCE, dict.fromkeys(PROMPTS, 0.05))
    assert judge(tie, baseline(tie)).verdict is Verdict.OPEN


def test_the_same_inputs_give_the_same_bytes() -> None:
    first, second = (as_json(judge(looping(), baseline(), waiving())) for _ in range(2))
    assert first == second
    # The order of a signature's keys is no input.
    shuffled = replace(looping(), signature={"build.library_hash": "l", "suite": "s"})
    assert as_json(judge(shuffled, baseline(), waiving())) == first


def test_a_change_of_policy_shows_in_the_decision() -> None:
    strict, lax = judge(release(), baseline()), judge(release(), baseline(), policy(intent__stray={"limit": 9.0}))
    assert strict.policy_hash != lax.policy_hash


def test_a_changed_reference_with_a_notice_still_cannot_be_compared() -> None:
    changed = with_facts(release(), "M1", payload_hash="9" * 64)
    notice = {"variant": "M1", "payload": "9" * 64, "reason": "rebuilt"}
    terms = Policy.model_validate(policy().model_dump() | {"notices": [notice]})
    blocking = {one.rule for one in judge(changed, baseline(), terms).blocking}
    assert "hard.reference-payload" not in blocking
    assert "regression.divergence" in blocking
