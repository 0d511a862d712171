"""What was asked of a run, and on what it ran."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from evalkit.records.decoding import Decoding
from evalkit.records.family import Family, Variant
from evalkit.records.suite import Suite
from evalkit.records.tint_reader import TintMethod

SCHEMA_VERSION = 1


class RegenMode(StrEnum):
    """How the regenerations of an answer are made."""

    FAST = "fast"
    """Parallel streams, then verification on a fresh memory; see `engine/fast.py`."""
    PLAIN = "plain"
    """One after another, one row at a time, memory cleared before each: equals plain llama.cpp."""
    WARM = "warm"
    """Plain, and one answer more as a chat app with prefix reuse would have printed it."""


class TintContexts(StrEnum):
    """What the tint in the distribution is measured on beside the reference's answers. It moves no answer."""

    SHIPPED = "shipped"
    """The neutral and dark passages that come with evalkit."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowClass:
    """Row counts per batch between which every row's logits are the same to the bit."""

    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """llama.cpp settings that may move a figure; one record for all variants of a run."""

    n_threads: int
    n_batch: int = 512
    n_ubatch: int = 512
    n_gpu_layers: int = 0
    flash_attention: bool = True
    repack_weights: bool = True
    """llama.cpp's extra buffer types (repacked weights, AMX); off is the safe path where their kernels crash."""
    full_window_cache: bool = True
    """Keep KV memory beyond a sliding window, so that a sequence can be cut back; llama-perplexity does not."""
    regen_mode: RegenMode = RegenMode.FAST
    stall_timeout_s: float = 600.0
    """A child that reports no progress for so long is taken for hung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineBuild:
    """The program that computed the logits."""

    llama_cpp_python: str
    system_info: str
    """llama.cpp's own line of compiled-in CPU and GPU features."""
    library_hash: str
    """sha256 of the shared libraries that were loaded, hex."""
    gpu_offload: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where the run happened."""

    os: str
    cpu: str
    n_cores: int
    python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Everything that decides a run's tokens and figures; built once by the command line and handed down."""

    family: Family
    suite: Suite
    decoding: Decoding
    engine: EngineSettings
    n_regenerations: int
    """Answers from cleared memory per (variant, prompt)."""
    reference_store: str | None = None
    """sha256 of the `store.json` from which the reference's answers and distributions come; None: from its weights."""
    tint_contexts: TintContexts = TintContexts.SHIPPED
    unrounded: Variant | None = None
    """The model before it was quantised, where the user has it: `--source`."""

    @property
    def n_answers_per_prompt(self) -> int:
        """The regenerations, and the warm answer where one is asked for."""
        return self.n_regenerations + (self.engine.regen_mode is RegenMode.WARM)

    @property
    def n_cells(self) -> int:
        """Answers in all."""
        return len(self.family.variants) * len(self.suite.prompts) * self.n_answers_per_prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportConfig:
    """A run of texts that were made elsewhere: no model, no engine, one text per variant and prompt."""

    family: Family
    suite: Suite
    imported_from: Path
    """The folder or table that held the texts."""

    @property
    def n_regenerations(self) -> int:
        """One: a text says nothing of whether it would come out again."""
        return 1

    @property
    def n_cells(self) -> int:
        """Texts that a full import would have."""
        return len(self.family.variants) * len(self.suite.prompts)


class RunStatus(StrEnum):
    """How far a run got."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    FAILED_VARIANTS = "failed-variants"
    """Finished, but at least one variant has not all of its answers."""
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One run's `manifest.json`."""

    run_id: str
    fingerprint: str
    """sha256 over all that decides the tokens; the same command finds its unfinished run by it."""
    created_utc: str
    evalkit_version: str
    command: tuple[str, ...]
    status: RunStatus
    config: RunConfig | ImportConfig
    build: EngineBuild | None
    """None for texts that were made elsewhere."""
    machine: Machine
    tint_method: TintMethod = TintMethod.FULL
    """How the tint of the texts was read when the run was last scored."""
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPaths:
    """Where the products of one run lie."""

    results: Path
    reports: Path
