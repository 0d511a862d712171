"""`evalkit run`: generate, score and report."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.engine_options import (
    batch_option,
    gpu_layers_option,
    stall_timeout_option,
    threads_option,
    ubatch_option,
)
from evalkit.cli.options import (
    family_options,
    json_option,
    reports_option,
    results_option,
    suite_options,
    tint_options,
    tint_reader,
)
from evalkit.cli.words import WordsCommand
from evalkit.records.decoding import Decoding, PenaltyScope
from evalkit.records.run import RegenMode, TintContexts

if TYPE_CHECKING:
    from evalkit.engine.protocol import Engine
    from evalkit.records.run import EngineSettings, RunConfig
    from evalkit.store.run_folder import RunFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The command line of `evalkit run`, word for word."""

    models: tuple[str, ...]
    reference: str | None
    family_file: Path | None
    suite: str
    prompts: str | None
    limit: int | None
    max_tokens: int | None
    system: str | None
    system_power: int | None
    system_another: bool
    regenerations: int
    regen: str
    penalty_scope: str
    threads: int | None
    batch_size: int
    ubatch_size: int
    flash_attn: str
    n_gpu_layers: int | None
    stall_timeout: float
    reference_store: Path | None
    unrounded: Path | None
    fresh: bool
    reuse: bool
    tint_contexts: str
    tint: str
    embedder: Path | None
    results: Path
    reports: Path
    as_json: bool


@click.command(cls=WordsCommand)
@family_options
@suite_options
@click.option(
    "--regenerations",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Answers per prompt, each from cleared memory.",
)
@click.option(
    "--regen",
    type=click.Choice([mode.value for mode in RegenMode]),
    default=RegenMode.FAST.value,
    show_default=True,
    help="Side by side and verified; one after another as plain llama.cpp; or that and once with a reused prefix.",
)
@click.option(
    "--penalty-scope",
    type=click.Choice([scope.value for scope in PenaltyScope]),
    default=PenaltyScope.PROMPT_AND_OUTPUT.value,
    show_default=True,
    help="What the repeat penalty looks back on.",
)
@threads_option
@batch_option(512, "Logical batch, in tokens.")
@ubatch_option
@click.option(
    "-fa", "--flash-attn", type=click.Choice(["on", "off"]), default="on", show_default=True, help="Flash attention."
)
@gpu_layers_option("as many as its free memory holds")
@stall_timeout_option
@click.option(
    "--reference-store",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Take the reference's answers and distributions from there, not from its weights.",
)
@click.option(
    "--source",
    "unrounded",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="GGUF",
    help="The model before it was quantised: tells whether a variant moved or the reference did.",
)
@click.option("--fresh", is_flag=True, help="Start anew, even where the same command's answers are there.")
@click.option(
    "--tint-contexts",
    type=click.Choice([choice.value for choice in TintContexts]),
    default=TintContexts.SHIPPED.value,
    show_default=True,
    help="What the tint of the next token is measured on beside the reference's answers.",
)
@click.option("--reuse", is_flag=True, help="Take over an earlier run's answers for variants that have not changed.")
@tint_options
@results_option
@reports_option
@json_option
def run(**options: Any) -> int:
    """Generate the suite's answers with every model, score them against the reference, and write the report.

    The same command again goes on where it was stopped and repeats nothing that is finished.
    """
    return execute(RunOptions(**options))


def execute(options: RunOptions) -> int:
    """The main job; the exit code says whether every variant gave its answers."""
    from evalkit.cli.outcome import finish_run

    return finish_run(
        answer(options), tint_reader(options.tint, options.embedder), options.reports, as_json=options.as_json
    )


def answer(options: RunOptions) -> RunFolder:
    """Make the answers that are missing; scoring them is the next step."""
    from evalkit.engine.child import ChildEngine

    engine = ChildEngine()
    config = configure(options, engine)
    folder = _open_folder(options, config, engine)
    _generate(folder, engine, config)
    _compare_weights(folder)
    return folder


def _compare_weights(folder: RunFolder) -> None:
    from evalkit.cli.progress import reading_progress
    from evalkit.report.visible import visible
    from evalkit.weights import compare_weights

    click.echo("comparing weights", err=True)
    with reading_progress(is_terminal=sys.stderr.isatty()) as on_progress:
        reasons = compare_weights(folder, on_progress)
    for reason in reasons:
        click.echo(f"weights not compared: {visible(reason)}", err=True)


def configure(options: RunOptions, engine: Engine) -> RunConfig:
    """All that decides the run's tokens, from the command line and the files that it names."""
    from evalkit.cli.progress import reading_progress
    from evalkit.cli.run_reference import at_hand, discover, open_unrounded, read_store, with_store
    from evalkit.generate.preflight import choose_kernels, fit_gpu_layers
    from evalkit.records.run import RunConfig
    from evalkit.suite.load import SuiteRequest, load_suite

    suite = load_suite(
        SuiteRequest(
            name_or_path=options.suite,
            prompt_ids=tuple(options.prompts.split(",")) if options.prompts else None,
            max_tokens=options.max_tokens,
            limit=options.limit,
            system=options.system,
            system_power=options.system_power,
            system_another=options.system_another,
        )
    )
    store = read_store(options.reference_store, options.reference)
    with reading_progress(is_terminal=sys.stderr.isatty()) as on_progress:
        family = discover(options.models, options.reference, store, options.family_file, on_progress)
    asked = _engine_settings(options)
    if options.n_gpu_layers is None:
        asked = fit_gpu_layers(engine, asked, at_hand(family, store), suite)
    settings = choose_kernels(engine, asked, at_hand(family, store))
    if settings != asked:
        click.echo("warning: this build's kernels for repacked weights crash; all variants run without them", err=True)
    config = RunConfig(
        family=family,
        suite=suite,
        decoding=Decoding(penalty_scope=PenaltyScope(options.penalty_scope)),
        engine=settings,
        n_regenerations=options.regenerations,
        unrounded=open_unrounded(options.unrounded, family) if options.unrounded is not None else None,
        tint_contexts=TintContexts(options.tint_contexts),
    )
    return config if store is None else with_store(config, store, engine)


def _engine_settings(options: RunOptions) -> EngineSettings:
    from evalkit.cli.machine import n_usable_cores
    from evalkit.records.run import EngineSettings

    return EngineSettings(
        n_threads=options.threads or n_usable_cores(),
        n_batch=options.batch_size,
        n_ubatch=min(options.ubatch_size, options.batch_size),
        n_gpu_layers=options.n_gpu_layers or 0,
        flash_attention=options.flash_attn == "on",
        regen_mode=RegenMode(options.regen),
        stall_timeout_s=options.stall_timeout,
    )


def _open_folder(options: RunOptions, config: RunConfig, engine: Engine) -> RunFolder:
    from evalkit.cli.machine import occasion
    from evalkit.pipeline import begin_run, resume_run
    from evalkit.stored_reference import adopt_reference

    folder = None if options.fresh else resume_run(config, engine, options.results)
    folder = folder or begin_run(config, engine, options.results, occasion())
    if options.reuse:
        _reuse(folder, options)
    if options.reference_store is not None:
        adopt_reference(folder, options.reference_store)
    return folder


def _reuse(folder: RunFolder, options: RunOptions) -> None:
    from evalkit.generate.reuse import reuse_answers
    from evalkit.report.visible import visible
    from evalkit.store.runs import list_runs

    with folder.locked():
        taken = reuse_answers(folder, list_runs(options.results))
    for label, run_id in taken.items():
        click.echo(f"{visible(label)} has not changed: its answers are those of run {run_id}", err=True)


def _generate(folder: RunFolder, engine: Engine, config: RunConfig) -> None:
    from evalkit.cli.progress import progress
    from evalkit.pipeline import generate_run

    click.echo(f"run {folder.path}", err=True)
    _warn(config)
    try:
        with progress(config.suite, is_terminal=sys.stderr.isatty()) as listener:
            generate_run(folder, engine, listener)
    except KeyboardInterrupt:
        n_kept = len(folder.read_generations())
        click.echo(f"stopped; {n_kept} finished answers are kept. The same command goes on from there.", err=True)
        raise


def _warn(config: RunConfig) -> None:
    from evalkit.report.visible import visible

    for warning in config.family.warnings:
        click.echo(f"warning: {visible(warning.message)}", err=True)
    for failed in config.family.failed:
        click.echo(f"{visible(failed.label)} cannot be used: {visible(failed.cause)}", err=True)
