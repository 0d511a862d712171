"""Words of the command line become a family: its variants, its reference, what failed, and what to warn of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from evalkit.family.candidates import Candidate, OpenModel, name_candidates, open_candidate, skipped_warning
from evalkit.family.family_file import FamilyFile, choose_family_file
from evalkit.family.findings import find_warnings
from evalkit.family.gguf_header import GgufModel
from evalkit.family.labels import printable
from evalkit.family.model_files import ModelFiles, common_folder, find_model_files, natural_key
from evalkit.family.payload import payload_hash
from evalkit.family.reference import choose_reference, reference_file
from evalkit.records.errors import FamilyError, GgufError
from evalkit.records.family import FailedVariant, Family, FamilyWarning, Role, Variant, WarningKind

Progress = Callable[[str], object]


def _quiet(_step: str) -> None:
    """Tells nobody."""


def discover_family(
    models: Sequence[str],
    *,
    reference: str | None,
    family_file: Path | None,
    on_progress: Progress = _quiet,
) -> Family:
    """The family that the words name, in natural order of labels.

    Args:
        models: files, folders and globs.
        reference: label or path of the reference; None for the family file's, else M1.
        family_file: a `family.yaml` to use in place of the one beside the models or a shipped one.
        on_progress: told what is being read, since hashing a large family takes a minute.

    Raises:
        FamilyError: no models, two of one label, no usable reference, or nothing left to compare with it.
        UsageError: a word names a repository of the Hub.
    """
    given = find_model_files(models)
    chosen_file = reference_file(reference)
    named, facts, skipped = _named(_with_reference(given, chosen_file), common_folder(given), family_file)
    chosen = choose_reference(named, reference, chosen_file, facts)
    variants, failed = _variants(named, chosen, facts, on_progress)
    _check_comparable(variants, failed, chosen)
    return Family(
        name=printable(facts.name) if facts else _family_name(chosen),
        variants=tuple(variants),
        failed=tuple(failed),
        warnings=(*find_warnings(variants, facts.notice if facts else None), *skipped),
        claims=tuple(entry.record() for entry in facts.claims) if facts else (),
    )


def discover_beside_store(
    models: Sequence[str], *, reference: Variant, family_file: Path | None, on_progress: Progress = _quiet
) -> Family:
    """The family that the words name, with a reference whose weights are not at hand.

    Args:
        models: files, folders and globs. The reference's own file is left out with a warning.
        reference: what its store says of it.
        family_file: see `discover_family`; its reference must be the store's.
        on_progress: see `discover_family`.

    Raises:
        FamilyError: no models, two of one label, or nothing to compare with the reference.
        UsageError: a word names a repository of the Hub.
    """
    given = find_model_files(models)
    named, facts, skipped = _named(given, common_folder(given), family_file)
    stored = Candidate(
        files=ModelFiles(stem=reference.label, parts=(reference.path,)),
        opened=OpenModel(model=GgufModel(parts=()), header=reference.header),
        label=reference.label,
    )
    found, failed = _variants(named, stored, facts, on_progress)
    # Under another label the same tensors are a finding: a no-op.
    itself = (reference.label, reference.payload_hash)
    others = [variant for variant in found if (variant.label, variant.payload_hash) != itself]
    _check_label_is_free(others, reference)
    variants = sorted([reference, *others], key=lambda variant: natural_key(variant.label))
    _check_comparable(variants, failed, stored)
    if not others:
        raise FamilyError(f"the models hold nothing but the store's reference {reference.label}. Give its variants.")
    left_out = [
        FamilyWarning(
            kind=WarningKind.SKIPPED_FILE,
            labels=(),
            message=f"{variant.path.name} holds the store's reference: skipped, since its answers come from the store.",
        )
        for variant in found
        if variant not in others
    ]
    return Family(
        name=printable(facts.name) if facts else _family_name(stored),
        variants=tuple(variants),
        failed=tuple(failed),
        warnings=(*find_warnings(variants, facts.notice if facts else None), *skipped, *left_out),
    )


def _named(
    given: Sequence[ModelFiles], folder: Path, family_file: Path | None
) -> tuple[list[Candidate], FamilyFile | None, tuple[FamilyWarning, ...]]:
    """The models among the files, opened and named; what their family file says; a warning per file that is none."""
    opened = [open_candidate(files) for files in given]
    candidates = [candidate for candidate in opened if not candidate.companion]
    if not candidates:
        raise FamilyError(f"no model among {len(opened)} files: {opened[0].path.name} is {opened[0].companion}.")
    facts = choose_family_file(family_file, folder, [_names(candidate) for candidate in candidates])
    named = name_candidates(candidates, facts)
    if family_file and facts:
        _check_described(named, facts, family_file)
    return named, facts, tuple(skipped_warning(candidate) for candidate in opened if candidate.companion)


def _check_label_is_free(variants: Sequence[Variant], reference: Variant) -> None:
    for variant in variants:
        if variant.label == reference.label:
            raise FamilyError(
                f"{variant.path.name} has the label {variant.label}, as the store's reference has, and other tensors. "
                "Leave it out, or give it a label of its own in family.yaml."
            )


def _with_reference(given: Sequence[ModelFiles], chosen: ModelFiles | None) -> list[ModelFiles]:
    """The models and, if it is not among them, the reference's file."""
    if chosen is None:
        return list(given)
    known = {files.identity for files in given}
    return list(given) if chosen.identity in known else [*given, chosen]


def _check_described(named: Sequence[Candidate], facts: FamilyFile, path: Path) -> None:
    """Raise when a family file was chosen for models of which it knows none."""
    described = [entry.label for entry in facts.variants]
    labels = [candidate.label for candidate in named]
    if described and not set(described) & set(labels):
        raise FamilyError(
            f"{path} describes {', '.join(described)}, and the models are {', '.join(labels)}. Choose the family file "
            "of these models, or say with `file` which file is which variant."
        )


def _names(candidate: Candidate) -> list[str]:
    """What a family may be recognised by."""
    name = candidate.opened.header.name if candidate.opened else None
    return [candidate.path.name, *([name] if name else [])]


def _variants(
    named: Sequence[Candidate], reference: Candidate, facts: FamilyFile | None, on_progress: Progress
) -> tuple[list[Variant], list[FailedVariant]]:
    """Sort the candidates into variants and failures; each variant's tensors are hashed on the way."""
    variants: list[Variant] = []
    failed: list[FailedVariant] = []
    for index, candidate in enumerate(named):
        problem = candidate.problem or _vocabulary_problem(candidate, reference)
        if problem or candidate.opened is None:
            failed.append(candidate.failed(problem))
            continue
        on_progress(f"hashing {candidate.label} ({index + 1} of {len(named)})")
        try:
            payload = payload_hash(candidate.opened.model)
        except GgufError as error:
            failed.append(candidate.failed(str(error)))
            continue
        role = Role.REFERENCE if candidate is reference else Role.VARIANT
        variants.append(_variant(candidate, candidate.opened, role, payload, facts))
    return variants, failed


def _variant(candidate: Candidate, opened: OpenModel, role: Role, payload: str, facts: FamilyFile | None) -> Variant:
    entry = facts.entry(candidate.label) if facts else None
    return Variant(
        label=candidate.label,
        path=candidate.path,
        role=role,
        source=opened.header,
        payload_hash=payload,
        lineage=tuple(entry.lineage) if entry else (),
        description=entry.description if entry else "",
    )


def _vocabulary_problem(candidate: Candidate, reference: Candidate) -> str:
    """Why the candidate's tokens cannot be compared with the reference's; empty where they can."""
    if candidate.opened is None or reference.opened is None:
        return ""
    own, expected = candidate.opened.header, reference.opened.header
    if own.tokenizer_hash == expected.tokenizer_hash:
        return ""
    return (
        f"its vocabulary is not that of the reference {reference.label} ({own.n_vocab:,} tokens here, "
        f"{expected.n_vocab:,} there): answers cannot be compared token by token. Build both from one model."
    )


def _check_comparable(variants: Sequence[Variant], failed: Sequence[FailedVariant], reference: Candidate) -> None:
    """Raise when the reference is lost, or alone although others were given."""
    causes = "\n".join(f"  {failure.label}: {failure.cause}" for failure in failed)
    if all(variant.role is not Role.REFERENCE for variant in variants):
        raise FamilyError(f"the reference {reference.label} cannot be used:\n{causes}")
    if failed and len(variants) == 1:
        raise FamilyError(f"nothing is left to compare with the reference {reference.label}:\n{causes}")


def _family_name(reference: Candidate) -> str:
    """The reference's own name, else its file's: what a publisher calls the model without a family file."""
    name = reference.opened.header.name if reference.opened else None
    return printable(name or reference.files.stem)
