"""The decision as GitHub workflow commands, shown beside the checks; what could end one early is escaped."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.gate.overview import figure_words, headline, message_words, one_line, overview, subject
from evalkit.records.gate import Decision, Finding, Outcome, Verdict

MAX_ANNOTATIONS = 10
"""GitHub shows no more per step and kind."""


def annotation_lines(decision: Decision) -> tuple[str, ...]:
    """At most ten: the verdict, then what blocks, then what else did not pass."""
    return tuple(_lines(decision))[:MAX_ANNOTATIONS]


def _lines(decision: Decision) -> Iterator[str]:
    level = "notice" if decision.verdict is Verdict.OPEN else "error"
    text = "; ".join((headline(decision), *decision.obstacles))
    yield f"::{level} title=evalkit gate::{_data(text)}"
    noteworthy = [finding for line in overview(decision) for finding in line.noteworthy]
    for finding in sorted(noteworthy, key=lambda one: (not one.blocks, one.outcome is not Outcome.FAIL)):
        yield _annotation(finding)


def _annotation(finding: Finding) -> str:
    level = "error" if finding.blocks else "warning"
    title = _property(f"{finding.rule}: {subject(finding)}")
    return f"::{level} title={title}::{_data(f'{message_words(finding)} ({figure_words(finding)})')}"


def _data(text: str) -> str:
    return one_line(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
