"""`evalkit gate --dry-run`: what a policy would have said of earlier runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from evalkit.cli.gate_inputs import read_release
from evalkit.gate.decide import Terms, decide
from evalkit.gate.overview import headline, overview
from evalkit.records.errors import EvalkitError
from evalkit.records.gate import Baseline, Decision, Outcome, Release
from evalkit.report.visible import visible
from evalkit.store.runs import list_runs, open_run


def read_history(results: Path, run: str | None, n_runs: int) -> tuple[Release, ...]:
    """The last runs, oldest first, and one more before them to compare the first with; one alone where it is named.

    Runs that cannot be read are named and left out.
    """
    if run is not None:
        return (read_release(open_run(results, run)),)
    releases: list[Release] = []
    for folder in reversed(list_runs(results)):
        if len(releases) > n_runs:
            break
        try:
            releases.append(read_release(folder))
        except EvalkitError as error:
            click.echo(f"left out: {visible(str(error))}", err=True)
    return tuple(reversed(releases))


def judge_history(releases: tuple[Release, ...], terms: Terms, n_runs: int) -> tuple[Decision, ...]:
    """A decision on each of the last runs: against the named baseline, or else against the run before."""
    decisions = []
    for before, release in zip((None, *releases), releases, strict=False):
        baseline = terms.baseline or (_as_baseline(before) if before else None)
        is_needed = terms.is_baseline_needed and baseline is not None
        decisions.append(decide(release, replace(terms, baseline=baseline, is_baseline_needed=is_needed)))
    return tuple(decisions[-n_runs:])


def history_lines(decisions: tuple[Decision, ...]) -> tuple[str, ...]:
    """One line per run, and below it the rules that did not pass."""
    lines: list[str] = []
    for decision in decisions:
        lines.append(headline(decision))
        lines += [f"    {visible(obstacle)}" for obstacle in decision.obstacles]
        for line in overview(decision):
            if line.outcome is not Outcome.PASS:
                labels = dict.fromkeys(visible(finding.observation.label) for finding in line.noteworthy)
                mark = "x" if line.blocks else "-"
                lines.append(
                    f"    {mark} {line.rule}: {len(line.noteworthy)} of {line.n_findings} ({', '.join(labels)})"
                )
    return tuple(lines) or ("no run to judge",)


def history_json(decisions: tuple[Decision, ...]) -> str:
    """The same for machines."""
    return json.dumps([_line(decision) for decision in decisions], indent=2, ensure_ascii=False)


def _line(decision: Decision) -> dict[str, object]:
    return {
        "run_id": decision.run_id,
        "baseline_run_id": decision.baseline_run_id,
        "verdict": decision.verdict,
        "obstacles": decision.obstacles,
        "blocking": sorted({finding.rule for finding in decision.blocking}),
    }


def _as_baseline(release: Release) -> Baseline:
    return Baseline(reason="the run before", blessed_by="", blessed_utc=release.created_utc, release=release)
