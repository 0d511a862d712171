"""What `evalkit diverge` is given: models and stores, opened and checked to belong together before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evalkit.family.candidates import OpenModel, open_candidate
from evalkit.family.model_files import is_present, model_files_of, refuse_hub
from evalkit.family.payload import payload_hash
from evalkit.records.errors import UsageError
from evalkit.records.family import GgufHeader, Role, Variant
from evalkit.records.reference_store import StoredReference, TextStore
from evalkit.store.reference_store import is_store, read_text_store

GGUF_MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceGiven:
    """The reference: a model, or what an earlier run kept of one."""

    path: Path
    model: Variant | None
    store: TextStore | None
    """Both None: a file of llama-perplexity's logits, which does not say whose they are."""


def open_reference(word: str, variant: Variant) -> ReferenceGiven:
    """The reference that the word names, of the variant's vocabulary.

    Raises:
        UsageError: it is missing, not to be read, or of another vocabulary.
    """
    path = _existing(word, "--reference")
    if is_store(path):
        store = read_text_store(path)
        _check_vocabulary(store.reference.header, variant, f"the store {path}")
        return ReferenceGiven(path=path, model=None, store=store)
    if path.is_dir():
        raise UsageError(f"--reference {word} is a folder without store.json. Name a GGUF or a store.")
    if _begins_as_gguf(path):
        model = open_model(word, "--reference")
        _check_vocabulary(model.header, variant, model.path.name)
        return ReferenceGiven(path=path, model=model, store=None)
    return ReferenceGiven(path=path, model=None, store=None)


def open_model(word: str, option: str) -> Variant:
    """The model that the word names; its tensors are hashed.

    Raises:
        UsageError: it is missing, or no model.
    """
    files = model_files_of(_existing(word, option))
    candidate = open_candidate(files)
    if not isinstance(candidate.opened, OpenModel):
        raise UsageError(f"{option} {word} cannot be used: {candidate.problem or f'it is {candidate.companion}.'}")
    return Variant(
        label=files.stem,
        path=files.path,
        role=Role.REFERENCE if option == "--reference" else Role.VARIANT,
        source=candidate.opened.header,
        payload_hash=payload_hash(candidate.opened.model),
    )


def stored_reference(model: Variant) -> StoredReference:
    """What a store says of the model that made it."""
    return StoredReference(
        label=model.label, file_name=model.path.name, payload_hash=model.payload_hash, header=model.header
    )


def _existing(word: str, option: str) -> Path:
    refuse_hub(word)
    path = Path(word)
    if not is_present(path):
        raise UsageError(f"{option} {word} does not exist. Check the path.")
    return path


def _begins_as_gguf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(GGUF_MAGIC)) == GGUF_MAGIC


def _check_vocabulary(reference: GgufHeader, variant: Variant, whose: str) -> None:
    own = variant.header
    if own.tokenizer_hash != reference.tokenizer_hash:
        raise UsageError(
            f"{variant.path.name} has another vocabulary ({own.n_vocab:,} tokens) than {whose} "
            f"({reference.n_vocab:,}): their distributions cannot be compared. Both must come from one model."
        )
