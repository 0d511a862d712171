"""`evalkit models A B`: which tensors of two files differ, and how far."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.records.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from evalkit.family.gguf_header import GgufModel
    from evalkit.records.family import FamilyWarning, Role, Variant
    from evalkit.records.tensors import TensorComparison, TensorDistance

NOTHING = "-"
SIDE_BY_SIDE = 2
WIDTH_OF_A_PIPE = 1_000
LEGEND = (
    "RMS distance: root mean square of the differences over that of the first file's values; 0.1 is a tenth of a\n"
    "typical weight. Largest: the largest difference of a single weight."
)


def compare_two(words: Sequence[str], *, as_json: bool) -> int:
    """Print the comparison of two files, relative to the first."""
    from evalkit.cli.progress import reading_progress
    from evalkit.family.findings import find_warnings
    from evalkit.family.provenance import find_unclaimed
    from evalkit.family.tensor_distance import compare_tensors
    from evalkit.records.family import Role

    if len(words) != SIDE_BY_SIDE:
        raise UsageError(f"found {len(words)} files, and two are compared. List a family with --models FILE...")
    labels = _labels(words)
    with reading_progress(is_terminal=sys.stderr.isatty()) as on_progress:
        models = [_open(word) for word in words]
        roles = (Role.REFERENCE, Role.VARIANT)
        variants = [_variant(*facts, on_progress) for facts in zip(words, labels, models, roles, strict=True)]
        comparison = compare_tensors(models[0], models[1], labels=labels, on_progress=on_progress)
    found = (*find_warnings(variants, None), *find_unclaimed(variants[0], variants[1:]))
    warnings = list(dict.fromkeys(found))
    if as_json:
        click.echo(json.dumps(_document(comparison, warnings), indent=2))
    else:
        _show(comparison, warnings)
    return 0


def _labels(words: Sequence[str]) -> tuple[str, str]:
    """The files' names, or, where these are alike, what the user wrote."""
    first, second = (Path(word).stem for word in words)
    return (first, second) if first != second else (words[0], words[1])


def _open(word: str) -> GgufModel:
    from evalkit.family.gguf_header import read_model
    from evalkit.family.model_files import model_files_of, refuse_hub

    refuse_hub(word)
    return read_model(model_files_of(Path(word).expanduser()).parts)


def _variant(word: str, label: str, model: GgufModel, role: Role, on_progress: Callable[[str], object]) -> Variant:
    from evalkit.family.gguf_header import header_of
    from evalkit.family.payload import payload_hash
    from evalkit.records.family import Variant

    on_progress(f"hashing {label}")
    return Variant(label=label, path=Path(word), role=role, source=header_of(model), payload_hash=payload_hash(model))


def _document(comparison: TensorComparison, warnings: Sequence[FamilyWarning]) -> dict[str, object]:
    return {
        "is_no_op": comparison.is_no_op,
        "n_tensors": len(comparison.tensors),
        "n_moved": comparison.n_moved,
        "warnings": [asdict(warning) for warning in warnings],
        "kinds": [asdict(kind) for kind in comparison.kinds],
        **asdict(comparison),
    }


def _show(comparison: TensorComparison, warnings: Sequence[FamilyWarning]) -> None:
    from rich.console import Console

    from evalkit.report.visible import visible, visible_line

    first, second = visible_line(comparison.first), visible_line(comparison.second)
    click.echo(f"{second} against {first}: {_verdict(comparison)}")
    for warning in warnings:
        click.echo(f"warning: {visible(warning.message)}")
    for label, names in ((first, comparison.only_first), (second, comparison.only_second)):
        if names:
            click.echo(f"only in {label}: {', '.join(map(visible_line, names))}")
    console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_PIPE)
    for table in (_kind_table(comparison), _layer_table(comparison)):
        click.echo()
        console.print(table)
    if comparison.n_moved:
        click.echo(f"\n{LEGEND}")


def _verdict(comparison: TensorComparison) -> str:
    if comparison.is_no_op:
        return "the same tensors, byte for byte: a proven no-op"
    missing = len(comparison.only_first) + len(comparison.only_second)
    more = f"; {missing} tensors are in one file only" if missing else ""
    return f"{comparison.n_moved} of {len(comparison.tensors)} tensors differ{more}"


def _kind_table(comparison: TensorComparison) -> Table:
    """By kind of tensor, over all layers."""
    return _table(
        ("kind", "tensors", "differ", "RMS distance"),
        ((kind.kind, str(kind.n_tensors), str(kind.n_moved), _ratio(kind.rms_relative)) for kind in comparison.kinds),
    )


def _layer_table(comparison: TensorComparison) -> Table:
    """Every tensor that differs."""
    moved = (tensor for tensor in comparison.tensors if not tensor.is_equal)
    return _table(
        ("layer", "kind", "type", "values differ", "RMS distance", "1 - cosine", "largest", "note"), map(_cells, moved)
    )


def _cells(tensor: TensorDistance) -> tuple[str, ...]:
    types = dict.fromkeys((tensor.first_type, tensor.second_type))
    sampled = 0 < tensor.n_compared < tensor.n_values
    note = f"{tensor.n_compared:,} of {tensor.n_values:,} values" if sampled else ""
    return (
        NOTHING if tensor.layer is None else str(tensor.layer),
        tensor.kind,
        " > ".join(types),
        NOTHING if tensor.share_moved is None else f"{tensor.share_moved:.1%}",
        _ratio(tensor.rms_relative),
        NOTHING if tensor.cosine is None else f"{1 - tensor.cosine:.2e}",
        NOTHING if tensor.max_abs is None else f"{tensor.max_abs:.3g}",
        "; ".join(filter(None, (note, tensor.reason))),
    )


def _ratio(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.4f}"


def _table(columns: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from evalkit.report.visible import visible_line

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in columns:
        is_name = column in ("kind", "type", "note")
        table.add_column(column, justify="left" if is_name else "right", no_wrap=not is_name, overflow="fold")
    for row in rows:
        # Text, not str: names come from strangers and must not be read as markup.
        table.add_row(*(Text(visible_line(cell)) for cell in row))
    return table
