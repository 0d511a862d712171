"""The gate: a release, a baseline and a policy -> open or closed, with every reason. A pure function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from evalkit.gate.case import Case
from evalkit.gate.policy import Policy, Severity, Waiver
from evalkit.gate.rules import RULES, Rule
from evalkit.gate.signature import signature_differences
from evalkit.records.gate import Baseline, Decision, Finding, Observation, Outcome, Release, State, Verdict
from evalkit.records.run import RunStatus

REBLESS = (
    "Figures of different signatures do not compare. Run the accepted files with the new settings and bless that run: "
    'evalkit bless RUN --reason "new engine build". Or gate with the old settings.'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms is decided."""

    policy: Policy
    baseline: Baseline | None
    is_baseline_needed: bool
    """False: rules against a baseline are left out, and the decision says so."""
    today: date
    """Waivers expire by it; the gate has no clock."""


def decide(release: Release, terms: Terms) -> Decision:
    """The gate's answer to one release.

    No verdict is possible when the run is not finished, has nothing to judge, or when it and the baseline differ in
    signature; rules that need no baseline are shown all the same.
    """
    obstacles = tuple(_obstacles(release, terms))
    with_baseline = terms.is_baseline_needed and not obstacles
    baseline = terms.baseline if with_baseline else None
    case = Case(release=release, baseline=baseline, policy=terms.policy)
    rules = [rule for rule in RULES if with_baseline or not rule.needs_baseline]
    can_judge = release.variants and release.status not in (RunStatus.RUNNING, RunStatus.INTERRUPTED)
    findings = tuple(finding for rule in rules for finding in _apply(rule, case, terms)) if can_judge else ()
    return Decision(
        verdict=_verdict(obstacles, findings),
        run_id=release.run_id,
        baseline_run_id=baseline.release.run_id if baseline else None,
        policy_hash=terms.policy.content_hash,
        decided_on=terms.today,
        obstacles=obstacles,
        findings=findings,
        notes=tuple(_notes(terms, findings, rules)),
    )


def _obstacles(release: Release, terms: Terms) -> Iterator[str]:
    if release.status in (RunStatus.RUNNING, RunStatus.INTERRUPTED):
        yield f"The run is {release.status.value}, not finished. The same `evalkit run` command goes on with it."
        return
    if not release.others and not release.failed:
        yield "The run holds no variant beside the reference: there is nothing to judge."
    if not terms.is_baseline_needed:
        return
    if terms.baseline is None:
        yield (
            "There is no baseline. Bless an accepted run (evalkit bless RUN --reason ...), or gate a first release "
            "with --no-baseline."
        )
        return
    differences = signature_differences(release.signature, terms.baseline.release.signature)
    if differences:
        yield from differences
        yield REBLESS


def _verdict(obstacles: tuple[str, ...], findings: tuple[Finding, ...]) -> Verdict:
    if obstacles:
        return Verdict.NO_VERDICT
    return Verdict.CLOSED if any(finding.blocks for finding in findings) else Verdict.OPEN


def _apply(rule: Rule, case: Case, terms: Terms) -> Iterator[Finding]:
    if case.policy.is_off(rule.id) and not case.policy.overrides:
        return
    for observation in rule.check(case):
        if not case.policy.is_off(rule.id, observation.label, observation.prompt_id):
            yield _finding(rule, observation, terms)


def _finding(rule: Rule, observation: Observation, terms: Terms) -> Finding:
    settings = terms.policy.settings(rule.id, observation.label, observation.prompt_id)
    outcome, severity = Outcome.PASS, Severity.OFF
    if observation.state is State.NOT_MEASURED:
        outcome, severity = Outcome.NOT_MEASURED, settings.not_measured or terms.policy.not_measured
    elif observation.state is State.BROKEN:
        severity = settings.breach or Severity.FAIL
        outcome = Outcome.FAIL if severity is Severity.FAIL else Outcome.WARN
    waiver = _waiver(rule, observation, terms) if outcome is not Outcome.PASS else None
    return Finding(
        rule=rule.id,
        kind=rule.kind,
        observation=observation,
        outcome=outcome,
        blocks=severity is Severity.FAIL and waiver is None,
        waiver=f"{waiver.reason} (until {waiver.until})" if waiver else None,
    )


def _waiver(rule: Rule, observation: Observation, terms: Terms) -> Waiver | None:
    return next(
        (one for one in terms.policy.waivers if terms.today <= one.until and _covers(one, rule, observation)), None
    )


def _covers(waiver: Waiver, rule: Rule, observation: Observation) -> bool:
    return waiver.covers(rule.id, observation.label, observation.prompt_id)


def _notes(terms: Terms, findings: tuple[Finding, ...], asked: list[Rule]) -> Iterator[str]:
    if not terms.is_baseline_needed:
        yield "Decided without a baseline, as asked: nothing says whether the release got worse."
    if off := [rule.id for rule in RULES if terms.policy.is_off(rule.id)]:
        yield f"Switched off: {', '.join(off)}."
    asked_ids = {rule.id for rule in asked}
    if terms.is_baseline_needed and (unasked := [rule.id for rule in RULES if rule.id not in asked_ids]):
        yield f"Not asked, since no baseline compares: {', '.join(unasked)}."
    for waiver in terms.policy.waivers:
        subject = f"{waiver.rule} on {', '.join(waiver.variants)}"
        if waiver.until < terms.today:
            yield f"The waiver of {subject} has expired on {waiver.until} and counts for nothing: {waiver.reason}"
        elif findings and not any(_lifts(waiver, finding) for finding in findings):
            yield f"The waiver of {subject} lifts nothing; take it out: {waiver.reason}"


def _lifts(waiver: Waiver, finding: Finding) -> bool:
    subject = finding.observation
    return finding.waiver is not None and waiver.covers(finding.rule, subject.label, subject.prompt_id)
