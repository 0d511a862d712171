"""`evalkit blind collect`: votes files into the kit's database."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.options import json_option

if TYPE_CHECKING:
    from evalkit.blind.collect import CollectedFile, JudgeProgress


@click.command()
@click.argument("kit", type=click.Path(path_type=Path, file_okay=False))
@click.argument("votes", nargs=-1, type=click.Path(path_type=Path))
@json_option
def collect(kit: Path, votes: tuple[Path, ...], as_json: bool) -> int:
    """Check the votes files VOTES of KIT and take them in; show what is missing. Without files, only show.

    Taking a file twice changes nothing. A vote that is there is never replaced. Exit code 1 when a file was refused or
    contradicts votes that are there.
    """
    from evalkit.blind.collect import collect_votes, read_progress
    from evalkit.blind.kit_folder import KitFolder

    folder = KitFolder.open(kit)
    files = collect_votes(folder, votes, datetime.now(UTC)) if votes else ()
    progress = read_progress(folder)
    if as_json:
        _print_json(files, progress)
    else:
        _print_lines(files, progress)
    return 0 if all(file.is_fine for file in files) else 1


def _print_json(files: tuple[CollectedFile, ...], progress: tuple[JudgeProgress, ...]) -> None:
    document = {
        "files": [asdict(file) | {"path": str(file.path)} for file in files],
        "judges": [asdict(judge) | {"n_missing": judge.n_missing} for judge in progress],
    }
    click.echo(json.dumps(document, indent=2))


def _print_lines(files: tuple[CollectedFile, ...], progress: tuple[JudgeProgress, ...]) -> None:
    from evalkit.report.visible import visible

    for file in files:
        if file.problems:
            click.echo(visible(f"{file.path}: refused, nothing taken"))
            for problem in file.problems:
                click.echo(visible(f"  {problem}"))
            continue
        click.echo(visible(f"{file.path}: {file.judge}, {file.n_new} new, {file.n_same} already there"))
        for item_id in file.conflicts:
            click.echo(f"  conflict: pair {item_id} has another vote already; that one stays")
    for judge in progress:
        missing = f"{judge.n_missing} missing" if judge.n_missing else "complete"
        click.echo(f"{judge.judge}: {judge.n_votes} of {judge.n_items} votes, {missing}")
