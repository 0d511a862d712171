"""A text read with two models at once: the job that goes in, the events that come out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evalkit.records.corpus import CorpusMode, CorpusPositions
from evalkit.records.run import EngineSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusJob:
    """All that the child process has to do: read a text, chunk by chunk, and compare."""

    reference: Path
    """A GGUF, a folder of `.npz` chunks that an earlier job kept, or a file of llama-perplexity's logits."""
    mode: CorpusMode
    reference_is_model: bool
    variant: Path
    text: Path
    n_ctx: int
    n_chunks: int | None
    """None for as many as the text has."""
    n_side_by_side: int
    """Chunks that are read at once."""
    keep_in: Path | None
    """Receives the reference's distributions, one `.npz` per chunk."""
    settings: EngineSettings
    log_path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusPlan:
    """The text is tokenised."""

    n_tokens: int
    n_chunks: int
    tokens_hash: str
    """sha256 over the ids of all tokens that are read, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusChunk:
    """One chunk was read and compared."""

    index: int
    positions: CorpusPositions
