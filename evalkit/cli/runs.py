"""`evalkit runs`: list the runs in a results folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.options import json_option, results_option

if TYPE_CHECKING:
    from evalkit.store.run_folder import RunFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run in the list."""

    run_id: str
    status: str
    family: str
    n_variants: int
    suite: str
    n_answers: int
    n_cells: int


@click.command()
@results_option
@json_option
def runs(results: Path, as_json: bool) -> int:
    """List the runs in a results folder, oldest first."""
    from evalkit.records.errors import RunFolderError
    from evalkit.report.visible import visible
    from evalkit.store.runs import list_runs

    lines = []
    for folder in list_runs(results):
        try:
            lines.append(_describe(folder))
        except RunFolderError as error:
            click.echo(f"left out: {visible(str(error))}", err=True)  # One damaged run must not hide the others.
    if as_json:
        click.echo(json.dumps([asdict(line) for line in lines], indent=2, ensure_ascii=False))
    elif not lines:
        click.echo(f"no run in {results}", err=True)
    else:
        for line in lines:
            progress = f"{line.n_answers}/{line.n_cells} answers"
            click.echo(
                f"{line.run_id}  {line.status:<15}  {progress:<16}  {line.n_variants} variants, suite {line.suite}, "
                f"{visible(line.family)}"
            )
    return 0


def _describe(folder: RunFolder) -> RunLine:
    manifest = folder.read_manifest()
    config = manifest.config
    return RunLine(
        run_id=manifest.run_id,
        status=manifest.status,
        family=config.family.name,
        n_variants=len(config.family.variants),
        suite=config.suite.name,
        n_answers=len(folder.read_generations()),
        n_cells=config.n_cells,
    )
