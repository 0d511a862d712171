"""What the files say of their importance matrices, held against their tensors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from evalkit.records.family import FamilyWarning, Imatrix, Variant, WarningKind


def find_contradictions(reference: Variant, others: Sequence[Variant]) -> Iterator[FamilyWarning]:
    """Claims that the tensors do not bear out; an imatrix that is claimed need not have been used."""
    yield from _without_effect(reference, others)
    yield from _alike_under_two_names(reference, others)
    if any(variant.header.imatrix is not None for variant in others):
        yield from find_unclaimed(reference, others)


def claimed(imatrix: Imatrix | None) -> str:
    """What an imatrix is known by: its dataset, else its file; empty where none is claimed."""
    if imatrix is None:
        return ""
    return imatrix.dataset or imatrix.file or "an unnamed imatrix"


def _without_effect(reference: Variant, others: Sequence[Variant]) -> Iterator[FamilyWarning]:
    own = claimed(reference.header.imatrix)
    for variant in others:
        claim = claimed(variant.header.imatrix)
        if claim and claim != own and variant.payload_hash == reference.payload_hash:
            yield _warning(
                (reference.label, variant.label),
                f"{variant.label} claims an imatrix ({claim}), and its tensors are {reference.label}'s byte for byte: "
                "the imatrix was not used, or had no effect.",
            )


def _alike_under_two_names(reference: Variant, others: Sequence[Variant]) -> Iterator[FamilyWarning]:
    by_payload: dict[str, list[Variant]] = defaultdict(list)
    for variant in others:
        if variant.payload_hash != reference.payload_hash:
            by_payload[variant.payload_hash].append(variant)
    for alike in by_payload.values():
        claims = {variant.label: claimed(variant.header.imatrix) for variant in alike}
        if len(set(claims.values())) > 1:
            told = ", ".join(f"{label}: {claim or 'none'}" for label, claim in claims.items())
            yield _warning(
                tuple(claims),
                f"Different imatrices are claimed for the same tensors, byte for byte ({told}): at most one is true.",
            )


def find_unclaimed(reference: Variant, others: Sequence[Variant]) -> Iterator[FamilyWarning]:
    """Tensors that differ from those of a reference without imatrix, in files that claim none either.

    Worth a warning where others of the family do tell their imatrix, or where two files are compared: a family whose
    quantiser never wrote any has nothing to contradict.
    """
    if reference.header.imatrix is not None:
        return
    found = [
        variant.label
        for variant in others
        if variant.header.imatrix is None
        and variant.payload_hash != reference.payload_hash
        and variant.header.tensor_types == reference.header.tensor_types  # Other types explain other bytes.
    ]
    if found:
        yield _warning(
            (reference.label, *found),
            f"{', '.join(found)} and {reference.label} claim no imatrix, and their tensors differ: another quantiser "
            "or other weights made them, or the provenance was removed.",
        )


def _warning(labels: tuple[str, ...], message: str) -> FamilyWarning:
    return FamilyWarning(kind=WarningKind.IMATRIX_CONTRADICTION, labels=labels, message=message)
