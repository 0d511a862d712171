"""`evalkit bless`: accept a run as the baseline of later releases."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from evalkit.cli.options import results_option, run_argument


@click.command()
@run_argument
@click.option("--reason", required=True, help="Why it is accepted; it stands in the file.")
@click.option("--by", help="Who accepts it [default: the user's name].")
@click.option(
    "--baseline", type=click.Path(path_type=Path, dir_okay=False), help="Where to keep it [default: OUT/baseline.json]."
)
@click.option(
    "--policy", type=click.Path(path_type=Path, dir_okay=False), help="[default: gate.yaml, else the built-in one]."
)
@click.option("--anyway", is_flag=True, help="Accept a run that the gate's own rules keep closed.")
@results_option
def bless(
    run: str | None,
    reason: str,
    by: str | None,
    baseline: Path | None,
    policy: Path | None,
    anyway: bool,
    results: Path,
) -> int:
    """Accept RUN (a folder, an id or its start; the newest by default) as the baseline; review and commit the file.

    Every rule that needs no baseline must hold, or the exit code is 3 and nothing is written.
    """
    from datetime import UTC, datetime

    from evalkit.cli.gate_inputs import read_policy, read_release
    from evalkit.gate.decide import Terms, decide
    from evalkit.gate.terminal import decision_lines
    from evalkit.records.errors import UsageError
    from evalkit.records.gate import Baseline, Verdict
    from evalkit.store.gate_files import BASELINE_NAME, write_baseline
    from evalkit.store.runs import open_run

    if not reason.strip():
        raise UsageError("the reason is empty. Say why the run is accepted: --reason 'first release'.")
    release = read_release(open_run(results, run))
    now = datetime.now(UTC)
    terms = Terms(policy=read_policy(policy), baseline=None, is_baseline_needed=False, today=now.date())
    decision = decide(release, terms)
    if decision.verdict is Verdict.NO_VERDICT or (decision.verdict is Verdict.CLOSED and not anyway):
        click.echo("\n".join(decision_lines(decision)))
        click.echo("not blessed. Mend the files, adapt gate.yaml, or accept it with --anyway.", err=True)
        return 4 if decision.verdict is Verdict.NO_VERDICT else 3
    path = baseline or results / BASELINE_NAME
    record = Baseline(
        reason=reason.strip(),
        blessed_by=by or getpass.getuser(),
        blessed_utc=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        release=release,
    )
    write_baseline(path, record)
    click.echo(str(path))
    click.echo(f"blessed {release.run_id}: {len(release.variants)} variants. Review the file and commit it.", err=True)
    return 0
