"""`evalkit diverge`: llama-perplexity's KL divergence of two models on a text."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.engine_options import (
    batch_option,
    gpu_layers_option,
    layers_or_all,
    stall_timeout_option,
    threads_option,
    ubatch_option,
)
from evalkit.cli.options import json_option

if TYPE_CHECKING:
    from evalkit.cli.diverge_models import ReferenceGiven
    from evalkit.engine.child import ChildEngine
    from evalkit.engine.corpus_protocol import CorpusJob, CorpusPlan
    from evalkit.records.corpus import CorpusMode, CorpusPositions
    from evalkit.records.family import Variant
    from evalkit.records.run import EngineSettings

MAX_SIDE_BY_SIDE = 256
"""llama.cpp's LLAMA_MAX_SEQ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergeOptions:
    """The command line of `evalkit diverge`, word for word."""

    reference: str
    variant: str
    text: Path
    n_ctx: int
    chunks: int | None
    exact: bool
    save_reference: Path | None
    batch_size: int
    ubatch_size: int
    threads: int | None
    n_gpu_layers: int | None
    stall_timeout: float
    as_json: bool


@click.command()
@click.option(
    "--reference",
    required=True,
    metavar="GGUF|STORE",
    help="What is strayed from: a model, its store, or llama-perplexity's file of its logits.",
)
@click.option("--variant", required=True, metavar="GGUF", help="The model that strays.")
@click.option(
    "--text",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The text that both read.",
)
@click.option("-c", "--n-ctx", type=click.IntRange(16), default=512, show_default=True, help="Tokens per chunk.")
@click.option("--chunks", type=click.IntRange(1), metavar="N", help="Only the first N chunks.")
@click.option(
    "--exact", is_flag=True, help="Keep the reference's distributions whole, not in 16 bits as llama-perplexity does."
)
@click.option(
    "--save-reference",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the reference's distributions there: a store for later variants.",
)
@batch_option(2048, "Tokens read side by side: so many chunks at once as fit into them.")
@ubatch_option
@threads_option
@gpu_layers_option("all, where the build has one")
@stall_timeout_option
@json_option
def diverge(**options: Any) -> int:
    """Compare two models' next-token distributions on a text, by llama-perplexity's protocol and under its names.

    The text is cut into chunks of --n-ctx tokens; the second half of each is scored. The figures equal those of
    `llama-perplexity --kl-divergence` with the same files and kernels.
    """
    return execute(DivergeOptions(**options))


def execute(options: DivergeOptions) -> int:
    """Check what was given, read the text in a child process, and print the figures."""
    from evalkit.cli.diverge_models import open_model, open_reference
    from evalkit.cli.diverge_output import Outcome, outcome_document, print_outcome
    from evalkit.engine.child import ChildEngine
    from evalkit.measure.corpus_statistics import summarise_corpus

    _check_options(options)
    variant = open_model(options.variant, "--variant")
    reference = open_reference(options.reference, variant)
    mode = _mode(options, reference)
    _warn(options, variant)
    engine = ChildEngine()
    settings = _settings(options, engine, reference.model or variant)
    with tempfile.TemporaryDirectory() as scratch:
        job = _job(options, reference, variant, mode, settings, Path(scratch))
        plan, positions = _read(engine, job)
    if options.save_reference is not None and reference.model is not None:
        _finish_store(options, reference.model, plan, engine)
    outcome = Outcome(
        reference=reference,
        variant=variant,
        text=options.text,
        n_ctx=options.n_ctx,
        mode=mode,
        plan=plan,
        divergence=summarise_corpus(positions),
    )
    if options.as_json:
        click.echo(json.dumps(outcome_document(outcome), indent=2, ensure_ascii=False))
    else:
        print_outcome(outcome)
    return 0


def _check_options(options: DivergeOptions) -> None:
    from evalkit.records.errors import UsageError

    if options.n_ctx % 2:
        raise UsageError(f"--n-ctx {options.n_ctx} is odd, and a chunk's second half is scored. Give an even number.")
    n_side_by_side = options.batch_size // options.n_ctx
    if n_side_by_side > min(options.ubatch_size, MAX_SIDE_BY_SIDE):
        raise UsageError(
            f"-b {options.batch_size} reads {n_side_by_side} chunks of {options.n_ctx} tokens side by side, more than "
            f"-ub {options.ubatch_size} and llama.cpp's {MAX_SIDE_BY_SIDE} sequences allow. Lower -b."
        )


def _mode(options: DivergeOptions, reference: ReferenceGiven) -> CorpusMode:
    """How the reference is kept, and whether what was asked for is possible with it."""
    from evalkit.records.corpus import CorpusMode
    from evalkit.records.errors import UsageError

    if reference.model is not None:
        return CorpusMode.EXACT if options.exact else CorpusMode.COMPAT
    if options.save_reference is not None:
        raise UsageError("--save-reference needs the reference's model, and --reference names what was kept of one.")
    store = reference.store
    if store is None:
        if options.exact:
            raise UsageError("llama-perplexity's file holds 16 bits per token: leave --exact out, or give the model.")
        return CorpusMode.COMPAT
    if store.n_ctx != options.n_ctx:
        raise UsageError(
            f"the store {reference.path} was made with --n-ctx {store.n_ctx}, and {options.n_ctx} is asked for. "
            f"Use --n-ctx {store.n_ctx}."
        )
    return CorpusMode.STORE


def _warn(options: DivergeOptions, variant: Variant) -> None:
    n_train = variant.header.n_ctx_train
    if n_train is not None and options.n_ctx > n_train:
        click.echo(f"warning: the model was trained for {n_train} tokens, --n-ctx is {options.n_ctx}", err=True)


def _settings(options: DivergeOptions, engine: ChildEngine, model: Variant) -> EngineSettings:
    from evalkit.cli.machine import n_usable_cores
    from evalkit.generate.preflight import choose_kernels
    from evalkit.records.run import EngineSettings

    asked = EngineSettings(
        n_threads=options.threads or n_usable_cores(),
        n_batch=options.ubatch_size,  # One physical batch at a time is handed over.
        n_ubatch=options.ubatch_size,
        full_window_cache=False,
        n_gpu_layers=layers_or_all(engine, options.n_gpu_layers),
        stall_timeout_s=options.stall_timeout,
    )
    settings = choose_kernels(engine, asked, model)
    if settings != asked:
        click.echo("warning: this build's kernels for repacked weights crash; both models run without them", err=True)
    return settings


def _job(
    options: DivergeOptions,
    reference: ReferenceGiven,
    variant: Variant,
    mode: CorpusMode,
    settings: EngineSettings,
    scratch: Path,
) -> CorpusJob:
    from evalkit.engine.corpus_protocol import CorpusJob
    from evalkit.store.reference_store import create_folder

    keep_in = options.save_reference
    return CorpusJob(
        reference=reference.model.path if reference.model else reference.path,
        reference_is_model=reference.model is not None,
        mode=mode,
        variant=variant.path,
        text=options.text,
        n_ctx=options.n_ctx,
        n_chunks=options.chunks,
        n_side_by_side=max(1, options.batch_size // options.n_ctx),
        keep_in=create_folder(keep_in) if keep_in is not None else None,
        settings=settings,
        log_path=scratch / "diverge.log",
    )


def _read(engine: ChildEngine, job: CorpusJob) -> tuple[CorpusPlan, CorpusPositions]:
    from evalkit.engine.corpus_protocol import CorpusChunk, CorpusPlan
    from evalkit.measure.corpus import joined
    from evalkit.records.errors import EngineError

    plan: CorpusPlan | None = None
    chunks: list[CorpusPositions] = []
    with _progress() as advance:
        for event in engine.read_corpus(job):
            if isinstance(event, CorpusPlan):
                plan = event
            elif isinstance(event, CorpusChunk) and plan is not None:
                chunks.append(event.positions)
                advance(len(chunks), plan.n_chunks)
    if plan is None or len(chunks) != plan.n_chunks:
        raise EngineError("the child process ended as if it had finished; chunks are missing.")
    return plan, joined(chunks)


def _finish_store(options: DivergeOptions, model: Variant, plan: CorpusPlan, engine: ChildEngine) -> None:
    from evalkit import __version__
    from evalkit.cli.diverge_models import stored_reference
    from evalkit.records.reference_store import TextStore
    from evalkit.store.reference_store import write_store

    store = TextStore(
        reference=stored_reference(model),
        tokens_hash=plan.tokens_hash,
        n_ctx=options.n_ctx,
        n_chunks=plan.n_chunks,
        build=engine.build(),
        evalkit_version=__version__,
    )
    if options.save_reference is not None:
        write_store(options.save_reference, store)
        click.echo(f"store: {options.save_reference}", err=True)


@contextmanager
def _progress() -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("chunks", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
