"""`evalkit suite`: list, show and validate prompt suites."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.options import json_option

if TYPE_CHECKING:
    from evalkit.records.suite import Check, Suite

HASH_DIGITS = 12


@click.group()
def suite() -> None:
    """List, show and validate prompt suites."""


@suite.command("list")
@json_option
def list_suites(as_json: bool) -> int:
    """List the suites and system prompts that come with evalkit."""
    from evalkit.suite.load import SuiteRequest, load_suite
    from evalkit.suite.packaged import suite_names, system_names

    suites = [load_suite(SuiteRequest(name_or_path=name)) for name in suite_names()]
    if as_json:
        lines = [_line_of(found) for found in suites]
        click.echo(json.dumps({"suites": lines, "systems": system_names()}, indent=2))
        return 0
    for found in suites:
        click.echo(_describe(found))
    click.echo(f"system prompts, for --system: {', '.join(system_names())}")
    return 0


@suite.command("show")
@click.argument("name_or_file", metavar="NAME|FILE")
@click.option("--prompt", "prompt_id", metavar="ID", help="Print only this prompt's text, to the byte.")
@click.option("--system", metavar="NAME|FILE", help="Show it with this system prompt.")
@click.option("--system-power", type=click.IntRange(1), metavar="N", help="The system prompt's power.")
@click.option(
    "--system-another/--no-system-another",
    default=True,
    show_default=True,
    help="Keep the system prompt's line that asks for another generation.",
)
@json_option
def show_suite(name_or_file: str, prompt_id: str | None, as_json: bool, **system: Any) -> int:
    """Show the prompts of a suite that comes with evalkit, or of a file."""
    from evalkit.suite.load import SuiteRequest, load_suite

    prompt_ids = (prompt_id,) if prompt_id is not None else None
    found = load_suite(SuiteRequest(name_or_path=name_or_file, prompt_ids=prompt_ids, **system))
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    elif prompt_id is not None:
        # Bytes, so that neither the terminal's encoding nor Windows changes one.
        click.echo(f"{found.prompts[0].text}\n".encode(), nl=False)
    else:
        _show(found)
    return 0


@suite.command("validate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
def validate_suites(files: tuple[str, ...]) -> int:
    """Check suite files; every problem of every file is shown, and any makes the exit code 2."""
    from evalkit.records.errors import SuiteError
    from evalkit.suite.load import SuiteRequest, load_suite

    problems = []
    for file in files:
        try:
            found = load_suite(SuiteRequest(name_or_path=file))
        except SuiteError as error:
            problems.append(str(error))
        else:
            click.echo(f"OK {_visible()(file)}: {_describe(found)}")
    if problems:
        raise SuiteError("\n".join(problems))
    return 0


def _show(found: Suite) -> None:
    visible = _visible()
    click.echo(_describe(found))
    if found.system is not None:
        click.echo(f"\nsystem prompt {found.system_name}:\n{visible(found.system)}")
    for prompt in found.prompts:
        click.echo(f"\n{prompt.id} | {visible(prompt.title)} | at most {prompt.max_tokens} tokens")
        click.echo(visible(prompt.text))
        for check in prompt.checks:
            click.echo(f"checked: {visible(_check_words(check))}")


def _check_words(check: Check) -> str:
    if check.text is not None:
        return f'{check.kind.value} "{check.text}"'
    bounds = {"least": check.least, "most": check.most}
    return f"{check.kind.value} {', '.join(f'{name} {n}' for name, n in bounds.items() if n is not None)}"


def _describe(found: Suite) -> str:
    """One line: how many prompts, which, and the suite's identity."""
    prompts = "prompt" if len(found.prompts) == 1 else "prompts"
    ids = ", ".join(prompt.id for prompt in found.prompts)
    return f"{found.name}: {len(found.prompts)} {prompts}, {found.content_hash[:HASH_DIGITS]} ({ids})"


def _line_of(found: Suite) -> dict[str, Any]:
    return {
        "name": found.name,
        "content_hash": found.content_hash,
        "prompts": [prompt.id for prompt in found.prompts],
    }


def _visible() -> Callable[[str], str]:
    from evalkit.report.visible import visible

    return visible
