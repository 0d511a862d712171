"""Which of the candidates all others are measured against."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalkit.family.candidates import Candidate
from evalkit.family.family_file import FamilyFile
from evalkit.family.labels import canonical_label
from evalkit.family.model_files import ModelFiles, common_folder, is_present, model_files_of, refuse_hub
from evalkit.records.errors import FamilyError

DEFAULT_LABEL = "M1"


def reference_file(option: str | None) -> ModelFiles | None:
    """The file that `--reference` names; None where it names a label, or nothing.

    Raises:
        FamilyError: it names a folder.
        UsageError: it names a repository of the Hub.
    """
    if not option:
        return None
    refuse_hub(option)
    path = Path(option)
    if not is_present(path):
        return None
    if path.is_dir():
        raise FamilyError(f"--reference {option} is a folder, and the reference is one file. Name that file.")
    return model_files_of(path)


def choose_reference(
    candidates: Sequence[Candidate], option: str | None, file: ModelFiles | None, family_file: FamilyFile | None
) -> Candidate:
    """The one reference: the file of `--reference`, else its label, else the family file's, else M1.

    Raises:
        FamilyError: none, or two, or one that cannot be used.
    """
    chosen = _by_file(candidates, file) if file else _by_label(candidates, option, family_file)
    if chosen.problem:
        raise FamilyError(
            f"the reference {chosen.label} cannot be used: {chosen.problem} "
            "evalkit compares everything with it: repair it, or name another with --reference."
        )
    return chosen


def _by_file(candidates: Sequence[Candidate], file: ModelFiles) -> Candidate:
    for candidate in candidates:
        if candidate.files.identity == file.identity:
            return candidate
    raise FamilyError(f"--reference {file.path} is not a model. Name a GGUF model, or the label of one.")


def _by_label(candidates: Sequence[Candidate], option: str | None, family_file: FamilyFile | None) -> Candidate:
    stated = family_file.reference if family_file else None
    wanted = canonical_label(option or stated or DEFAULT_LABEL)
    exact = [candidate for candidate in candidates if candidate.label == wanted]
    found = exact or [candidate for candidate in candidates if candidate.label.casefold() == wanted.casefold()]
    if len(found) > 1:
        labels = " and ".join(candidate.label for candidate in found)
        raise FamilyError(f"--reference {option} fits two variants, {labels}. Write the label exactly.")
    if not found:
        raise FamilyError(_none_found(candidates, option))
    return found[0]


def _none_found(candidates: Sequence[Candidate], option: str | None) -> str:
    variants = "variant" if len(candidates) == 1 else "variants"
    found = f"no reference among {len(candidates)} {variants} ({_range(candidates)})."
    if option:
        found = (
            f"--reference {option} is neither a file nor one of {len(candidates)} {variants} ({_range(candidates)})."
        )
    advice = f"add {DEFAULT_LABEL}, or name another with --reference."
    without_imatrix = [
        candidate.label for candidate in candidates if candidate.opened and candidate.opened.header.imatrix is None
    ]
    if len(without_imatrix) == 1 and len(candidates) > 1:
        advice += (
            f" {without_imatrix[0]} alone was made without an imatrix: --reference {without_imatrix[0]} may be it."
        )
    return f"{found}\nevalkit compares everything with one file: {advice}"


def _range(candidates: Sequence[Candidate]) -> str:
    labels = [candidate.label for candidate in candidates]
    listed = ", ".join(labels) if len(labels) < 4 else f"{labels[0]} ... {labels[-1]}"
    parents = {candidate.path.parent for candidate in candidates}
    folder = parents.pop() if len(parents) == 1 else common_folder([candidate.files for candidate in candidates])
    return f"{listed} in {folder}/"
