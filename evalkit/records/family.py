"""What is known of a family of GGUF files before any weight is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from evalkit.records.claims import Claim
from evalkit.records.errors import UsageError


class Role(StrEnum):
    """The part a file plays in one run."""

    REFERENCE = "reference"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imatrix:
    """What the quantiser wrote about the importance matrix (`quantize.imatrix.*`); None where it wrote nothing."""

    file: str | None = None
    dataset: str | None = None
    entries_count: int | None = None
    chunks_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufHeader:
    """The facts of one GGUF file (all its splits together) that need no weights."""

    gguf_version: int
    architecture: str
    name: str | None
    size_bytes: int
    n_parameters: int
    quant_type: str
    """The file's declared type as llama.cpp names it (`IQ4_XS`), or the tensor type that most parameters have."""
    tensor_types: tuple[tuple[str, int], ...]
    """(type name, number of tensors), most frequent first."""
    n_ctx_train: int | None
    n_vocab: int
    chat_template: str | None
    chat_template_hash: str | None
    """sha256 of the template's UTF-8 bytes, hex."""
    tokenizer_hash: str
    """sha256 over tokenizer model, tokens, scores, types and merges, hex: equal means the same token ids."""
    imatrix: Imatrix | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSource:
    """Texts that were made elsewhere, in place of a GGUF file: no model is known, so nothing can be asked of it."""

    n_texts: int
    n_bytes: int
    """Of all texts in UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One GGUF file, or one set of texts, under measurement, the reference included."""

    label: str
    path: Path
    role: Role
    source: GgufHeader | TextSource
    payload_hash: str
    """sha256 over every tensor's name, type, shape and bytes, hex: the variant's identity, whatever its name.
    Of imported texts, sha256 over prompt ids and texts."""
    lineage: tuple[str, ...] = ()
    """Labels it was made from, as the publisher states."""
    description: str = ""

    @property
    def header(self) -> GgufHeader:
        """The facts of the GGUF file.

        Raises:
            UsageError: the variant is texts that were made elsewhere.
        """
        if isinstance(self.source, TextSource):
            raise UsageError(
                f"{self.label} is made of imported texts, and this needs its model. "
                "Run the models themselves: evalkit run --models ..."
            )
        return self.source

    @property
    def file_key(self) -> str:
        """See `file_key`."""
        template = None if isinstance(self.source, TextSource) else self.source.chat_template_hash
        return file_key(self.payload_hash, template)


def file_key(payload_hash: str, chat_template_hash: str | None) -> str:
    """The name under which a run keeps what a variant read: equal tensors behind other templates read other prompts."""
    return f"{payload_hash[:16]}-{chat_template_hash[:8]}" if chat_template_hash else payload_hash[:16]


class WarningKind(StrEnum):
    """A finding about the family that changes how its figures read."""

    MIXED_QUANT_TYPES = "mixed-quant-types"
    MISSING_TEMPLATE = "missing-template"
    OTHER_TEMPLATE = "other-template"
    EQUAL_PAYLOAD = "equal-payload"
    IMATRIX_CONTRADICTION = "imatrix-contradiction"
    SKIPPED_FILE = "skipped-file"
    IMPORTED_TEXTS = "imported-texts"
    """What was found while reading texts that were made elsewhere."""
    NOTICE = "notice"
    """What the family's own `family.yaml` wants every reader to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyWarning:
    """A warning that is kept in the report."""

    kind: WarningKind
    labels: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedVariant:
    """A variant without (all of) its answers, and why; the run goes on without it."""

    label: str
    path: Path
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The variants of one run in natural order (M2 before M10), whatever could not be used, and warnings."""

    name: str
    variants: tuple[Variant, ...]
    failed: tuple[FailedVariant, ...] = ()
    warnings: tuple[FamilyWarning, ...] = ()
    claims: tuple[Claim, ...] = ()
    """What the publisher says of the family, as far as figures can test it."""

    @property
    def reference(self) -> Variant:
        """The one variant that all others are measured against."""
        return next(variant for variant in self.variants if variant.role is Role.REFERENCE)

    @property
    def others(self) -> tuple[Variant, ...]:
        """Every variant but the reference."""
        return tuple(variant for variant in self.variants if variant.role is not Role.REFERENCE)
