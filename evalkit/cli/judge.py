"""`evalkit judge`: a local model judges a run's answers in pairs, after an exam."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.engine_options import gpu_layers_option, layers_or_all, stall_timeout_option, threads_option
from evalkit.cli.options import json_option, reports_option, results_option, run_argument
from evalkit.records.blind import Design

if TYPE_CHECKING:
    from evalkit.engine.child import ChildEngine
    from evalkit.judge.plan import JudgePlan
    from evalkit.records.family import Variant
    from evalkit.records.run import EngineSettings
    from evalkit.store.run_folder import RunFolder


@click.command()
@run_argument
@click.option("--judge-model", required=True, metavar="GGUF", help="The model that judges; it needs a chat template.")
@click.option(
    "--design", type=click.Choice([design.value for design in Design]),
    help="Which pairs [default: as in the run's newest kit, else star: every variant against the reference].",
)  # fmt: skip
@click.option(
    "--words", "word_limit", type=click.IntRange(20, 5000),
    help="Cut both texts of a pair to about so many words [default: as in the run's newest kit, else 200].",
)  # fmt: skip
@threads_option
@gpu_layers_option("all, where the build has one")
@stall_timeout_option
@results_option
@reports_option
@json_option
def judge(
    run: str | None,
    judge_model: str,
    design: str | None,
    word_limit: int | None,
    threads: int | None,
    n_gpu_layers: int | None,
    stall_timeout: float,
    results: Path,
    reports: Path,
    as_json: bool,
) -> int:
    """Let a local model judge the answers of RUN (a folder, an id or its start; the newest by default).

    It sees what blind ballots show: cleaned texts of equal length, no names. Every pair is asked in both orders; where
    they disagree, it is a tie. First it sits an exam; the votes of a judge that fails are kept and shown, and count for
    nothing (exit code 4). An interrupted judgement goes on where it was.
    """
    from evalkit.cli.diverge_models import open_model
    from evalkit.cli.verdict_output import show_preferences
    from evalkit.engine.child import ChildEngine
    from evalkit.judging import keep_judgement, plan_judgement, weigh_run
    from evalkit.pipeline import report_run
    from evalkit.store.runs import open_run

    folder = open_run(results, run)
    plan = plan_judgement(folder, Design(design) if design else None, word_limit)
    model = open_model(judge_model, "--judge-model")
    engine = ChildEngine()
    _ask(folder, plan, model, engine, _settings(engine, model, threads, n_gpu_layers, stall_timeout))
    judgement = keep_judgement(folder, plan, model)
    revealed = {reveal.kit_id for reveal in folder.blind.read_reveals()}
    if sealed := [kit.kit_id for kit in folder.blind.read_kits() if kit.kit_id not in revealed]:
        click.echo(f"note: kit {', '.join(sealed)} is still sealed: whoever votes in it must not see this", err=True)
    preferences = weigh_run(folder)
    if preferences is not None:
        show_preferences(preferences, as_json=as_json)
    if folder.is_scored:
        click.echo(f"report: {report_run(folder, reports)[1]}", err=True)
    return 0 if judgement.exam.is_fit else 4


def _ask(folder: RunFolder, plan: JudgePlan, model: Variant, engine: ChildEngine, settings: EngineSettings) -> None:
    from evalkit.judging import ask_judge

    last_said = -1
    for progress in ask_judge(folder, plan, model, engine, settings):
        tenth = 10 * progress.n_done // progress.n_questions
        if tenth != last_said:
            click.echo(f"{progress.n_done} of {progress.n_questions} questions answered", err=True)
            last_said = tenth


def _settings(
    engine: ChildEngine, model: Variant, threads: int | None, n_gpu_layers: int | None, stall_timeout: float
) -> EngineSettings:
    from evalkit.cli.machine import n_usable_cores
    from evalkit.generate.preflight import choose_kernels
    from evalkit.records.run import EngineSettings

    asked = EngineSettings(
        n_threads=threads or n_usable_cores(),
        n_gpu_layers=layers_or_all(engine, n_gpu_layers),
        stall_timeout_s=stall_timeout,
    )
    settings = choose_kernels(engine, asked, model)
    if settings != asked:
        click.echo("warning: this build's kernels for repacked weights crash; the judge runs without them", err=True)
    return settings
