"""`evalkit blind`: kits, votes and reveals. The commands lie in modules of their own, imported when called."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "make": ("evalkit.cli.blind_make", "Make ballots from a run, and seal the key."),
    "serve": ("evalkit.cli.blind_serve", "Serve the ballots from this machine."),
    "collect": ("evalkit.cli.blind_collect", "Take in votes files; show what is missing."),
    "reveal": ("evalkit.cli.blind_reveal", "Verify a kit, open its key, name the sides."),
    "verdict": ("evalkit.cli.blind_verdict", "Weigh all votes of a run."),
    "check": ("evalkit.cli.blind_check", "Compare a ballot with the published key."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_LazyGroup)
def blind() -> None:
    """Blind judging: deal pairs of answers, collect votes, open the sealed key."""
