"""`evalkit models`: show a family without loading its weights."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.options import json_option, optional_family_options
from evalkit.cli.words import WordsCommand

if TYPE_CHECKING:
    from rich.table import Table

    from evalkit.records.family import Family, Variant

HASH_DIGITS = 12
NOTHING = "-"
WIDTH_OF_A_PIPE = 1_000
"""Nothing is folded that goes into a file or another program."""
PREFIXES = ("", "k", "M", "G", "T", "P")


@click.command(cls=WordsCommand)
@click.argument("files", nargs=-1, metavar="[A.gguf B.gguf]")
@optional_family_options
@json_option
def models(
    files: tuple[str, ...], models: tuple[str, ...], reference: str | None, family_file: Path | None, as_json: bool
) -> int:
    """Show what a run would compare (--models), or how the weights of two files differ (A B).

    With --models: labels, roles, headers, payload hashes, and what is odd; no weights are loaded. Exits 1 when a file
    cannot be used.

    With two files: which tensors differ byte for byte, and how far their dequantised values lie apart, relative to A.
    """
    if files and models:
        raise click.UsageError("Name two files to compare, or a family with --models, not both.")
    if files:
        from evalkit.cli.compare_models import compare_two

        return compare_two(files, as_json=as_json)
    if not models:
        raise click.UsageError("Missing option '--models', or two files to compare.")
    from evalkit.cli.progress import reading_progress
    from evalkit.family.discover import discover_family

    with reading_progress(is_terminal=sys.stderr.isatty()) as on_progress:
        family = discover_family(models, reference=reference, family_file=family_file, on_progress=on_progress)
    if as_json:
        click.echo(json.dumps(asdict(family), indent=2, default=str))
    else:
        _show(family)
    return 1 if family.failed else 0


def _show(family: Family) -> None:
    from rich.console import Console

    from evalkit.report.visible import visible

    variants = "variant" if len(family.variants) == 1 else "variants"
    click.echo(f"{_line(family.name)}: {len(family.variants)} {variants}")
    Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_PIPE).print(_table(family))
    for warning in family.warnings:
        click.echo(f"warning: {visible(warning.message)}")
    for failed in family.failed:
        click.echo(f"{_line(failed.label)} cannot be used: {visible(failed.cause)}")


def _table(family: Family) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("label", overflow="fold")
    for name in ("role", "arch", "quant"):
        table.add_column(name, no_wrap=True)
    for name in ("size", "params", "ctx"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("imatrix", overflow="fold", min_width=8)
    table.add_column("payload", no_wrap=True)
    for variant in family.variants:
        # Text, not str: file names and metadata come from strangers and must not be read as markup.
        table.add_row(*(Text(cell) for cell in _cells(variant)))
    return table


def _cells(variant: Variant) -> Iterator[str]:
    header = variant.header
    yield _line(variant.label)
    yield variant.role
    yield _line(header.architecture)
    yield header.quant_type
    yield decimal_size(header.size_bytes, "B")
    yield decimal_size(header.n_parameters, "")
    yield str(header.n_ctx_train) if header.n_ctx_train is not None else NOTHING
    yield _line((header.imatrix.dataset or header.imatrix.file or "yes") if header.imatrix else NOTHING)
    yield variant.payload_hash[:HASH_DIGITS]


def decimal_size(count: int, unit: str) -> str:
    """A count in powers of 1000, three digits: 2263104800 -> `2.26 GB`."""
    value, power = float(count), 0
    while value >= 999.5 and power < len(PREFIXES) - 1:
        value, power = value / 1000, power + 1
    digits = f"{value:.3g}" if power else str(count)
    return f"{digits} {PREFIXES[power]}{unit}".strip()


def _line(text: str) -> str:
    """One line of a stranger's text, safe to show."""
    from evalkit.report.visible import visible_line

    return visible_line(text).replace("\n", "\\n").replace("\t", "\\t")
