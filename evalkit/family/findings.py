"""What a reader must know of a family before believing its figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from evalkit.family.provenance import find_contradictions
from evalkit.records.family import FamilyWarning, Role, Variant, WarningKind


def find_warnings(variants: Sequence[Variant], notice: str | None) -> tuple[FamilyWarning, ...]:
    """Every warning about usable variants, the publisher's own notice first."""
    reference = next(variant for variant in variants if variant.role is Role.REFERENCE)
    others = [variant for variant in variants if variant is not reference]
    found = [
        *_notice(notice),
        *_quant_types(variants),
        *_templates(reference, others),
        *_equal_payloads(reference, others),
        *find_contradictions(reference, others),
    ]
    return tuple(found)


def _notice(notice: str | None) -> Iterator[FamilyWarning]:
    if notice:
        yield FamilyWarning(kind=WarningKind.NOTICE, labels=(), message=notice.strip())


def _quant_types(variants: Sequence[Variant]) -> Iterator[FamilyWarning]:
    labels_by_type: dict[str, list[str]] = defaultdict(list)
    for variant in variants:
        labels_by_type[variant.header.quant_type].append(variant.label)
    if len(labels_by_type) < 2:
        return
    groups = "; ".join(f"{quant_type}: {_listed(labels)}" for quant_type, labels in labels_by_type.items())
    yield FamilyWarning(
        kind=WarningKind.MIXED_QUANT_TYPES,
        labels=tuple(variant.label for variant in variants),
        message=f"The quant types differ ({groups}). What the quant type changed cannot be told from what the "
        "imatrix changed.",
    )


def _templates(reference: Variant, others: Sequence[Variant]) -> Iterator[FamilyWarning]:
    expected = reference.header.chat_template_hash
    missing = [variant.label for variant in others if variant.header.chat_template is None]
    if expected is None and len(missing) == len(others):
        labels = (reference.label, *missing)
        yield _template_missing(labels, "No file has a chat template. The models read the bare prompts.")
        return
    if expected is None:
        text = f"{reference.label}, the reference, has no chat template and reads the bare prompts."
        yield _template_missing((reference.label,), f"{text} Variants with a template of their own do not.")
    elif missing:
        text = f"{_listed(missing)} {_has(missing)} no chat template and {_gets(missing)} the reference's."
        yield _template_missing(missing, text)
    different = [variant.label for variant in others if variant.header.chat_template_hash not in (None, expected)]
    if different:
        yield FamilyWarning(
            kind=WarningKind.OTHER_TEMPLATE,
            labels=tuple(different),
            message=f"{_listed(different)} {_has(different)} another chat template than {reference.label}. The models "
            "do not read the same prompt, so differences may come from the template.",
        )


def _template_missing(labels: Iterable[str], message: str) -> FamilyWarning:
    return FamilyWarning(kind=WarningKind.MISSING_TEMPLATE, labels=tuple(labels), message=message)


def _equal_payloads(reference: Variant, others: Sequence[Variant]) -> Iterator[FamilyWarning]:
    labels_by_payload: dict[str, list[str]] = defaultdict(list)
    for variant in others:
        labels_by_payload[variant.payload_hash].append(variant.label)
    for payload, labels in labels_by_payload.items():
        if payload == reference.payload_hash:
            message = f"the tensors of {_listed(labels)} are byte for byte the reference's: a proven no-op."
            if len(labels) == 1:
                message = f"{labels[0]}'s tensors are byte for byte the reference's: a proven no-op."
            yield FamilyWarning(kind=WarningKind.EQUAL_PAYLOAD, labels=(reference.label, *labels), message=message)
        elif len(labels) > 1:
            message = f"{_listed(labels)} hold the same tensors byte for byte: they are one model under several names."
            yield FamilyWarning(kind=WarningKind.EQUAL_PAYLOAD, labels=tuple(labels), message=message)


def _listed(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _has(labels: Sequence[str]) -> str:
    return "has" if len(labels) == 1 else "have"


def _gets(labels: Sequence[str]) -> str:
    return "gets" if len(labels) == 1 else "get"
