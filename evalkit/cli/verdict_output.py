"""How verdicts are shown: a table to read, or JSON for machines."""

from __future__ import annotations

import json

import click
from pydantic import TypeAdapter

from evalkit.records.preferences import Preferences


def show_preferences(preferences: Preferences, *, as_json: bool) -> None:
    """What all votes add up to; the JSON is the content of `preferences.json`."""
    if as_json:
        document = TypeAdapter(Preferences).dump_python(preferences, mode="json")
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    from evalkit.report.preference_terminal import print_preferences

    print_preferences(preferences, Console())
