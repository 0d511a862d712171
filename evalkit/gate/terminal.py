"""The decision as plain lines for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

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
from evalkit.records.gate import Decision, Finding, Outcome

MAX_FINDINGS = 12
"""Findings of one rule that are written out; `--json` has all."""

_WORDS = {Outcome.PASS: "pass", Outcome.WARN: "warn", Outcome.FAIL: "FAIL", Outcome.NOT_MEASURED: "not measured"}


def decision_lines(decision: Decision) -> tuple[str, ...]:
    """Every rule with figure, limit and evidence; every finding that did not pass; the verdict last."""
    return (*_lines(decision), headline(decision))


def _lines(decision: Decision) -> Iterator[str]:
    for line in overview(decision):
        yield from _rule_lines(line)
    for note in decision.notes:
        yield f"note: {one_line(note)}"
    for obstacle in decision.obstacles:
        yield f"no verdict: {one_line(obstacle)}"


def _rule_lines(line: RuleLine) -> Iterator[str]:
    word = "waived" if line.shown.waiver else _WORDS[line.outcome]
    count = f"{line.n_passed} of {line.n_findings} pass"
    nearest = f"; nearest: {subject(line.shown)}, {figure_words(line.shown)}" if _is_a_reading(line) else ""
    where = "" if line.noteworthy else f"  [{evidence_words(line.shown)}]"
    yield f"{word:<13} {line.rule:<24} {count}{nearest}{where}"
    for finding in line.noteworthy[:MAX_FINDINGS]:
        yield f"    {_mark(finding)} {subject(finding)}: {message_words(finding)} {_where(finding)}"
    if (n_left := len(line.noteworthy) - MAX_FINDINGS) > 0:
        yield f"    and {n_left} more; --json has all"


def _is_a_reading(line: RuleLine) -> bool:
    """A pass whose figure says more than that: 0 of at most 0 does not."""
    seen = line.shown.observation
    return not line.noteworthy and (seen.figure.value, seen.limit) != (0, 0)


def _mark(finding: Finding) -> str:
    return "x" if finding.blocks else "-"


def _where(finding: Finding) -> str:
    return f"{figure_words(finding)}  [{evidence_words(finding)}]"
