"""Imatrix claims held against tensors: each contradiction, and its twin that is none."""

from dataclasses import replace

from evalkit.family.provenance import find_contradictions, find_unclaimed
from evalkit.records.family import FamilyWarning, GgufHeader, Imatrix, Role, Variant, WarningKind
from tests.samples import variant


def made(label: str, dataset: str | None, payload: str, types: tuple[tuple[str, int], ...] | None = None) -> Variant:
    one = variant(label)
    assert isinstance(one.source, GgufHeader)
    source = replace(one.source, imatrix=Imatrix(dataset=dataset) if dataset else None)
    if types:
        source = replace(source, tensor_types=types)
    return replace(one, source=source, payload_hash=payload)


M1 = made("M1", None, "a" * 64)


def found(*others: Variant, reference: Variant = M1) -> list[FamilyWarning]:
    assert reference.role is Role.REFERENCE
    return list(find_contradictions(reference, others))


def test_an_imatrix_that_is_claimed_for_the_references_own_tensors() -> None:
    (warning,) = found(made("M2", "neo.txt", "a" * 64))
    assert warning.kind is WarningKind.IMATRIX_CONTRADICTION
    assert warning.labels == ("M1", "M2")
    assert "M2 claims an imatrix (neo.txt), and its tensors are M1's byte for byte" in warning.message
    assert not found(made("M2", "neo.txt", "b" * 64))
    assert not found(made("M2", "neo.txt", "a" * 64), reference=made("M1", "neo.txt", "a" * 64))


def test_two_imatrices_that_are_claimed_for_the_same_tensors() -> None:
    (warning,) = found(made("M2", "neo.txt", "b" * 64), made("M3", "horror.txt", "b" * 64))
    assert warning.labels == ("M2", "M3")
    assert "M2: neo.txt, M3: horror.txt" in warning.message
    assert not found(made("M2", "neo.txt", "b" * 64), made("M3", "neo.txt", "b" * 64))
    assert not found(made("M2", "neo.txt", "b" * 64), made("M3", "horror.txt", "c" * 64))


def test_other_tensors_without_a_claim_where_others_tell_theirs() -> None:
    silent, telling = made("M2", None, "b" * 64), made("M3", "neo.txt", "c" * 64)
    (warning,) = found(silent, telling)
    assert warning.labels == ("M1", "M2")
    assert "M2 and M1 claim no imatrix, and their tensors differ" in warning.message
    assert not found(silent)
    assert list(find_unclaimed(M1, [silent])) == [warning]
    assert not list(find_unclaimed(M1, [made("M2", None, "a" * 64)]))


def test_another_quant_type_explains_other_tensors() -> None:
    assert not list(find_unclaimed(M1, [made("M2", None, "b" * 64, types=(("Q8_0", 1),))]))


def test_where_the_reference_claims_one_a_variant_without_is_none() -> None:
    assert not list(find_unclaimed(made("M1", "neo.txt", "a" * 64), [made("M2", None, "b" * 64)]))
