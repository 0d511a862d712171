"""The `evalkit` command: finds subcommands without importing them, and turns errors into messages and exit codes."""

from __future__ import annotations

import importlib
import keyword
import os
import sys
from pathlib import Path
from typing import Any

import click

from evalkit import __version__
from evalkit.records.errors import EvalkitError, UsageError

CONFIG_FILE = "evalkit.yaml"

EXIT_INTERRUPTED = 130

# Name -> (module, one line of help). The line stands here so that `--help` imports no command.
COMMANDS = {
    "run": ("evalkit.cli.run", "Generate, score and report: the main job."),
    "import": ("evalkit.cli.import_", "Score and report texts that were made elsewhere."),
    "score": ("evalkit.cli.score", "Score a run's answers again."),
    "report": ("evalkit.cli.report", "Write a run's report again."),
    "runs": ("evalkit.cli.runs", "List the runs in a results folder."),
    "gate": ("evalkit.cli.gate", "Decide whether a run may be released."),
    "bless": ("evalkit.cli.bless", "Accept a run as the baseline of later releases."),
    "models": ("evalkit.cli.models", "Show a family without loading its weights."),
    "suite": ("evalkit.cli.suite", "List, show and validate prompt suites."),
    "tint": ("evalkit.cli.tint", "Score texts for horror tint, or compare two models' next tokens."),
    "export": ("evalkit.cli.export", "Write what a run found in a form for others."),
    "diverge": ("evalkit.cli.diverge", "Compare two models on a text, as llama-perplexity does."),
    "blind": ("evalkit.cli.blind", "Blind judging: ballots, a sealed key, votes, the reveal."),
    "judge": ("evalkit.cli.judge", "Let a local model judge a run, after an exam."),
    "demo": ("evalkit.cli.demo", "Build the ten-variant demo family."),
}


class LazyGroup(click.Group):
    """Imports a command's module when it is called, and not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command's object; what `evalkit.yaml` says of it becomes its defaults."""
        if cmd_name not in COMMANDS:
            return None
        # `import` is no name that Python lets a function have.
        function = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), function)
        ctx.default_map = {cmd_name: _defaults_of(command, cmd_name, _read_defaults(Path(CONFIG_FILE)))}
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line per command, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "EVALKIT"})
@click.version_option(__version__, prog_name="evalkit")
def cli() -> None:
    """Blind comparative evaluation of families of GGUF models."""


def main() -> None:
    """Entry point of the `evalkit` command."""
    try:
        sys.exit(_run())
    except BrokenPipeError:
        # The reader of a pipe has seen enough. Python would complain once more while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _run() -> int:
    try:
        return int(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except EvalkitError as error:
        from evalkit.report.visible import visible

        click.echo(f"evalkit: {visible(str(error))}", err=True)
        return error.exit_code
    except BrokenPipeError:
        raise
    except OSError as error:
        # A full disk, a folder without permission: the user's to mend, so no traceback.
        click.echo(f"evalkit: {error}", err=True)
        return EvalkitError.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("evalkit: interrupted", err=True)
        return EXIT_INTERRUPTED


def _read_defaults(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    import yaml

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    # PyYAML lets errors of its scalar constructors through: 2026-13-45 is a ValueError.
    except (yaml.YAMLError, ValueError, KeyError, AttributeError) as error:
        raise UsageError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(document, dict) or not all(isinstance(value, dict) for value in document.values()):
        raise UsageError(f"{path} must map commands to their options, such as `run: {{suite: card}}`.")
    if unknown := [str(name) for name in document if name not in COMMANDS]:
        raise UsageError(f"{path} names no command of evalkit: {', '.join(unknown)}. Known: {', '.join(COMMANDS)}.")
    return document


def _defaults_of(command: click.Command, name: str, document: dict[str, Any]) -> dict[str, Any]:
    """The command's part of the file, keyed by parameter: users write an option's word, `max-tokens: 400`."""
    parameters = {word.lstrip("-"): parameter.name for parameter in command.params for word in parameter.opts}
    options = document.get(name, {})
    if unknown := [str(word) for word in options if word not in parameters]:
        raise UsageError(f"{CONFIG_FILE}: `{name}` has no option {', '.join(unknown)}. See `evalkit {name} --help`.")
    return {str(parameters[word]): value for word, value in options.items()}
