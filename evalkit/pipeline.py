"""A run from beginning to end: the one place where the stages meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from evalkit import __version__
from evalkit.engine.protocol import Engine
from evalkit.generate.fingerprint import run_fingerprint
from evalkit.generate.run import Listener, generate_answers
from evalkit.generate.unrounded import read_unrounded
from evalkit.imports.compose import Import
from evalkit.records.axis import AxisTest
from evalkit.records.divergence import DivergenceAnalysis
from evalkit.records.errors import NotMeasuredError, RunFolderError
from evalkit.records.positions import PositionScores
from evalkit.records.run import ImportConfig, Machine, Manifest, RunConfig, RunStatus
from evalkit.records.run_data import RunData
from evalkit.records.scores import Score
from evalkit.records.tint_reader import TintReader
from evalkit.store.run_folder import RunFolder
from evalkit.store.runs import find_run

NO_MODEL = "The texts were made elsewhere: there is no model to compare."

Outcomes = dict[str, AxisTest | NotMeasuredError]
"""Per label the test of its next tokens, or why there is none."""


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


def import_run(imported: Import, root: Path, occasion: Occasion) -> RunFolder:
    """A new run folder with texts that were made elsewhere, ready to be scored."""
    manifest = Manifest(
        run_id=f"{occasion.now_utc:%Y%m%dT%H%M%SZ}-{imported.fingerprint[:8]}",
        fingerprint=imported.fingerprint,
        created_utc=f"{occasion.now_utc:%Y-%m-%dT%H:%M:%SZ}",
        evalkit_version=__version__,
        command=occasion.command,
        status=RunStatus.RUNNING,
        config=imported.config,
        build=None,
        machine=occasion.machine,
    )
    folder = RunFolder.create(root, manifest)
    with folder.locked():
        for generation in imported.generations:
            folder.append_generation(generation)
    return folder


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
    from evalkit.measure.axis import horror_material

    config = folder.read_manifest().config
    if isinstance(config, ImportConfig):
        raise RunFolderError(f"{folder.path} holds texts that were made elsewhere: there is nothing to generate in it.")
    with folder.locked():
        try:
            tint = horror_material(config.tint_contexts)
            generate_answers(config, folder, engine, listener, tint)
            read_unrounded(config, folder, engine, listener, tint)
        except BaseException:
            folder.set_status(RunStatus.INTERRUPTED)
            raise


def score_run(folder: RunFolder, reader: TintReader) -> None:
    """Measure every answer and summarise; needs no GGUF."""
    from evalkit.analyse.distribution_tint import (
        distribution_figures,
        distribution_notes,
        distribution_scores,
        judge_distributions,
        source_tint_notes,
    )
    from evalkit.analyse.divergence import divergence_notes
    from evalkit.analyse.quantiles import pooled_kl_quantiles
    from evalkit.analyse.summary import summarise
    from evalkit.analyse.text_tree import build_text_tree
    from evalkit.measure.answers import measure_answers
    from evalkit.measure.meaning import text_reader
    from evalkit.measure.positions import divergence_scores, no_divergence
    from evalkit.measure.text_pairs import text_pair_distances

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
        read_texts=text_reader(reader),
    )
    is_imported = isinstance(manifest.config, ImportConfig)
    positions = folder.read_positions()
    divergence = (
        no_divergence(labels, prompt_ids, NO_MODEL)
        if is_imported
        else divergence_scores(positions, labels=labels, prompt_ids=prompt_ids, reference_label=family.reference.label)
    )
    unrounded, of_source = _compare_with_unrounded(folder)
    outcomes, against_source = _compare_next_tokens(folder)
    tints = judge_distributions(outcomes)
    distribution = distribution_scores(outcomes, prompt_ids)
    by_label = distribution_figures(outcomes)
    pooled = {label: by_label.get(label, {}) | of_kl for label, of_kl in pooled_kl_quantiles(positions).items()}
    measurement, summary = summarise(
        replace(
            measurement,
            scores=(*measurement.scores, *divergence, *unrounded, *distribution),
            tint_method=reader.method,
        ),
        labels=labels,
        prompt_ids=prompt_ids,
        reference_label=family.reference.label,
        pooled=by_label | pooled,
        claims=family.claims,
        distribution=tints,
    )
    analysis = None if is_imported else _analyse_divergence(folder, positions)
    text_tree = build_text_tree(text_pair_distances(folder.read_generations(), labels), labels)
    of_tint = (
        *distribution_notes(tints, family.reference.label),
        *source_tint_notes(judge_distributions(against_source)),
    )
    of_divergence = () if analysis is None else divergence_notes(analysis)
    summary = replace(summary, notes=(*of_divergence, *of_tint, *of_source, *summary.notes))
    with folder.locked():
        if analysis is not None:
            folder.write_divergence(analysis)
        if text_tree is not None:
            folder.write_text_tree(text_tree)
        folder.write_measurement(measurement, summary)


def _compare_with_unrounded(folder: RunFolder) -> tuple[tuple[Score, ...], tuple[str, ...]]:
    """Every variant's distance from the unrounded model, and whether it moved or the reference did."""
    from evalkit.analyse.table import FigureTable
    from evalkit.analyse.unrounded import unrounded_notes
    from evalkit.measure.unrounded import NO_SOURCE, NOT_READ, STORED, unrounded_scores

    config = folder.read_manifest().config
    if isinstance(config, ImportConfig):
        return (), ()
    reference = config.family.reference.label
    labels = tuple(variant.label for variant in config.family.variants)
    prompt_ids = tuple(prompt.id for prompt in config.suite.prompts)
    has_source = config.unrounded is not None
    reasons = dict.fromkeys(labels, NOT_READ if has_source else NO_SOURCE)
    if has_source and config.reference_store is not None:
        reasons[reference] = STORED
    positions = folder.read_unrounded_positions() if has_source else ()
    scores = unrounded_scores(positions, labels=labels, prompt_ids=prompt_ids, reasons=reasons)
    table = FigureTable.of(scores, labels=labels, prompt_ids=prompt_ids, reference_label=reference)
    return scores, unrounded_notes(table, has_source=has_source)


def _compare_next_tokens(folder: RunFolder) -> tuple[Outcomes, Outcomes]:
    """What each variant expects to write against what the reference does, and all against the unrounded model."""
    from evalkit.analyse.distribution_tint import compare_variants
    from evalkit.measure.axis import horror_texts, learn_axis

    config = folder.read_manifest().config
    family = config.family
    if isinstance(config, ImportConfig):
        return {variant.label: NotMeasuredError(NO_MODEL) for variant in family.others}, {}
    axis, reference = learn_axis(horror_texts()), folder.read_word_starts(family.reference)
    readings = {variant.label: folder.read_word_starts(variant) for variant in family.others}
    source = folder.read_unrounded_word_starts()
    everyone = {family.reference.label: reference} | readings
    against_source = compare_variants(source, everyone, axis) if source is not None else {}
    return compare_variants(reference, readings, axis), against_source


def _analyse_divergence(folder: RunFolder, positions: tuple[PositionScores, ...]) -> DivergenceAnalysis:
    """Forks, profiles and the family's distances; the pairs are compared one prompt at a time, which bounds memory."""
    from evalkit.analyse.divergence import analyse_divergence
    from evalkit.measure.partition import family_distance_nats, pair_distances

    config = folder.read_manifest().config
    reference = config.family.reference.label
    by_pair: dict[tuple[str, str], dict[str, float]] = {}
    noise_by_prompt = {}
    for prompt in config.suite.prompts:
        parts = folder.read_parts(prompt.id)
        noise = parts.pop(reference, None)
        if noise is not None and len(noise[0]):
            noise_by_prompt[prompt.id] = family_distance_nats(*noise)
        for pair, distance in pair_distances(parts, reference).items():
            by_pair.setdefault(pair, {})[prompt.id] = distance
    return analyse_divergence(
        positions,
        folder.read_generations(),
        by_pair,
        noise_by_prompt,
        labels=tuple(variant.label for variant in config.family.variants),
        prompt_ids=tuple(prompt.id for prompt in config.suite.prompts),
        reference_label=reference,
    )


def settle_status(folder: RunFolder) -> RunStatus:
    """Finished, with or without failed variants; a scoring pass that the answers contradict has failed, too."""
    analysis = folder.read_divergence()
    has_failed = folder.read_failures() or (analysis is not None and analysis.contradictions)
    status = RunStatus.FAILED_VARIANTS if has_failed else RunStatus.COMPLETE
    with folder.locked():
        folder.set_status(status)
    return status


def report_run(
    folder: RunFolder, reports: Path, *, page: Path | None = None, other: RunFolder | None = None
) -> tuple[RunData, Path]:
    """Write the HTML report of a scored run, at `page` where it is given; returns the run and the report's path.

    `other` is the run that it is set beside.
    """
    from evalkit.report.html import write_report
    from evalkit.store.gate_files import read_decision

    run = replace(folder.read_data(), decision=read_decision(folder.decision_path))
    path = page or reports / run.manifest.run_id / "index.html"
    write_report(run, path, other.read_data() if other else None)
    return run, path
