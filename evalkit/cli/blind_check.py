"""`evalkit blind check`: what a judge or a stranger can verify with a ballot and the published key."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalkit.cli.options import json_option

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("key", type=_FILE)
@click.argument("ballots", nargs=-1, required=True, type=_FILE)
@json_option
def check(key: Path, ballots: tuple[Path, ...], as_json: bool) -> int:
    """Compare the BALLOTS that judges were sent with the KEY that was published after the reveal.

    Says whether the key is the one that each ballot announced before the vote, and whether the page, the order and
    every text are those that were sealed. Exit code 1 when anything differs.
    """
    from evalkit.blind.kit_folder import read_published_key
    from evalkit.blind.verify import find_altered_ballot
    from evalkit.report.visible import visible

    sealed, commitment = read_published_key(key)
    found = {
        str(path): list(
            find_altered_ballot(path.read_bytes().decode("utf-8", "replace"), path.name, sealed, commitment)
        )
        for path in ballots
    }
    if as_json:
        click.echo(json.dumps({"commitment": commitment, "alterations": found}, indent=2))
    else:
        click.echo(f"sha256 of the key: {commitment}")
        for path, alterations in found.items():
            click.echo(visible(f"{path}: {'as sealed' if not alterations else 'not what was sealed'}"))
            for alteration in alterations:
                click.echo(visible(f"  {alteration}"))
    return 1 if any(found.values()) else 0
