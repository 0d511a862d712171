"""The decision as Markdown for a step summary or a pull request; nothing in it can become mark-up."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from evalkit.gate.overview import (
    evidence_words,
    figure_words,
    headline,
    message_words,
    one_line,
    overview,
    subject,
)
from evalkit.records.gate import Decision, Finding

MAX_BYTES = 900 << 10
"""GitHub refuses a step summary beyond 1,024 KiB."""
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~<>@:-])")


def decision_markdown(decision: Decision) -> str:
    """Verdict, a table of rules, and every finding that did not pass; cut with a note when it is huge."""
    text = "\n".join(_lines(decision)) + "\n"
    content = text.encode("utf-8", errors="backslashreplace")
    if len(content) <= MAX_BYTES:
        return text
    cut = content[:MAX_BYTES].decode("utf-8", errors="ignore").rpartition("\n")[0]
    return f"{cut}\n\nCut here: the whole decision is larger than a step summary may be. See its JSON file.\n"


def _lines(decision: Decision) -> Iterator[str]:
    yield f"## {_safe(headline(decision))}"
    yield ""
    for obstacle in decision.obstacles:
        yield f"- {_safe(obstacle)}"
    if decision.obstacles:
        yield ""
    noteworthy = [finding for line in overview(decision) for finding in line.noteworthy]
    if noteworthy:
        yield "| Outcome | Rule | Variant | Figure | Why | Evidence |"
        yield "|---|---|---|---|---|---|"
        for finding in sorted(noteworthy, key=lambda one: not one.blocks):
            yield _row(finding)
        yield ""
    for note in decision.notes:
        yield f"- {_safe(note)}"
    if decision.findings:
        yield ""
        yield "<details><summary>Every rule</summary>"
        yield ""
        yield "| Rule | Passed | Nearest or gravest | Figure |"
        yield "|---|---|---|---|"
        for line in overview(decision):
            shown = f"{_safe(subject(line.shown))} | {_safe(figure_words(line.shown))}"
            yield f"| {_safe(line.rule)} | {line.n_passed} of {line.n_findings} | {shown} |"
        yield ""
        yield "</details>"


def _row(finding: Finding) -> str:
    outcome = f"**{finding.outcome}**" if finding.blocks else finding.outcome.value
    if finding.waiver:
        outcome = f"{finding.outcome.value}, waived"
    cells = (finding.rule, subject(finding), figure_words(finding), message_words(finding), evidence_words(finding))
    return f"| {outcome} | {' | '.join(map(_safe, cells))} |"


def _safe(text: str) -> str:
    """One line that shows as it stands: no HTML, no link, no mention, no table cell."""
    line = one_line(text)
    return _MARKUP.sub(r"\\\1", html.escape(line, quote=False).replace("&lt;", "&#60;").replace("&gt;", "&#62;"))
