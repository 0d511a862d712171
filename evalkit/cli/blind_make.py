"""`evalkit blind make`: ballots from a run, and a sealed key."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.options import json_option, reports_option
from evalkit.records.blind import Design

if TYPE_CHECKING:
    from evalkit.blind.kit_folder import KitFolder
    from evalkit.blind.make import MadeKit


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--judges", required=True, metavar="NAME,...", help="One ballot each: letters, digits, - and _.")
@click.option(
    "--pairs", "n_pairs", type=click.IntRange(1, 1000), default=60, show_default=True,
    help="Pairs per judge, catch trials included.",
)  # fmt: skip
@click.option(
    "--out", "kit", type=click.Path(path_type=Path, file_okay=False), default=Path("kit"), show_default=True,
    help="Folder of the kit; it must be empty.",
)  # fmt: skip
@click.option(
    "--design", type=click.Choice([design.value for design in Design]), default=Design.ROBIN.value, show_default=True,
    help="robin: every variant against every other; star: every variant against the reference.",
)  # fmt: skip
@click.option(
    "--words", "word_limit", type=click.IntRange(20, 5000), default=200, show_default=True,
    help="Cut both texts of a pair to about so many words.",
)  # fmt: skip
@click.option("--seed", type=int, help="Make the same kit again; whoever knows the seed knows the key.")
@click.option(
    "--results", type=click.Path(path_type=Path, file_okay=False), default=Path("results"), show_default=True,
    envvar="EVALKIT_OUT", help="Folder of runs.",
)  # fmt: skip
@reports_option
@json_option
def make(
    run: str,
    judges: str,
    n_pairs: int,
    kit: Path,
    design: str,
    word_limit: int,
    seed: int | None,
    results: Path,
    reports: Path,
    as_json: bool,
) -> int:
    """Make a kit from RUN (a folder, an id or its start): one HTML ballot per judge, and a sealed key.

    Send each judge the file kit/ballots/ballot-NAME.html. Keep kit/publisher to yourself, and do not look into it.
    """
    from evalkit.blind.keyed_random import SECRET_BYTES, secret_of_seed
    from evalkit.blind.kit_folder import KitFolder
    from evalkit.blind.make import KitOrder, make_kit
    from evalkit.blind.source import read_source
    from evalkit.pipeline import report_run
    from evalkit.store.runs import open_run

    KitFolder.check_free(kit)
    folder = open_run(results, run)
    order = KitOrder(
        judges=tuple(name.strip() for name in judges.split(",") if name.strip()),
        n_pairs=n_pairs,
        design=Design(design),
        word_limit=word_limit,
        secret=secrets.token_bytes(SECRET_BYTES) if seed is None else secret_of_seed(seed),
        seeded=seed is not None,
        created_utc=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )
    made = make_kit(read_source(folder.read_manifest(), folder.read_generations()), order)
    # The commitment first: whatever else goes wrong, it stands in the run before a ballot can be out.
    folder.blind.write_kit(made.kit)
    kit_folder = KitFolder.create(kit, made)
    _show(made, kit_folder, n_pairs, as_json=as_json)
    if folder.is_scored:
        _, path = report_run(folder, reports)
        click.echo(f"report with the commitment: {path}", err=True)
    return 0


def _show(made: MadeKit, folder: KitFolder, n_pairs: int, *, as_json: bool) -> None:
    kit, audit = made.kit, made.audit
    ballots = [str(folder.ballot_path(judge)) for judge in kit.judges]
    n_equal = sum(pair.is_equal for pair in audit.unasked)
    counts = {
        "n_removed": len(audit.removals), "n_pairs_not_asked": len(audit.unasked), "n_equal_pairs": n_equal,
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(asdict(kit) | {"ballots": ballots} | counts, indent=2))
        return
    click.echo(f"kit {kit.kit_id}: {kit.n_items} pairs for each of {len(kit.judges)} judges")
    for path in ballots:
        click.echo(f"  {path}")
    click.echo(f"commitment (sha256 of the sealed key): {kit.commitment}")
    click.echo("no name, path or hash was found in any ballot")
    if kit.n_items < n_pairs:
        click.echo(f"note: the run has too few pairs whose answers differ for {n_pairs} per judge", err=True)
    if audit.unasked:
        click.echo(
            f"note: {len(audit.unasked)} pairs are not asked, {n_equal} of them equal texts (audit.json)", err=True
        )
    if audit.removals:
        click.echo(f"note: {len(audit.removals)} parts were taken out of the texts (audit.json)", err=True)
    if audit.ordinary_names:
        from evalkit.report.visible import visible

        names = visible(", ".join(audit.ordinary_names))
        click.echo(f"note: left in the texts, since most variants use them as words: {names}", err=True)
    if kit.seeded:
        click.echo(
            "warning: made with --seed, so whoever knows the seed can make the key; not for a real vote", err=True
        )
    click.echo(f"Send only the ballots. Do not look into {folder.path / 'publisher'} before the reveal.", err=True)
