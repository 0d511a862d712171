"""`evalkit export arena|llm-comparator|dpo`: revealed votes for other programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from evalkit.cli.options import results_option, run_argument

if TYPE_CHECKING:
    from evalkit.blind.exports import Battle
    from evalkit.store.run_folder import RunFolder

Command = TypeVar("Command", bound=Callable[..., Any])


def _to_option(command: Command) -> Command:
    return click.option(
        "--to", "path", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="The file to write.",
    )(command)  # fmt: skip


@click.command()
@run_argument
@_to_option
@results_option
def arena(run: str | None, path: Path, results: Path) -> int:
    """Write RUN's revealed votes as battles, JSON lines in the form of LMSYS's arena.

    One line per counted vote, catch trials left out. Before a reveal there is nothing to write (exit code 4).
    """
    from evalkit.blind.exports import arena_rows

    _, battles = _open(results, run)
    return _write_lines(path, arena_rows(battles), "battle")


@click.command()
@run_argument
@_to_option
@results_option
def dpo(run: str | None, path: Path, results: Path) -> int:
    """Write RUN's decided votes as preference pairs (prompt, chosen, rejected), JSON lines.

    One line per decided vote; ties and "both bad" are left out. Before a reveal: exit code 4.
    """
    from evalkit.blind.exports import preference_rows

    _, battles = _open(results, run)
    return _write_lines(path, preference_rows(battles), "pair")


@click.command("llm-comparator")
@run_argument
@_to_option
@click.option("--variant", metavar="LABEL", help="Only this variant against the reference [default: all, as tags].")
@results_option
def llm_comparator(run: str | None, path: Path, variant: str | None, results: Path) -> int:
    """Write RUN's votes against the reference for Google's LLM Comparator, one JSON file.

    Before a reveal: exit code 4.
    """
    from evalkit.blind.exports import comparator_document
    from evalkit.records.errors import UsageError

    folder, battles = _open(results, run)
    manifest = folder.read_manifest()
    family = manifest.config.family
    others = [one.label for one in family.others]
    if variant is not None and variant not in others:
        raise UsageError(f"--variant {variant} is none of this run's: {', '.join(others)}.")
    document = comparator_document(
        battles, run_id=manifest.run_id, reference_label=family.reference.label, variant=variant
    )
    _write(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    click.echo(f"{path}: {_count(len(document['examples']), 'example')}")
    return 0


def _open(results: Path, run: str | None) -> tuple[RunFolder, list[Battle]]:
    from evalkit.blind.exports import list_battles
    from evalkit.store.runs import open_run

    folder = open_run(results, run)
    return folder, list_battles(folder.read_manifest(), folder.read_generations(), folder.blind.read_reveals())


def _write_lines(path: Path, rows: Iterable[dict[str, Any]], noun: str) -> int:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    _write(path, "".join(lines))
    click.echo(f"{path}: {_count(len(lines), noun)}")
    return 0


def _write(path: Path, text: str) -> None:
    from evalkit.records.errors import UsageError
    from evalkit.store.files import write_atomically

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # JSON may carry half a character as an escape only.
        write_atomically(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error}. Name another file with --to.") from error


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
