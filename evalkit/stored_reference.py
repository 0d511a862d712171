"""A run's reference leaves for a store, and comes back from one: where run folders, stores and engines' arrays meet."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from evalkit import __version__
from evalkit.records.errors import ReferenceStoreError
from evalkit.records.family import FamilyWarning, Role, Variant, WarningKind
from evalkit.records.generation import Generation
from evalkit.records.reference_store import AnswerStore, StoredFile, StoredReference
from evalkit.records.run import EngineBuild, EngineSettings, ImportConfig, RunConfig
from evalkit.records.suite import Suite
from evalkit.store.reference_store import (
    ANSWERS_FILE,
    copy_arrays,
    create_folder,
    read_answer_store,
    read_answers,
    sha256_of,
    write_answers,
    write_store,
)
from evalkit.store.run_folder import RunFolder

WAY_SETTINGS = ("flash_attention", "regen_mode")
"""Settings of the engine that are the user's to choose, and make another question."""

KERNEL_SETTINGS = ("repack_weights", "n_gpu_layers")
"""Settings of the engine that follow the machine, and make other kernels."""


def export_reference(run: RunFolder, folder: Path) -> AnswerStore:
    """Write the store of a run's reference: its answers, the distributions along them, and its noise.

    Raises:
        ReferenceStoreError: the run was imported, or its reference has not all of its answers and distributions.
    """
    manifest = run.read_manifest()
    config = manifest.config
    if isinstance(config, ImportConfig) or manifest.build is None:
        raise ReferenceStoreError("imported texts have no distributions. Run the models: evalkit run --models ...")
    reference = config.family.reference
    answers = [one for one in run.read_generations() if one.label == reference.label]
    _check_whole(config, answers, run)
    create_folder(folder)
    write_answers(folder, answers)
    files = [StoredFile(path=ANSWERS_FILE, sha256=sha256_of(folder / ANSWERS_FILE), n_positions=0, error_bound_nats=0)]
    for prompt in config.suite.prompts:
        for source in (run.reference_folder, run.positions_folder(reference)):
            files += _copied(source / f"{prompt.id}.npz", folder)
    store = AnswerStore(
        reference=StoredReference(
            label=reference.label,
            file_name=reference.path.name,
            payload_hash=reference.payload_hash,
            header=reference.header,
        ),
        suite=config.suite,
        decoding=config.decoding,
        engine=config.engine,
        n_regenerations=config.n_regenerations,
        files=tuple(files),
        build=manifest.build,
        evalkit_version=__version__,
    )
    write_store(folder, store)
    return store


def as_variant(stored: StoredReference) -> Variant:
    """The reference as a member of its family; its path is a name only, since the weights are elsewhere."""
    return Variant(
        label=stored.label,
        path=Path(stored.file_name),
        role=Role.REFERENCE,
        source=stored.header,
        payload_hash=stored.payload_hash,
    )


def check_same_question(store: AnswerStore, config: RunConfig) -> None:
    """Raise with everything in which the store's run differs from the one that is asked for.

    Raises:
        ReferenceStoreError: another suite, decoding, number of regenerations or way to answer.
    """
    differences = list(_differences(store, config))
    if differences:
        listed = "\n".join(f"  {line}" for line in differences)
        raise ReferenceStoreError(
            f"the reference store is of another run:\n{listed}\nGive the options that it was made with."
        )


def kernel_warnings(store: AnswerStore, build: EngineBuild, settings: EngineSettings) -> tuple[FamilyWarning, ...]:
    """That other kernels made the reference's distributions, where they may have."""
    pairs = _pairs(asdict(store.engine), asdict(settings), KERNEL_SETTINGS)
    if store.build == build and all(theirs == ours for _, theirs, ours in pairs):
        return ()
    label = store.reference.label
    message = (
        f"{label}'s answers come from its store, which another build or machine computed. Other kernels alone move a "
        f"divergence by about as much as the noise beside {label}, and may move the token at which an answer forks."
    )
    return (FamilyWarning(kind=WarningKind.NOTICE, labels=(label,), message=message),)


def adopt_reference(run: RunFolder, folder: Path) -> None:
    """Put the store's answers and arrays into a run folder, as if the reference had been run there; once."""
    store = read_answer_store(folder)
    with run.locked():
        known = {generation.cell for generation in run.read_generations()}
        copy_arrays(folder, store, run.path)
        for answer in read_answers(folder):
            if answer.label == store.reference.label and answer.cell not in known:
                run.append_generation(answer)


def _check_whole(config: RunConfig, answers: list[Generation], run: RunFolder) -> None:
    n_needed = len(config.suite.prompts) * config.n_answers_per_prompt
    without = [one.id for one in config.suite.prompts if not (run.reference_folder / f"{one.id}.npz").is_file()]
    if len(answers) < n_needed or without:
        label = config.family.reference.label
        raise ReferenceStoreError(
            f"{label} has {len(answers)} of {n_needed} answers in this run, and no distributions for {len(without)} of "
            f"{len(config.suite.prompts)} prompts. Finish the run first: the same command goes on."
        )


def _copied(source: Path, folder: Path) -> Iterator[StoredFile]:
    if not source.is_file():
        return  # The noise of a prompt may be missing; its figure is then not measured.
    relative = f"{source.parent.name}/{source.name}"
    target = folder / relative
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, target)
    n_positions, bound = _error_bound(target)
    yield StoredFile(path=relative, sha256=sha256_of(target), n_positions=n_positions, error_bound_nats=bound)


def _error_bound(path: Path) -> tuple[int, float]:
    """Positions and mean error bound of a file of distributions; a file of noise has none."""
    import numpy as np

    from evalkit.measure.sparse_codec import SPARSE_ARRAYS, PackedRows

    with np.load(path, allow_pickle=False) as arrays:
        if not set(SPARSE_ARRAYS) <= set(arrays.files):
            return 0, 0.0
        rows = PackedRows.of({name: arrays[name] for name in SPARSE_ARRAYS})
    bounds = [rows[index].error_bound_nats for index in range(len(rows))]
    return len(bounds), math.fsum(bounds) / len(bounds) if bounds else 0.0


def _differences(store: AnswerStore, config: RunConfig) -> Iterator[str]:
    for name, theirs, ours in (
        ("suite", _suite_words(store.suite), _suite_words(config.suite)),
        ("regenerations", store.n_regenerations, config.n_regenerations),
        *(_pairs(asdict(store.decoding), asdict(config.decoding))),
        *(_pairs(asdict(store.engine), asdict(config.engine), WAY_SETTINGS)),
    ):
        if theirs != ours:
            yield f"{name}: {theirs} in the store, {ours} here"


def _pairs(
    theirs: dict[str, object], ours: dict[str, object], names: tuple[str, ...] | None = None
) -> list[tuple[str, object, object]]:
    return [(name, theirs[name], ours[name]) for name in names or tuple(theirs)]


def _suite_words(suite: Suite) -> str:
    limits = sorted({prompt.max_tokens for prompt in suite.prompts})
    tokens = "-".join(str(limit) for limit in ([limits[0], limits[-1]] if len(limits) > 1 else limits))
    system = f", system prompt {suite.system_name}" if suite.system_name else ""
    return f"{suite.name}, {len(suite.prompts)} prompts of up to {tokens} tokens{system} ({suite.content_hash[:12]})"
