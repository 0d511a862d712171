"""`evalkit run`: generate, score and report."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.options import (
    embedder_option,
    family_options,
    json_option,
    reports_option,
    results_option,
    suite_options,
)
from evalkit.cli.words import WordsCommand
from evalkit.records.decoding import Decoding, PenaltyScope
from evalkit.records.run import RegenMode

if TYPE_CHECKING:
    from evalkit.engine.protocol import Engine
    from evalkit.records.run import EngineSettings, RunConfig
    from evalkit.store.run_folder import RunFolder


ALL_LAYERS = -1
"""llama.cpp's word for every layer."""


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
    fresh: bool
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
@click.option("-t", "--threads", type=click.IntRange(1), help="Threads [default: the usable cores].")
@click.option(
    "-b", "--batch-size", type=click.IntRange(1), default=512, show_default=True, help="Logical batch, in tokens."
)
@click.option(
    "-ub", "--ubatch-size", type=click.IntRange(1), default=512, show_default=True, help="Physical batch, in tokens."
)
@click.option(
    "-fa", "--flash-attn", type=click.Choice(["on", "off"]), default="on", show_default=True, help="Flash attention."
)
@click.option("-ngl", "--n-gpu-layers", type=int, help="Layers on the GPU [default: all, where the build has one].")
@click.option(
    "--stall-timeout",
    type=click.FloatRange(min=1),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="Give up a model that shows no progress for so long.",
)
@click.option("--fresh", is_flag=True, help="Start anew, even where the same command's answers are there.")
@embedder_option
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
    from evalkit.engine.child import ChildEngine

    engine = ChildEngine()
    config = configure(options, engine)
    folder = _open_folder(options, config, engine)
    _generate(folder, engine, config)
    return finish_run(folder, options.embedder, options.reports, as_json=options.as_json)


def configure(options: RunOptions, engine: Engine) -> RunConfig:
    """All that decides the run's tokens, from the command line and the files that it names."""
    from evalkit.cli.progress import reading_progress
    from evalkit.family.discover import discover_family
    from evalkit.generate.preflight import choose_kernels
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
    with reading_progress(is_terminal=sys.stderr.isatty()) as on_progress:
        family = discover_family(
            options.models, reference=options.reference, family_file=options.family_file, on_progress=on_progress
        )
    asked = _engine_settings(options, engine)
    settings = choose_kernels(engine, asked, family.reference)
    if settings != asked:
        click.echo("warning: this build's kernels for repacked weights crash; all variants run without them", err=True)
    return RunConfig(
        family=family,
        suite=suite,
        decoding=Decoding(penalty_scope=PenaltyScope(options.penalty_scope)),
        engine=settings,
        n_regenerations=options.regenerations,
    )


def _engine_settings(options: RunOptions, engine: Engine) -> EngineSettings:
    from evalkit.cli.machine import n_usable_cores
    from evalkit.records.run import EngineSettings

    n_gpu_layers = options.n_gpu_layers
    if n_gpu_layers is None:
        n_gpu_layers = ALL_LAYERS if engine.build().gpu_offload else 0
    return EngineSettings(
        n_threads=options.threads or n_usable_cores(),
        n_batch=options.batch_size,
        n_ubatch=min(options.ubatch_size, options.batch_size),
        n_gpu_layers=n_gpu_layers,
        flash_attention=options.flash_attn == "on",
        regen_mode=RegenMode(options.regen),
        stall_timeout_s=options.stall_timeout,
    )


def _open_folder(options: RunOptions, config: RunConfig, engine: Engine) -> RunFolder:
    from evalkit.cli.machine import occasion
    from evalkit.pipeline import begin_run, resume_run

    folder = None if options.fresh else resume_run(config, engine, options.results)
    return folder or begin_run(config, engine, options.results, occasion())


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
