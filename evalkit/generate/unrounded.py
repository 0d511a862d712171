"""Reads the reference's answers with the unrounded model, then with every variant beside it.

The reference is itself rounded: without its source nobody knows whether a variant moved or the reference did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from evalkit.engine.protocol import Engine, VariantJob
from evalkit.generate.run import Listener, VariantFailed
from evalkit.records.axis import TintMaterial, TintReading
from evalkit.records.errors import EngineError
from evalkit.records.family import FailedVariant, Variant
from evalkit.records.generation import Cell
from evalkit.records.run import RunConfig
from evalkit.store.run_folder import RunFolder

Answers = dict[str, tuple[int, ...]]


def read_unrounded(
    config: RunConfig, folder: RunFolder, engine: Engine, listener: Listener, tint: TintMaterial | None = None
) -> None:
    """Do what is missing; nothing where no unrounded model was given.

    A reference whose answers come from a store has no weights to be read with: it is left out.

    Args:
        tint: what the unrounded model's expectations are recorded on besides; the variants' own are there.
    """
    if config.unrounded is None:
        return
    reference = config.family.reference
    answers = {
        one.prompt_id: one.token_ids
        for one in folder.read_generations()
        if one.label == reference.label and one.regeneration_index == 0 and one.token_ids
    }
    recorded = folder.unrounded_folder
    job = _job(config, folder, config.unrounded, _missing(answers, recorded), recorded)
    reading = TintReading(material=tint, folder=folder.unrounded_tint_folder) if tint else None
    _read(replace(job, tint=reading), folder, engine, listener)
    known = {prompt_id: tokens for prompt_id, tokens in answers.items() if _file(recorded, prompt_id).is_file()}
    for variant in _readable(config):
        positions = folder.unrounded_positions_folder(variant)
        _read(_job(config, folder, variant, _missing(known, positions), positions), folder, engine, listener)


def _readable(config: RunConfig) -> Iterator[Variant]:
    for variant in config.family.variants:
        if config.reference_store is None or variant is not config.family.reference:
            yield variant


def _missing(answers: Answers, folder: Path) -> Answers:
    return {prompt_id: tokens for prompt_id, tokens in answers.items() if not _file(folder, prompt_id).is_file()}


def _file(folder: Path, prompt_id: str) -> Path:
    return folder / f"{prompt_id}.npz"


def _read(job: VariantJob, folder: RunFolder, engine: Engine, listener: Listener) -> None:
    if not job.cells:
        return
    for one in (job.reference_folder, job.positions_folder):
        one.mkdir(parents=True, exist_ok=True)
    try:
        for event in engine.read(job):
            listener(event)
    except EngineError as error:
        failure = FailedVariant(label=job.label, path=job.path, cause=str(error))
        folder.append_failure(failure)
        listener(VariantFailed(failure=failure))


def _job(config: RunConfig, folder: RunFolder, model: Variant, answers: Answers, positions: Path) -> VariantJob:
    return VariantJob(
        label=model.label,
        path=model.path,
        payload_hash=model.payload_hash,
        suite=config.suite,
        decoding=config.decoding,
        settings=config.engine,
        cells=tuple(Cell(label=model.label, prompt_id=id_, regeneration_index=0) for id_ in answers),
        n_regenerations=1,
        is_reference=model is config.unrounded,
        drafts=answers,
        answered={},
        n_ctx_train=model.header.n_ctx_train,
        own_template=model.header.chat_template,
        reference_template=config.family.reference.header.chat_template,
        reference_folder=folder.unrounded_folder,
        positions_folder=positions,
        log_path=folder.log_folder / f"{model.payload_hash[:16]}.log",
    )
