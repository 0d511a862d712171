"""What `evalkit run` measures against when it is not a file of the family: a store, and the unrounded model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.records.errors import UsageError

if TYPE_CHECKING:
    from evalkit.engine.protocol import Engine
    from evalkit.records.family import Family, Variant
    from evalkit.records.reference_store import AnswerStore
    from evalkit.records.run import RunConfig

UNROUNDED_LABEL = "unrounded"


def discover(
    models: tuple[str, ...],
    reference: str | None,
    store: GivenStore | None,
    family_file: Path | None,
    on_progress: Callable[[str], object],
) -> Family:
    """The family that the words name, with a reference among them or from a store."""
    from evalkit.family.discover import discover_beside_store, discover_family
    from evalkit.stored_reference import as_variant

    if store is None:
        return discover_family(models, reference=reference, family_file=family_file, on_progress=on_progress)
    stored = as_variant(store.content.reference)
    return discover_beside_store(models, reference=stored, family_file=family_file, on_progress=on_progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenStore:
    """A reference store that was named on the command line."""

    folder: Path
    content: AnswerStore


def read_store(folder: Path | None, reference: str | None) -> GivenStore | None:
    """The store that `--reference-store` names.

    Raises:
        UsageError: another reference was named, too.
        ReferenceStoreError: it is damaged, or none.
    """
    from evalkit.store.reference_store import read_answer_store

    if folder is None:
        return None
    if reference is not None:
        raise UsageError("--reference and --reference-store both name what is measured against. Leave one out.")
    return GivenStore(folder=folder, content=read_answer_store(folder))


def at_hand(family: Family, store: GivenStore | None) -> Variant:
    """A variant whose weights are here, to try the machine with: the reference where that is possible."""
    return family.reference if store is None else family.others[0]


def with_store(config: RunConfig, store: GivenStore, engine: Engine) -> RunConfig:
    """The config with its store, checked to be of the same question.

    Raises:
        ReferenceStoreError: it is of another suite, decoding, or way to answer; the message lists what differs.
    """
    from evalkit.store.reference_store import store_hash
    from evalkit.stored_reference import check_same_question, kernel_warnings

    check_same_question(store.content, config)
    warnings = (*config.family.warnings, *kernel_warnings(store.content, engine.build(), config.engine))
    return replace(config, family=replace(config.family, warnings=warnings), reference_store=store_hash(store.folder))


def open_unrounded(path: Path, family: Family) -> Variant:
    """The model before it was quantised.

    Raises:
        UsageError: it is missing, no model, of another vocabulary, or one of the family itself.
    """
    from evalkit.cli.diverge_models import open_model

    model = replace(open_model(str(path), "--source"), label=UNROUNDED_LABEL)
    own, expected = model.header, family.reference.header
    if own.tokenizer_hash != expected.tokenizer_hash:
        raise UsageError(
            f"--source {path.name} has another vocabulary ({own.n_vocab:,} tokens) than {family.reference.label} "
            f"({expected.n_vocab:,}): it is not what the family was made from."
        )
    if any(variant.payload_hash == model.payload_hash for variant in family.variants):
        raise UsageError(f"--source {path.name} holds the tensors of a variant: name the model before it was rounded.")
    return model
