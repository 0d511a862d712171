"""Model files, opened and named: each is usable, or carries the reason why it is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evalkit.family.family_file import FamilyFile
from evalkit.family.gguf_header import ARCHITECTURE_KEY, GENERAL_TYPE_KEY, GgufModel, header_of, read_model
from evalkit.family.labels import labels_of
from evalkit.family.model_files import ModelFiles, natural_key
from evalkit.records.errors import FamilyError, GgufError
from evalkit.records.family import FailedVariant, FamilyWarning, GgufHeader, WarningKind

COMPANIONS = {
    "clip": "an image projector (mmproj)",
    "mmproj": "an image projector (mmproj)",
    "imatrix": "an importance matrix",
    "adapter": "a LoRA adapter",
}
"""What lies beside models and is none, by `general.architecture` or `general.type`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenModel:
    """A model whose headers are sound."""

    model: GgufModel
    header: GgufHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Files that were given as a variant: open, or with the problem that keeps them closed."""

    files: ModelFiles
    opened: OpenModel | None = None
    problem: str = ""
    companion: str = ""
    """What the file is, if it is no model: it is skipped."""
    label: str = ""

    @property
    def path(self) -> Path:
        """The file, or the first part of a split one."""
        return self.files.path

    def failed(self, cause: str) -> FailedVariant:
        """The record of this candidate as one that cannot be used."""
        return FailedVariant(label=self.label, path=self.path, cause=cause)


def open_candidate(files: ModelFiles) -> Candidate:
    """Read the headers; a problem with the files is kept, not raised."""
    try:
        model = read_model(files.parts)
        companion = _companion(model)
        if companion:
            return Candidate(files=files, companion=companion)
        return Candidate(files=files, opened=_open(model, files))
    except GgufError as error:
        return Candidate(files=files, problem=str(error))


def skipped_warning(candidate: Candidate) -> FamilyWarning:
    """That a companion file was left out."""
    name = candidate.path.name
    return FamilyWarning(
        kind=WarningKind.SKIPPED_FILE, labels=(), message=f"{name} is {candidate.companion}, not a model: skipped."
    )


def name_candidates(candidates: Sequence[Candidate], family_file: FamilyFile | None) -> list[Candidate]:
    """Give every candidate its label, from the family file or from its name; natural order of labels.

    Raises:
        FamilyError: two files have one label.
    """
    stated = [family_file.label_of_file(candidate.path.name) if family_file else None for candidate in candidates]
    unstated = [candidate.files.stem for candidate, label in zip(candidates, stated, strict=True) if label is None]
    read = iter(labels_of(unstated))
    named = [
        replace(candidate, label=label if label is not None else next(read))
        for candidate, label in zip(candidates, stated, strict=True)
    ]
    _check_unique(named)
    return sorted(named, key=lambda candidate: natural_key(candidate.label))


def _check_unique(named: Iterable[Candidate]) -> None:
    first: dict[str, Candidate] = {}
    for candidate in named:
        other = first.setdefault(candidate.label, candidate)
        if other is not candidate:
            raise FamilyError(
                f"two files have the label {candidate.label}: {other.path} and {candidate.path}. Leave one out, rename "
                "it, or give each a label of its own in family.yaml."
            )


def _companion(model: GgufModel) -> str:
    for key in (ARCHITECTURE_KEY, GENERAL_TYPE_KEY):
        kind = model.text(key)
        if kind in COMPANIONS:
            return COMPANIONS[kind]
    return ""


def _open(model: GgufModel, files: ModelFiles) -> OpenModel:
    header = header_of(model)
    if not header.n_parameters:
        raise GgufError(f"{files.path.name} holds a vocabulary and no weights. Give the model itself.")
    if not header.n_vocab:
        raise GgufError(f"{files.path.name} holds no vocabulary (tokenizer.ggml.tokens): no text can be put to it.")
    return OpenModel(model=model, header=header)
