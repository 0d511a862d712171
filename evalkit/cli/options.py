"""Options that several commands share, so that one word means one thing everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from evalkit.records.tint_reader import TintMethod, TintReader

Command = TypeVar("Command", bound=Callable[..., Any])


def family_options(command: Command) -> Command:
    """Which files are compared, and with which one."""
    return _decorate(command, _models_option(is_required=True), _family_facts)


def optional_family_options(command: Command) -> Command:
    """The same for a command that may be given files in another way."""
    return _decorate(command, _models_option(is_required=False), _family_facts)


def _models_option(*, is_required: bool) -> Callable[[Any], Any]:
    return click.option(
        "--models", "-m", multiple=True, required=is_required, metavar="FILE...",
        help="GGUF files, folders or quoted globs; as many words as you like.",
    )  # fmt: skip


def _family_facts(command: Command) -> Command:
    return _decorate(
        command,
        click.option("--reference", metavar="LABEL|PATH", help="What all are measured against [default: M1]."),
        click.option(
            "--family-file", type=click.Path(path_type=Path, dir_okay=False),
            help="Labels, lineage and descriptions [default: family.yaml beside the models].",
        ),
    )  # fmt: skip


def suite_options(command: Command) -> Command:
    """Which prompts are asked, and after which system prompt."""
    return _decorate(
        command,
        click.option("--suite", default="standard", show_default=True, metavar="NAME|FILE", help="The prompts."),
        click.option("--prompts", metavar="ID,...", help="Only these prompts."),
        click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N prompts."),
        click.option("--max-tokens", type=click.IntRange(1), metavar="N", help="Cut every answer after N tokens."),
        click.option("--system", metavar="NAME|FILE", help="System prompt, such as ge-function [default: none]."),
        click.option("--system-power", type=click.IntRange(1), metavar="N", help="The power of ge-function."),
        click.option(
            "--system-another/--no-system-another", default=True, show_default=True,
            help="Keep ge-function's line that asks for another generation.",
        ),
    )  # fmt: skip


def results_option(command: Command) -> Command:
    """Where runs lie."""
    return click.option(
        "--out", "results", type=click.Path(path_type=Path, file_okay=False), default=Path("results"),
        show_default=True, envvar="EVALKIT_OUT", help="Folder of runs.",
    )(command)  # fmt: skip


def reports_option(command: Command) -> Command:
    """Where reports go."""
    return click.option(
        "--reports", type=click.Path(path_type=Path, file_okay=False), default=Path("reports"),
        show_default=True, envvar="EVALKIT_REPORTS", help="Folder of reports.",
    )(command)  # fmt: skip


def tint_options(command: Command) -> Command:
    """How the answers' tint is read."""
    method = click.option(
        "--tint", type=click.Choice([method.value for method in TintMethod]), default=TintMethod.FULL.value,
        show_default=True, help="How the texts' tint is read; lite: words alone, no torch, and it sees less.",
    )  # fmt: skip
    return _decorate(command, method, embedder_option)


def tint_reader(tint: str, embedder: Path | None) -> TintReader:
    """What `tint_options` asked for."""
    return TintReader(method=TintMethod(tint), embedder=embedder)


def embedder_option(command: Command) -> Command:
    """Where the sentence embedder lies."""
    return click.option(
        "--embedder", type=click.Path(path_type=Path, file_okay=False), envvar="EVALKIT_EMBEDDER",
        help="Folder of all-MiniLM-L6-v2 [default: installed copy, then Hugging Face].",
    )(command)  # fmt: skip


def json_option(command: Command) -> Command:
    """Figures for machines."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON to stdout.")(command)


def run_argument(command: Command) -> Command:
    """Which run."""
    return click.argument("run", required=False, metavar="[RUN]")(command)


def _decorate(command: Command, *options: Callable[[Any], Any]) -> Command:
    # Decorators apply from the bottom up; --help shows the order written here.
    for option in reversed(options):
        command = option(command)
    return command
