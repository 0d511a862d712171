"""`evalkit report`: write a scored run's report again."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.options import json_option, reports_option, results_option, run_argument


@click.command()
@run_argument
@results_option
@reports_option
@json_option
def report(run: str | None, results: Path, reports: Path, as_json: bool) -> int:
    """Write the report of RUN (a folder, an id or its start; the newest by default) and print its figures.

    No model is loaded.
    """
    from evalkit.cli.outcome import exit_code, show_run
    from evalkit.pipeline import report_run
    from evalkit.store.run_folder import open_run

    folder = open_run(results, run)
    run_data, path = report_run(folder, reports)
    show_run(run_data, folder, as_json=as_json)
    click.echo(f"report: {path}", err=True)
    return exit_code(run_data)
