"""`evalkit export`: what a run gives to other programs and other people."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.export_votes import arena, dpo, llm_comparator
from evalkit.cli.options import results_option, run_argument


@click.group()
def export() -> None:
    """Write what a run found in a form for others."""


@export.command("reference-store")
@run_argument
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="New folder for the store.",
)
@results_option
def reference_store(run: str | None, folder: Path, results: Path) -> int:
    """Write the reference's answers and distributions, small enough to publish beside a model card.

    `evalkit run --reference-store` then measures variants against it without the reference's weights. RUN is a run's
    id, its start or its folder; without one, the newest run.
    """
    from evalkit.store.runs import open_run
    from evalkit.stored_reference import export_reference

    store = export_reference(open_run(results, run), folder)
    n_positions = sum(file.n_positions for file in store.files)
    size = sum((folder / file.path).stat().st_size for file in store.files)
    measured = [file for file in store.files if file.n_positions]
    bound = sum(file.error_bound_nats * file.n_positions for file in measured) / max(n_positions, 1)
    click.echo(
        f"{folder}: {n_positions:,} positions, {size / 1e6:.1f} MB, {size / max(n_positions, 1):,.0f} bytes each"
    )
    click.echo(f"a mean KL divergence measured with it is at most {bound:.1e} nats below the true one")
    return 0


for command in (arena, llm_comparator, dpo):
    export.add_command(command)
