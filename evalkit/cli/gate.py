"""`evalkit gate`: may this family be released?"""

from __future__ import annotations

import copy
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.options import run_argument, tint_reader
from evalkit.cli.run import RunOptions, answer, run
from evalkit.cli.words import WordsCommand

if TYPE_CHECKING:
    from evalkit.cli.gate_outputs import Outputs
    from evalkit.records.gate import Baseline, Decision, Release
    from evalkit.store.run_folder import RunFolder

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=WordsCommand)
@run_argument
@click.option("--baseline", type=FILE, help="The accepted release [default: OUT/baseline.json].")
@click.option("--no-baseline", is_flag=True, help="Decide without one, for a first release.")
@click.option("--policy", type=FILE, help="Limits and severities [default: gate.yaml, else the built-in ones].")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day by which waivers expire [default: today].")
@click.option("--junit", type=FILE, help="Write JUnit XML.")
@click.option("--markdown", type=FILE, help="Append Markdown, such as to $GITHUB_STEP_SUMMARY.")
@click.option("--sarif", type=FILE, help="Write SARIF 2.1.0.")
@click.option("--annotations", is_flag=True, help="Print GitHub annotations to stderr.")
@click.option("--dry-run", is_flag=True, help="What would this policy have said of the last runs? Always exits 0.")
@click.option("--last", type=click.IntRange(1), default=5, show_default=True, metavar="N", help="Runs of --dry-run.")
@click.option("--explain", metavar="RULE", help="Say what a rule, a kind of rules or `all` checks.")
@click.option("--print-policy", is_flag=True, help="Print the built-in policy with its comments.")
def gate(**options: Any) -> int:
    """Decide whether a run may be released: exit 0 open, 3 closed, 4 no verdict possible.

    Judges RUN (a folder, an id or its start; the newest by default) by the policy and against the accepted baseline,
    and keeps the decision in its folder. With --models it runs first; every option of `evalkit run` holds.
    """
    if options["print_policy"]:
        return _print_policy()
    if options["explain"]:
        return _explain(options)
    if options["dry_run"]:
        return _dry_run(options)
    folder = _run_first(options) if options["models"] else _open(options)
    exit_code = _judge(folder, options)
    _report(folder, options["reports"])
    return exit_code


def _run_options() -> list[click.Parameter]:
    """Every option of `evalkit run`, of which none is needed here."""
    own = {parameter.name for parameter in gate.params}
    taken = [copy.copy(parameter) for parameter in run.params if parameter.name not in own]
    for parameter in taken:
        parameter.required = False
    return taken


gate.params += _run_options()


def _print_policy() -> int:
    from evalkit.gate.policy import default_policy_text

    click.echo(default_policy_text(), nl=False)
    return 0


def _explain(options: dict[str, Any]) -> int:
    from evalkit.cli.gate_inputs import read_policy
    from evalkit.gate.explain import explain

    click.echo(explain(options["explain"], read_policy(options["policy"])))
    return 0


def _run_first(options: dict[str, Any]) -> RunFolder:
    from evalkit.pipeline import score_run, settle_status

    if options["run"]:
        raise click.UsageError("give a RUN to judge, or --models to run first; not both.")
    words = RunOptions(**{field.name: options[field.name] for field in fields(RunOptions)})
    folder = answer(words)
    click.echo("scoring", err=True)
    score_run(folder, tint_reader(words.tint, words.embedder))
    settle_status(folder)
    return folder


def _report(folder: RunFolder, reports: Path) -> None:
    from evalkit.pipeline import report_run

    _, path = report_run(folder, reports)
    click.echo(f"report: {path}", err=True)


def _open(options: dict[str, Any]) -> RunFolder:
    from evalkit.store.runs import open_run

    return open_run(options["results"], options["run"])


def _judge(folder: RunFolder, options: dict[str, Any]) -> int:
    from evalkit.cli.gate_inputs import find_baseline, read_release
    from evalkit.cli.gate_outputs import write_outputs
    from evalkit.store.gate_files import hash_figures

    if options["baseline"] and options["no_baseline"]:
        raise click.UsageError("--baseline and --no-baseline contradict each other.")
    baseline = None if options["no_baseline"] else find_baseline(options["baseline"], options["results"])
    decision = replace(_decide(read_release(folder), baseline, options), figures_hash=hash_figures(folder.path))
    return write_outputs(decision, folder.decision_path, _outputs(options))


def _dry_run(options: dict[str, Any]) -> int:
    """Each of the last runs against the named baseline, or else against the finished run before it."""
    from evalkit.cli.gate_history import history_json, history_lines, judge_history, read_history
    from evalkit.cli.gate_inputs import find_baseline, read_policy
    from evalkit.gate.decide import Terms

    baseline = find_baseline(options["baseline"], options["results"]) if options["baseline"] else None
    terms = Terms(
        policy=read_policy(options["policy"]),
        baseline=baseline,
        is_baseline_needed=not options["no_baseline"],
        today=_today(options),
    )
    releases = read_history(options["results"], options["run"], options["last"])
    decisions = judge_history(releases, terms, options["last"])
    click.echo(history_json(decisions) if options["as_json"] else "\n".join(history_lines(decisions)))
    return 0


def _decide(release: Release, baseline: Baseline | None, options: dict[str, Any]) -> Decision:
    from evalkit.cli.gate_inputs import read_policy
    from evalkit.gate.decide import Terms, decide

    terms = Terms(
        policy=read_policy(options["policy"]),
        baseline=baseline,
        is_baseline_needed=not options["no_baseline"],
        today=_today(options),
    )
    return decide(release, terms)


def _today(options: dict[str, Any]) -> date:
    return options["today"].date() if options["today"] else datetime.now(UTC).date()


def _outputs(options: dict[str, Any]) -> Outputs:
    from evalkit.cli.gate_outputs import Outputs

    return Outputs(
        junit=options["junit"],
        markdown=options["markdown"],
        sarif=options["sarif"],
        annotations=options["annotations"],
        as_json=options["as_json"],
    )
