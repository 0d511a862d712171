"""What `store.json` says of a reference whose distributions were kept: who it is, on what, and by which program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalkit.records.decoding import Decoding
from evalkit.records.family import GgufHeader
from evalkit.records.run import SCHEMA_VERSION, EngineBuild, EngineSettings
from evalkit.records.suite import Suite


class StoreKind(StrEnum):
    """What the distributions lie along."""

    ANSWERS = "answers"
    """The reference's own answers to a suite."""
    TEXT = "text"
    """A text's chunks, as `evalkit diverge` reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file of a store."""

    path: str
    """Relative to `store.json`, with forward slashes."""
    sha256: str
    n_positions: int
    error_bound_nats: float
    """Mean over the positions of how far a KL divergence may lie below the true one (`measure/divergence.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReference:
    """The model whose distributions were kept; its weights are not needed."""

    label: str
    file_name: str
    payload_hash: str
    header: GgufHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStore:
    """`store.json` beside a text's chunks."""

    reference: StoredReference
    tokens_hash: str
    n_ctx: int
    n_chunks: int
    build: EngineBuild
    evalkit_version: str
    kind: StoreKind = StoreKind.TEXT
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerStore:
    """`store.json` beside a reference's answers to a suite and the distributions along them."""

    reference: StoredReference
    suite: Suite
    decoding: Decoding
    engine: EngineSettings
    n_regenerations: int
    files: tuple[StoredFile, ...]
    build: EngineBuild
    evalkit_version: str
    kind: StoreKind = StoreKind.ANSWERS
    schema_version: int = SCHEMA_VERSION
