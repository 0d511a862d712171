"""A decision rule by rule: what every rendering shows, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from evalkit.records.gate import WHOLE_FAMILY, Decision, Finding, Outcome, Verdict
from evalkit.records.scores import ALL_PROMPTS, Figure
from evalkit.report.visible import visible_line

_GRAVEST_FIRST = (Outcome.FAIL, Outcome.NOT_MEASURED, Outcome.WARN, Outcome.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule's findings together."""

    rule: str
    outcome: Outcome
    """The gravest of them."""
    blocks: bool
    n_findings: int
    n_passed: int
    shown: Finding
    """The gravest finding or, among passes, the one nearest to its limit."""
    noteworthy: tuple[Finding, ...]
    """All that did not pass."""


def overview(decision: Decision) -> tuple[RuleLine, ...]:
    """Every rule that was asked, in the decision's order."""
    return tuple(
        _line(rule, tuple(findings)) for rule, findings in groupby(decision.findings, key=lambda finding: finding.rule)
    )


def headline(decision: Decision) -> str:
    """The verdict in one line."""
    against = f", against {decision.baseline_run_id}" if decision.baseline_run_id else ""
    n_blocking = len(decision.blocking)
    match decision.verdict:
        case Verdict.OPEN:
            n_warnings = sum(finding.outcome is not Outcome.PASS for finding in decision.findings)
            words = f"gate open: {len(decision.findings)} checks, {n_warnings} to be read"
        case Verdict.CLOSED:
            words = f"gate closed: {n_blocking} of {len(decision.findings)} checks keep it closed"
        case Verdict.NO_VERDICT:
            words = "no verdict possible"
    return f"{words} ({decision.run_id}{against})"


def one_line(text: str) -> str:
    """A stranger's text as it may stand in a line: hidden characters written out, line breaks made spaces."""
    return " ".join(visible_line(text).split())


def subject(finding: Finding) -> str:
    """Which variant, and on which prompt: `M7, bravado`."""
    label = "family" if finding.observation.label == WHOLE_FAMILY else finding.observation.label
    prompt_id = finding.observation.prompt_id
    return one_line(label if prompt_id == ALL_PROMPTS else f"{label}, {prompt_id}")


def figure_words(finding: Finding) -> str:
    """Figure and limit: `0.41 (0.38 to 0.45), limit 0.25`."""
    figure, limit = finding.observation.figure, finding.observation.limit
    value = "not measured" if figure.value is None else _number(figure.value) + _interval(figure)
    return value if limit is None else f"{value}, limit {_number(limit)}"


def evidence_words(finding: Finding) -> str:
    """Where to look: `scores.csv: M7,*,kl_divergence`."""
    evidence = finding.observation.evidence
    return one_line(f"{evidence.file}: {evidence.row}" if evidence.row else evidence.file)


def message_words(finding: Finding) -> str:
    """What the rule says, and the waiver where there is one."""
    waived = f" Waived: {finding.waiver}" if finding.waiver else ""
    return one_line(f"{finding.observation.message}{waived}")


def _line(rule: str, findings: tuple[Finding, ...]) -> RuleLine:
    gravest = min(findings, key=lambda one: (not one.blocks, _GRAVEST_FIRST.index(one.outcome), _distance(one)))
    return RuleLine(
        rule=rule,
        outcome=gravest.outcome,
        blocks=gravest.blocks,
        n_findings=len(findings),
        n_passed=sum(finding.outcome is Outcome.PASS for finding in findings),
        shown=gravest,
        noteworthy=tuple(finding for finding in findings if finding.outcome is not Outcome.PASS),
    )


def _distance(finding: Finding) -> float:
    value, limit = finding.observation.figure.value, finding.observation.limit
    return 0.0 if value is None or limit is None else abs(value - limit)


def _interval(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f" ({_number(figure.low)} to {_number(figure.high)})"


def _number(value: float) -> str:
    return f"{value:.4g}"
