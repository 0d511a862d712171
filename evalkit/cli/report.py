"""`evalkit report`: write a scored run's report again, beside another run, or as a model-card block."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.options import json_option, reports_option, results_option, run_argument

if TYPE_CHECKING:
    from evalkit.records.run_data import RunData

DEFAULT_RESULTS = Path("results")


@click.command()
@run_argument
@click.option("--compare", metavar="RUN", help="Another run, such as the last release's, to set this one beside.")
@click.option("--card", is_flag=True, help="Write card.md beside the page, for a model card, and print it.")
@click.option("--open", "is_opened", is_flag=True, help="Open the page in the browser.")
@results_option
@reports_option
@json_option
def report(
    run: str | None,
    compare: str | None,
    card: bool,
    is_opened: bool,
    results: Path,
    reports: Path,
    as_json: bool,
) -> int:
    """Write the report of RUN (a folder, an id or its start; the newest by default) and print its figures.

    No model is loaded. --out may also say where the page goes: a name that ends in .html, or, when RUN is a folder,
    any folder that holds no runs.
    """
    from evalkit.cli.outcome import exit_code, show_run
    from evalkit.pipeline import report_run
    from evalkit.store.runs import open_run

    results, page = _places(run, results)
    folder = open_run(results, run)
    other = open_run(results, compare) if compare else None
    run_data, path = report_run(folder, reports, page=page, other=other)
    text = _write_card(run_data, path) if card else None
    if text is None or as_json:
        show_run(run_data, folder, as_json=as_json)
    else:
        click.echo(text, nl=False)
    click.echo(f"report: {path}", err=True)
    if is_opened:
        _open(path)
    return exit_code(run_data)


def _places(run: str | None, out: Path) -> tuple[Path, Path | None]:
    """The folder of runs, and the page's place where `--out` names that."""
    from evalkit.store.runs import list_runs

    if out.suffix == ".html":
        return DEFAULT_RESULTS, out
    is_path = run is not None and (Path(run) / "manifest.json").is_file()
    if is_path and out != DEFAULT_RESULTS and not list_runs(out):
        return DEFAULT_RESULTS, out / "index.html"
    return out, None


def _write_card(run: RunData, page: Path) -> str:
    from evalkit.report.card import model_card
    from evalkit.report.html import write_page

    text = model_card(run)
    path = page.with_name("card.md")
    write_page(text, path)
    click.echo(f"card: {path}", err=True)
    return text


def _open(path: Path) -> None:
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        click.echo(f"no browser could be started; open {path} by hand", err=True)
