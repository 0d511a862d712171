"""The release gate's last decision on the run: verdict, what did not pass, and every rule with its nearest figure."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.gate.overview import (
    RuleLine,
    evidence_words,
    figure_words,
    headline,
    message_words,
    one_line,
    overview,
    subject,
)
from evalkit.records.gate import Decision, Finding, Outcome, Verdict
from evalkit.report.material import Material

_LOOKS = {Verdict.OPEN: "is-good", Verdict.CLOSED: "is-bad", Verdict.NO_VERDICT: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One check that did not pass."""

    outcome: str
    look: str
    rule: str
    subject: str
    figure: str
    why: str
    evidence: str
    anchor: str
    """Where the page shows it; empty where it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule with all of its checks."""

    rule: str
    passed: str
    subject: str
    """Of the gravest finding or, among passes, of the one nearest to its limit."""
    figure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    """The section."""

    verdict: str
    look: str
    headline: str
    decided: str
    obstacles: tuple[str, ...]
    findings: tuple[FindingRow, ...]
    rules: tuple[RuleRow, ...]
    notes: tuple[str, ...]


def build_gate(material: Material) -> GateView | None:
    """What the gate said; None where it was not asked."""
    decision = material.run.decision
    if decision is None:
        return None
    lines = overview(decision)
    noteworthy = (finding for line in lines for finding in line.noteworthy)
    return GateView(
        verdict=decision.verdict.value,
        look=_LOOKS[decision.verdict],
        headline=headline(decision),
        decided=_decided(decision),
        obstacles=tuple(map(one_line, decision.obstacles)),
        findings=tuple(map(_finding, sorted(noteworthy, key=lambda one: not one.blocks))),
        rules=tuple(map(_rule, lines)),
        notes=tuple(map(one_line, decision.notes)),
    )


def _decided(decision: Decision) -> str:
    against = f"against {decision.baseline_run_id}" if decision.baseline_run_id else "without an accepted release"
    return f"Decided on {decision.decided_on} {against}, by the policy {decision.policy_hash[:12]}."


def _finding(finding: Finding) -> FindingRow:
    is_waived = finding.waiver is not None
    return FindingRow(
        outcome=f"{finding.outcome.value}, waived" if is_waived else finding.outcome.value,
        look="is-bad" if finding.blocks else "",
        rule=finding.rule,
        subject=subject(finding),
        figure=figure_words(finding),
        why=message_words(finding),
        evidence=evidence_words(finding),
        anchor=finding.observation.evidence.anchor,
    )


def _rule(line: RuleLine) -> RuleRow:
    is_read = line.outcome is not Outcome.PASS or line.shown.observation.limit is not None
    return RuleRow(
        rule=line.rule,
        passed=f"{line.n_passed} of {line.n_findings}",
        subject=subject(line.shown) if is_read else "",
        figure=figure_words(line.shown) if is_read else "",
    )
