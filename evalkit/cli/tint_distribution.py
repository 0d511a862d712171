"""`evalkit tint --reference A.gguf --variant B.gguf`: the tint of the next-token distributions."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from evalkit.cli.engine_options import layers_or_all, threads_option

if TYPE_CHECKING:
    from evalkit.engine.child import ChildEngine
    from evalkit.measure.axis import Axis
    from evalkit.records.axis import AxisTest, TintMaterial
    from evalkit.records.family import Variant
    from evalkit.records.run import EngineSettings
    from evalkit.records.word_starts import WordStarts

Command = TypeVar("Command", bound=Callable[..., Any])

UNIT = "words per 1,000 tokens"
NO_VERDICT = 4
"""Exit code: the data allow none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionOptions:
    """What two models are compared on."""

    reference: Path
    variant: Path
    contexts: Path | None
    axis: str | None
    threads: int | None
    n_gpu_layers: int | None


def distribution_options(command: Command) -> Command:
    """The options of this mode; none of them is meant for texts."""
    for option in (
        click.option("-ngl", "--n-gpu-layers", type=int, help="Layers on the GPU [default: all, where there is one]."),
        threads_option,
        click.option("--axis", metavar="NAME=DIR_A,DIR_B", help="Another axis than horror: two folders of .txt files."),
        click.option(
            "--contexts", type=click.Path(path_type=Path, file_okay=False),
            help="Folder of .txt files that both models read [default: 24 neutral and 24 dark passages].",
        ),
        click.option("--variant", type=click.Path(path_type=Path, dir_okay=False), help="GGUF that is judged."),
        click.option("--reference", type=click.Path(path_type=Path, dir_okay=False), help="GGUF it is judged by."),
    ):  # fmt: skip
        command = option(command)
    return command


def options_of(options: dict[str, Any]) -> DistributionOptions | None:
    """Take this mode's options out of `options`; None when the user did not ask for it.

    Raises:
        UsageError: one of the two models is missing.
    """
    from evalkit.records.errors import UsageError

    own = {name: options.pop(name) for name in DistributionOptions.__slots__}
    if all(value is None for value in own.values()):
        return None
    if own["reference"] is None or own["variant"] is None:
        raise UsageError("Two models are compared: give both --reference A.gguf and --variant B.gguf.")
    return DistributionOptions(**own)


def execute(options: DistributionOptions, *, as_json: bool) -> int:
    """Compare the two models' next tokens; the exit code: 4 where no comparison is possible."""
    from evalkit.analyse.axis_test import compare_tints, make_ruler
    from evalkit.cli.diverge_models import open_model, open_reference
    from evalkit.cli.tint_inputs import read_axis, read_contexts
    from evalkit.engine.child import ChildEngine
    from evalkit.measure.axis import horror_texts, learn_axis, shipped_contexts
    from evalkit.records.axis import TintMaterial
    from evalkit.records.errors import NotMeasuredError, UsageError

    own = read_contexts(options.contexts) if options.contexts else ()
    axis = learn_axis(read_axis(options.axis) if options.axis else horror_texts())
    # The reference reads the shipped contexts in any case: a user's few do not show its main axes.
    by_reference, by_variant = (*own, *shipped_contexts()), own or shipped_contexts()
    variant = open_model(str(options.variant), "--variant")
    reference = open_reference(str(options.reference), variant).model
    if reference is None:
        raise UsageError(f"--reference {options.reference} is not a GGUF: the model itself is read here.")
    engine = ChildEngine()
    settings = _settings(options, engine, reference)
    with tempfile.TemporaryDirectory() as scratch:
        first, second = (
            _read(engine, model, settings, TintMaterial(forms=axis.forms, contexts=contexts), Path(scratch) / name)
            for name, model, contexts in (("reference", reference, by_reference), ("variant", variant, by_variant))
        )
    try:
        test = compare_tints(first, second, make_ruler(first, axis))
    except NotMeasuredError as reason:
        click.echo(f"evalkit: {reason}", err=True)
        return NO_VERDICT
    _show(test, axis, options, as_json=as_json)
    return 0


def _settings(options: DistributionOptions, engine: ChildEngine, reference: Variant) -> EngineSettings:
    from evalkit.cli.machine import n_usable_cores
    from evalkit.generate.preflight import choose_kernels
    from evalkit.records.run import EngineSettings

    asked = EngineSettings(
        n_threads=options.threads or n_usable_cores(), n_gpu_layers=layers_or_all(engine, options.n_gpu_layers)
    )
    return choose_kernels(engine, asked, reference)


def _read(
    engine: ChildEngine, model: Variant, settings: EngineSettings, material: TintMaterial, scratch: Path
) -> WordStarts:
    from evalkit.engine.protocol import ReadContexts, TintJob
    from evalkit.records.axis import TintReading
    from evalkit.records.errors import EngineError
    from evalkit.report.visible import visible
    from evalkit.store.word_starts import read_word_starts

    scratch.mkdir()
    reading = TintReading(material=material, folder=scratch / "tint")
    job = TintJob(label=model.label, path=model.path, settings=settings, tint=reading, log_path=scratch / "log")
    try:
        for event in engine.read_tint(job):
            if isinstance(event, ReadContexts) and sys.stderr.isatty():
                click.echo(f"\r{visible(model.label)}: {event.n_read}/{event.n_contexts} contexts", err=True, nl=False)
    except EngineError as error:
        raise EngineError(f"{model.path.name}: {error}") from error
    click.echo(f"{chr(13) if sys.stderr.isatty() else ''}{visible(model.label)}: read", err=True)
    read = read_word_starts([reading.contexts_path])
    if read is None:
        raise EngineError(f"{model.path.name}: the child process left nothing.")
    return read


def _show(test: AxisTest, axis: Axis, options: DistributionOptions, *, as_json: bool) -> None:
    from evalkit.report.visible import visible

    verdict = verdict_words(test, axis)
    if as_json:
        document = {
            "axis": axis.texts.name, "reference": str(options.reference), "variant": str(options.variant),
            "delta": test.delta, "low": test.low, "high": test.high, "p": test.p, "z": test.z, "verdict": verdict,
            "unit": f"{axis.texts.name} {UNIT}", "n_positions": test.n_positions, "n_contexts": test.n_contexts,
            "reference_rate": test.reference_rate, "raw_delta": test.raw_delta, "by_group": test.by_group,
            "smallest_detectable": test.smallest_detectable, "null_standard_error": test.null_standard_error,
        }  # fmt: skip
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    name = visible(axis.texts.name)
    for line in (
        f"{visible(options.variant.name)} against {visible(options.reference.name)}: {visible(verdict)}",
        f"  {test.delta:+.2f} {name} {UNIT} ({test.low:+.2f} to {test.high:+.2f}), p {test.p:.2g}",
        f"  the reference expects {test.reference_rate:.1f}; a difference of {test.smallest_detectable:.2f} would be "
        "found 4 times in 5",
        "  " + ", ".join(f"{visible(group)} contexts {delta:+.2f}" for group, delta in test.by_group.items()),
        f"  {test.n_positions:,} positions in {test.n_contexts} contexts; before the reference's main axes are taken "
        f"out {test.raw_delta:+.2f}",
    ):
        click.echo(line)


def verdict_words(test: AxisTest, axis: Axis) -> str:
    """`darker`, `lighter` or `cannot be told apart`."""
    from evalkit.records.axis import AxisVerdict

    words = {AxisVerdict.MORE: axis.texts.more, AxisVerdict.LESS: axis.texts.less}
    return words.get(test.verdict(test.p), "cannot be told apart")
