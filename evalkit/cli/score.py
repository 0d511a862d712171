"""`evalkit score`: measure a run's answers again."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.options import (
    json_option,
    reports_option,
    results_option,
    run_argument,
    tint_options,
    tint_reader,
)


@click.command()
@run_argument
@tint_options
@results_option
@reports_option
@json_option
def score(run: str | None, tint: str, embedder: Path | None, results: Path, reports: Path, as_json: bool) -> int:
    """Score the answers of RUN (a folder, an id or its start; the newest by default) and write its report again.

    No model is loaded but the sentence embedder.
    """
    from evalkit.cli.outcome import finish_run
    from evalkit.store.runs import open_run

    return finish_run(open_run(results, run), tint_reader(tint, embedder), reports, as_json=as_json)
