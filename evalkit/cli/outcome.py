"""How a run ends for its user: scored, reported, its figures on the terminal, its products named."""

from __future__ import annotations

import json
from pathlib import Path

import click
from pydantic import TypeAdapter

from evalkit.pipeline import report_run, score_run, settle_status
from evalkit.records.divergence import DivergenceAnalysis
from evalkit.records.run import RunStatus
from evalkit.records.run_data import RunData
from evalkit.records.scores import RunSummary
from evalkit.records.tint_reader import TintReader
from evalkit.store.run_folder import RunFolder


def finish_run(folder: RunFolder, reader: TintReader, reports: Path, *, as_json: bool) -> int:
    """Score, report and show; returns the exit code: 1 when a variant's answers are missing."""
    click.echo("scoring", err=True)
    score_run(folder, reader)
    settle_status(folder)
    run, report_path = report_run(folder, reports)
    show_run(run, folder, as_json=as_json)
    click.echo(f"report: {report_path}", err=True)
    return exit_code(run)


def show_run(run: RunData, folder: RunFolder, *, as_json: bool) -> None:
    """The figures: a table to read, or JSON for machines."""
    if as_json:
        click.echo(json.dumps(_run_document(run, folder), indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    from evalkit.report.terminal import print_summary

    print_summary(run, Console())


def _run_document(run: RunData, folder: RunFolder) -> dict[str, object]:
    """What `--json` prints: the run, its failures, and the content of `summary.json`."""
    return {
        "run_id": run.manifest.run_id,
        "status": run.manifest.status,
        "tint": run.manifest.tint_method,
        "results": str(folder.path),
        "failed": [{"label": failed.label, "cause": failed.cause} for failed in run.failed],
        "summary": TypeAdapter(RunSummary).dump_python(run.summary, mode="json"),
        "divergence": _divergence_document(run),
    }


def _divergence_document(run: RunData) -> dict[str, object] | None:
    """Forks, survival, growth with length and the family's distances; the profiles stay in `divergence.json`."""
    if run.divergence is None:
        return None
    document: dict[str, object] = TypeAdapter(DivergenceAnalysis).dump_python(run.divergence, mode="json")
    del document["profiles"]
    return document


def exit_code(run: RunData) -> int:
    """0 when every variant gave its answers."""
    return 0 if run.manifest.status is RunStatus.COMPLETE else 1
