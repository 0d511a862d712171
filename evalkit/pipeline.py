"""A run from beginning to end: the one place where the stages meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from evalkit import __version__
from evalkit.engine.protocol import Engine
from evalkit.generate.fingerprint import run_fingerprint
from evalkit.generate.run import Listener, generate_answers
from evalkit.records.run import Machine, Manifest, RunConfig, RunStatus
from evalkit.records.run_data import RunData
from evalkit.store.run_folder import RunFolder, find_run


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What the command line knows of the moment: nothing below it reads the clock or the machine."""

    now_utc: datetime
    command: tuple[str, ...]
    machine: Machine


def begin_run(config: RunConfig, engine: Engine, root: Path, occasion: Occasion) -> RunFolder:
    """A new run folder."""
    build = engine.build()
    fingerprint = run_fingerprint(config, build)
    manifest = Manifest(
        run_id=f"{occasion.now_utc:%Y%m%dT%H%M%SZ}-{fingerprint[:8]}",
        fingerprint=fingerprint,
        created_utc=f"{occasion.now_utc:%Y-%m-%dT%H:%M:%SZ}",
        evalkit_version=__version__,
        command=occasion.command,
        status=RunStatus.RUNNING,
        config=config,
        build=build,
        machine=occasion.machine,
    )
    return RunFolder.create(root, manifest)


def resume_run(config: RunConfig, engine: Engine, root: Path) -> RunFolder | None:
    """The newest run of the same question on the same engine, where there is one.

    The files may have moved and others may be broken by now, so the manifest takes today's family.
    """
    folder = find_run(root, run_fingerprint(config, engine.build()))
    if folder is not None:
        with folder.locked():
            folder.write_manifest(replace(folder.read_manifest(), config=config, status=RunStatus.RUNNING))
    return folder


def generate_run(folder: RunFolder, engine: Engine, listener: Listener) -> None:
    """Make the answers that are missing.

    An interruption leaves what is finished, and says so in the manifest.
    """
    with folder.locked():
        try:
            generate_answers(folder.read_manifest().config, folder, engine, listener)
        except BaseException:
            folder.set_status(RunStatus.INTERRUPTED)
            raise


def score_run(folder: RunFolder, embedder_folder: Path | None) -> None:
    """Measure every answer and summarise; needs no GGUF. The run's status is settled with it."""
    from evalkit.analyse.summary import summarise
    from evalkit.measure.answers import measure_answers
    from evalkit.measure.embedder import find_embedder
    from evalkit.measure.positions import divergence_scores

    manifest = folder.read_manifest()
    family, suite = manifest.config.family, manifest.config.suite
    labels = tuple(variant.label for variant in family.variants)
    prompt_ids = tuple(prompt.id for prompt in suite.prompts)
    measurement = measure_answers(
        folder.read_generations(),
        suite=suite,
        labels=labels,
        reference_label=family.reference.label,
        n_regenerations=manifest.config.n_regenerations,
        embedder=find_embedder(embedder_folder),
    )
    divergence = divergence_scores(folder.read_positions(), labels=labels, prompt_ids=prompt_ids)
    measurement, summary = summarise(
        replace(measurement, scores=(*measurement.scores, *divergence)),
        labels=labels,
        prompt_ids=prompt_ids,
        reference_label=family.reference.label,
    )
    with folder.locked():
        folder.write_measurement(measurement, summary)


def settle_status(folder: RunFolder) -> RunStatus:
    """Finished, with or without failed variants."""
    status = RunStatus.FAILED_VARIANTS if folder.read_failures() else RunStatus.COMPLETE
    with folder.locked():
        folder.set_status(status)
    return status


def report_run(folder: RunFolder, reports: Path) -> tuple[RunData, Path]:
    """Write the HTML report of a scored run; returns the run and the report's path."""
    from evalkit.report.html import write_report

    run = folder.read_data()
    path = reports / run.manifest.run_id / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_report(run, path)
    return run, path
