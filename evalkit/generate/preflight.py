"""Finds out before anything long what this machine can do: GPU layers, and kernels that survive the weights.

Some builds of llama.cpp crash in their kernels for repacked weights (AMX tiles compiled by gcc before 13.2.1). Then
every variant takes the safe path: the two paths' logits differ enough to change tokens, so none may take the other.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from evalkit.engine.protocol import Engine, VariantJob
from evalkit.records.decoding import CARD_DECODING
from evalkit.records.errors import EngineCrashError, EngineError
from evalkit.records.family import Variant
from evalkit.records.generation import Cell
from evalkit.records.run import EngineSettings
from evalkit.records.suite import Suite


def choose_kernels(engine: Engine, settings: EngineSettings, reference: Variant) -> EngineSettings:
    """The settings as they are, or without repacked weights where only that survives.

    Where neither does, or the file is refused, the settings stay: the reference's own job will tell its cause.
    """
    with tempfile.TemporaryDirectory() as scratch:
        job = _smoke_job(settings, reference, Path(scratch))
        try:
            engine.smoke(job)
        except EngineCrashError:
            safe = replace(settings, repack_weights=False)
            return safe if _survives(engine, replace(job, settings=safe)) else settings
        except EngineError:
            pass
        return settings


def fit_gpu_layers(engine: Engine, settings: EngineSettings, reference: Variant, suite: Suite) -> EngineSettings:
    """The settings with as many layers on the GPU as its free memory holds; none where the build has no GPU.

    The answer holds for all variants: layers on another device mean other kernels, and other tokens.
    Where the file is refused, the settings stay: the reference's own job will tell its cause.
    """
    if not engine.build().gpu_offload:
        return replace(settings, n_gpu_layers=0)
    with tempfile.TemporaryDirectory() as scratch:
        cells = tuple(Cell(label=reference.label, prompt_id=one.id, regeneration_index=0) for one in suite.prompts)
        job = replace(_smoke_job(settings, reference, Path(scratch)), suite=suite, cells=cells)
        try:
            return replace(settings, n_gpu_layers=engine.fit_gpu_layers(job))
        except EngineError:
            return settings


def _survives(engine: Engine, job: VariantJob) -> bool:
    try:
        engine.smoke(job)
    except EngineError:
        return False
    return True


def _smoke_job(settings: EngineSettings, reference: Variant, scratch: Path) -> VariantJob:
    return VariantJob(
        label=reference.label,
        path=reference.path,
        payload_hash=reference.payload_hash,
        suite=Suite(name="smoke", prompts=(), system=None, system_name=None, content_hash=""),
        decoding=CARD_DECODING,
        settings=settings,
        cells=(),
        n_regenerations=1,
        is_reference=True,
        drafts={},
        reference_folder=scratch,
        positions_folder=scratch,
        answered={},
        n_ctx_train=reference.header.n_ctx_train,
        own_template=reference.header.chat_template,
        reference_template=None,
        log_path=scratch / "smoke.log",
    )
