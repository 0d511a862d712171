"""Does a run's missing cells, one variant after another, and keeps each answer as it arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

from evalkit.engine.protocol import Engine, Event, Proven, VariantJob
from evalkit.generate.prefetch import prefetch
from evalkit.records.axis import TintMaterial, TintReading
from evalkit.records.errors import EngineError
from evalkit.records.family import FailedVariant, Role, Variant
from evalkit.records.generation import Cell, Generation, Method
from evalkit.records.run import EngineSettings, RegenMode, RowClass, RunConfig
from evalkit.store.run_folder import RunFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is about to be done, of how much in all."""

    n_done: int
    n_cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantFailed:
    """One variant is given up; the run goes on."""

    failure: FailedVariant


Listener = Callable[[Event | Planned | VariantFailed], None]
TensorTypes = tuple[tuple[str, int], ...]


def plan_cells(config: RunConfig) -> tuple[Cell, ...]:
    """Every cell of a run in its order.

    Variants are outermost: opening a GGUF costs seconds, one more prompt costs little. The reference goes first,
    since all others are measured against it.
    """
    variants = sorted(config.family.variants, key=lambda variant: variant.role is not Role.REFERENCE)
    return tuple(
        Cell(label=variant.label, prompt_id=prompt.id, regeneration_index=index)
        for variant in variants
        for prompt in config.suite.prompts
        for index in range(config.n_answers_per_prompt)
    )


def generate_answers(
    config: RunConfig, folder: RunFolder, engine: Engine, listener: Listener, tint: TintMaterial | None = None
) -> None:
    """Do what is missing; every finished answer is on the disk before the next begins.

    Args:
        tint: what every model's expectations are recorded on besides; None records nothing.
    """
    folder.prepare_to_append(config.family.variants)
    cells = plan_cells(config)
    done = {generation.cell for generation in folder.read_generations()}
    listener(Planned(n_done=sum(cell in done for cell in cells), n_cells=len(cells)))
    by_label = {variant.label: variant for variant in config.family.variants}
    missing = [cell for cell in cells if cell not in done]
    labels = list(dict.fromkeys(cell.label for cell in missing))
    # A row class is a matter of processor, build and tensor types: siblings need not ask again.
    proven: dict[TensorTypes, RowClass] = {}
    for label, following in zip_longest(labels, labels[1:]):
        if following is not None:
            prefetch(by_label[following].path)
        own = tuple(cell for cell in missing if cell.label == label)
        types = by_label[label].header.tensor_types
        reading = TintReading(material=tint, folder=folder.tint_folder(by_label[label])) if tint else None
        job = replace(_job(config, folder, by_label[label], own), row_class=proven.get(types), tint=reading)
        for event in _answer_variant(job, folder, engine, listener):
            if isinstance(event, Proven):
                proven[types] = event.row_class


def _answer_variant(job: VariantJob, folder: RunFolder, engine: Engine, listener: Listener) -> Iterator[Event]:
    try:
        for event in _keeping_generations(engine.run(job), folder):
            listener(event)
            yield event
    except EngineError as error:
        failure = FailedVariant(label=job.label, path=job.path, cause=str(error))
        folder.append_failure(failure)
        listener(VariantFailed(failure=failure))


def _keeping_generations(events: Iterable[Event], folder: RunFolder) -> Iterable[Event]:
    for event in events:
        if isinstance(event, Generation):
            folder.append_generation(event)
        yield event


def _job(config: RunConfig, folder: RunFolder, variant: Variant, cells: tuple[Cell, ...]) -> VariantJob:
    first_answers = [one for one in folder.read_generations() if one.regeneration_index == 0]
    reference = config.family.reference
    of_reference = [one for one in first_answers if one.label == reference.label]
    return VariantJob(
        label=variant.label,
        path=variant.path,
        payload_hash=variant.payload_hash,
        suite=config.suite,
        decoding=config.decoding,
        settings=_as_the_reference(config.engine, of_reference),
        cells=cells,
        n_regenerations=config.n_regenerations,
        is_reference=variant is reference,
        drafts={one.prompt_id: one.token_ids for one in of_reference if variant is not reference},
        answered={one.prompt_id: one.token_ids for one in first_answers if one.label == variant.label},
        n_ctx_train=variant.header.n_ctx_train,
        own_template=variant.header.chat_template,
        reference_template=reference.header.chat_template,
        reference_folder=folder.reference_folder,
        positions_folder=folder.positions_folder(variant),
        log_path=folder.log_folder / f"{variant.payload_hash[:16]}.log",
    )


def _as_the_reference(settings: EngineSettings, of_reference: list[Generation]) -> EngineSettings:
    """Where the reference had to be answered in the plain way, so are all: other kernels are no other author."""
    fell_back = settings.regen_mode is RegenMode.FAST and any(one.method is Method.SEQUENTIAL for one in of_reference)
    return replace(settings, regen_mode=RegenMode.PLAIN) if fell_back else settings
