"""`evalkit blind reveal`: verify a kit, open its key, name the sides."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.options import json_option, reports_option

if TYPE_CHECKING:
    from evalkit.records.blind import Reveal
    from evalkit.store.run_folder import RunFolder


@click.command()
@click.argument("kit", type=click.Path(path_type=Path, file_okay=False))
@click.option("--run", metavar="RUN", help="The run's folder [default: by its id in --results].")
@click.option("--commitment", metavar="SHA256", help="The one printed in a report or a ballot, to be compared.")
@click.option("--incomplete", is_flag=True, help="End the vote although judges have pairs left.")
@click.option(
    "--results", type=click.Path(path_type=Path, file_okay=False), default=Path("results"), show_default=True,
    envvar="EVALKIT_OUT", help="Folder of runs.",
)  # fmt: skip
@reports_option
@json_option
def reveal(
    kit: Path, run: str | None, commitment: str | None, incomplete: bool, results: Path, reports: Path, as_json: bool
) -> int:
    """Verify KIT against its commitment, name the sides of every vote, and take no vote from now on.

    An altered key, ballot or answer is named, and nothing is revealed (exit code 1). Missing votes: exit code 4.
    """
    from evalkit.blind.kit_folder import KitFolder
    from evalkit.blind.reveal import RevealOrder, reveal_kit
    from evalkit.blind.source import first_answers
    from evalkit.cli.verdict_output import show_preferences
    from evalkit.judging import weigh_run
    from evalkit.pipeline import report_run

    folder = KitFolder.open(kit)
    run_folder = _find_run(folder.read_key().run_id if run is None else run, results, required=run is not None)
    kits = () if run_folder is None else run_folder.blind.read_kits()
    found = reveal_kit(
        folder,
        RevealOrder(
            now=datetime.now(UTC),
            answers=None if run_folder is None else first_answers(run_folder.read_generations()),
            commitment=None if commitment is None else commitment.strip().lower(),
            published=next((known for known in kits if known.kit_id == folder.read_kit().kit_id), None),
            incomplete=incomplete,
        ),
    )
    _show(found, as_json=as_json)
    if run_folder is not None:
        run_folder.blind.write_reveal(found, folder.read_key_bytes())
        preferences = weigh_run(run_folder)
        if preferences is not None and not as_json:
            show_preferences(preferences, as_json=False)
        if run_folder.is_scored:
            click.echo(f"report: {report_run(run_folder, reports)[1]}", err=True)
    return 0


def _find_run(run: str, results: Path, *, required: bool) -> RunFolder | None:
    from evalkit.records.errors import RunFolderError
    from evalkit.store.runs import open_run

    try:
        return open_run(results, run)
    except RunFolderError:
        if required:
            raise
        click.echo(
            f"warning: there is no run {run} in {results}, so its answers are not compared with the kit's. "
            "Name its folder with --run.",
            err=True,
        )
        return None


def _show(found: Reveal, *, as_json: bool) -> None:
    if as_json:
        from pydantic import TypeAdapter

        from evalkit.records.blind import Reveal as RevealRecord

        click.echo(TypeAdapter(RevealRecord).dump_json(found, indent=2).decode("utf-8"))
        return
    checked = "ballots, texts and the run's answers" if found.sources_checked else "ballots and texts"
    click.echo(f"kit {found.kit_id}: the key is the sealed one, {checked} are unaltered")
    kinds = Counter(vote.kind.value for vote in found.votes)
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "none"
    click.echo(
        f"votes: {len(found.votes)} ({listed}); {sum(pair.is_equal for pair in found.unasked)} ties by equal texts"
    )
    for judge in found.judges:
        click.echo(f"{judge.judge}: {judge.n_votes} of {judge.n_items}, receipt {judge.receipt}")
        if judge.n_hasty:
            click.echo(f"  {judge.n_hasty} votes took less than two seconds")
        if not judge.ballot_checked:
            click.echo("  the ballot is not in the kit any more, so it was not compared")
