"""What an engine promises to the run: a job in, events out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evalkit.records.axis import TintReading
from evalkit.records.decoding import Decoding
from evalkit.records.generation import Cell, Generation
from evalkit.records.run import EngineBuild, EngineSettings, RowClass
from evalkit.records.suite import Suite


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantJob:
    """All that one child process has to do: some cells of one variant."""

    label: str
    path: Path
    payload_hash: str
    suite: Suite
    decoding: Decoding
    settings: EngineSettings
    cells: tuple[Cell, ...]
    n_regenerations: int
    is_reference: bool
    drafts: dict[str, tuple[int, ...]]
    """Per prompt id the reference's answer; empty for the reference itself."""
    reference_folder: Path
    """Per prompt id an `.npz` with the reference's distributions: written by the reference, read by the others."""
    positions_folder: Path
    """Receives per prompt id an `.npz` with this variant's distance from them, position by position."""
    answered: dict[str, tuple[int, ...]]
    """Per prompt id this variant's first answer, where an earlier, interrupted job has made it."""
    n_ctx_train: int | None
    own_template: str | None
    reference_template: str | None
    """Used where the variant's own file has none."""
    log_path: Path
    """Receives all that the child and llama.cpp write to stderr."""
    tint: TintReading | None = None
    """What is recorded for the tint in the distribution; None where it is not asked for."""
    row_class: RowClass | None = None
    """Proven earlier in this run with a file of the same tensor types; where None, the child probes for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TintJob:
    """One model, read on contexts and on nothing else."""

    label: str
    path: Path
    settings: EngineSettings
    tint: TintReading
    log_path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContexts:
    """So many of the contexts for the tint are read."""

    label: str
    n_read: int
    n_contexts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """The weights are being read."""

    label: str
    fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The model answers from now on."""

    label: str
    load_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Batches of so many rows give the same bits on this machine with this model."""

    label: str
    row_class: RowClass


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuFit:
    """Layers that fit the GPU's free memory, as `-ngl` counts them."""

    n_gpu_layers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack:
    """The fast way is not exact here, so the variant is answered in the plain way."""

    label: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """A sign of life from one answer in the making."""

    cell: Cell
    n_tokens: int


Event = Loading | Ready | ReadContexts | Proven | FellBack | Advanced | Generation


class Engine(Protocol):
    """Runs jobs one at a time."""

    def build(self) -> EngineBuild:
        """The program that will compute the logits."""

    def smoke(self, job: VariantJob) -> None:
        """Try whether the job's model can be loaded and decoded with the job's settings.

        Raises:
            EngineCrashError: the child was killed by a signal.
            EngineError: the model was refused.
        """

    def fit_gpu_layers(self, job: VariantJob) -> int:
        """Layers of the job's model, as `-ngl` counts them, that fit the GPU's free memory together with its KV.

        Raises:
            EngineError: the model was refused.
        """

    def run(self, job: VariantJob) -> Iterator[Event]:
        """Do a job's cells in their order; closing the iterator stops the work at once.

        Raises:
            EngineError: the child crashed, hung, ran out of memory or refused the file. What it
                yielded before stays valid.
        """

    def read(self, job: VariantJob) -> Iterator[Event]:
        """Read the job's drafts with its model, which answers nothing itself.

        A reference's distributions along them go to the job's reference folder; another model is measured against the
        distributions that lie there, and its positions go to the positions folder.

        Raises:
            EngineError: the child crashed, hung, ran out of memory or refused the file.
        """
