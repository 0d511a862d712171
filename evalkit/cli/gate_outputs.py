"""Where a decision goes: files for machines, lines for people, an exit code for scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from evalkit.gate.annotations import annotation_lines
from evalkit.gate.junit import junit_xml
from evalkit.gate.markdown import decision_markdown
from evalkit.gate.sarif import decision_sarif
from evalkit.gate.terminal import decision_lines
from evalkit.records.gate import Decision, Verdict
from evalkit.store.files import write_atomically
from evalkit.store.gate_files import as_json, write_decision

EXIT_CODES = {Verdict.OPEN: 0, Verdict.CLOSED: 3, Verdict.NO_VERDICT: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What the user asked to be written beside the decision file."""

    junit: Path | None
    markdown: Path | None
    sarif: Path | None
    annotations: bool
    as_json: bool


def write_outputs(decision: Decision, path: Path, outputs: Outputs) -> int:
    """Write the decision file and whatever else was asked for, show it, and return the exit code."""
    write_decision(path, decision)
    if outputs.junit:
        write_atomically(outputs.junit, junit_xml(decision))
    if outputs.sarif:
        write_atomically(outputs.sarif, decision_sarif(decision).encode())
    if outputs.markdown:
        # A step summary may hold what earlier commands of the step wrote.
        with outputs.markdown.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(decision_markdown(decision))
    click.echo(as_json(decision) if outputs.as_json else "\n".join(decision_lines(decision)), nl=not outputs.as_json)
    if outputs.annotations:
        for line in annotation_lines(decision):
            click.echo(line, err=True)
    click.echo(f"decision: {path}", err=True)
    return EXIT_CODES[decision.verdict]
