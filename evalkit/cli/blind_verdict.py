"""`evalkit blind verdict`: what all revealed votes and model judges of a run add up to."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.options import json_option, reports_option, results_option, run_argument


@click.command()
@run_argument
@results_option
@reports_option
@json_option
def verdict(run: str | None, results: Path, reports: Path, as_json: bool) -> int:
    """Weigh the revealed votes and the model judges of RUN (a folder, an id or its start; the newest by default).

    People's ratings come from people's votes alone; each model judge is shown apart. Without any revealed vote and any
    fit judge there is no verdict (exit code 4).
    """
    from evalkit.cli.verdict_output import show_preferences
    from evalkit.judging import weigh_run
    from evalkit.pipeline import report_run
    from evalkit.records.errors import NoVerdictError
    from evalkit.store.runs import open_run

    folder = open_run(results, run)
    preferences = weigh_run(folder)
    if preferences is None:
        raise NoVerdictError(
            f"{folder.path} has no revealed votes and no judgement of a model. Reveal a kit "
            "(`evalkit blind reveal KIT`), or let a model judge (`evalkit judge RUN --judge-model GGUF`)."
        )
    show_preferences(preferences, as_json=as_json)
    if folder.is_scored:
        click.echo(f"report: {report_run(folder, reports)[1]}", err=True)
    return 0 if preferences.results or any(model.results for model in preferences.models) else 4
