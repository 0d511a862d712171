"""Hard rules on identity: is each file the one that was accepted, or one that was announced?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from evalkit.gate.case import Case, fact, in_manifest, no_baseline, not_measured
from evalkit.records.family import Imatrix, Role
from evalkit.records.gate import WHOLE_FAMILY, Evidence, Observation, ReleaseVariant


def check_reference_payload(case: Case) -> Iterator[Observation]:
    """The reference's tensors are not the baseline's, and no notice announced it: every comparison rests on them.

    Compares payload hashes. Remedy: restore the file, or put a notice with the new payload hash into gate.yaml and
    bless a run of the family with it.
    """
    yield from _payloads(case, Role.REFERENCE)


def check_variant_payload(case: Case) -> Iterator[Observation]:
    """A variant's tensors are not the baseline's, and no notice announced it.

    Compares payload hashes. A new release may well change some; a notice says which, so that an accident shows.
    """
    yield from _payloads(case, Role.VARIANT)


def check_swapped(case: Case) -> Iterator[Observation]:
    """A variant holds the tensors that the baseline knows under another label: files were swapped or renamed.

    Compares payload hashes, and looks among all labels of the baseline. Remedy: give the files their names back.
    """
    if case.accepted is None:
        yield no_baseline()
        return
    owners: dict[str, set[str]] = {}
    for before in case.accepted.variants:
        owners.setdefault(before.payload_hash, set()).add(before.label)
    for variant in case.release.variants:
        known_as = owners.get(variant.payload_hash, set())
        is_swapped = bool(known_as) and variant.label not in known_as
        message = (
            f"It holds what the baseline knows as {', '.join(sorted(known_as))}."
            if is_swapped
            else "The baseline knows its tensors under no other label."
        )
        yield fact(variant.label, is_swapped, message, in_manifest(variant.label))


def check_imatrix_changed(case: Case) -> Iterator[Observation]:
    """A variant was made with another importance matrix than in the baseline, and no notice announced it.

    Compares all `quantize.imatrix.*` facts. Remedy: quantise with the right matrix, or announce the new payload.
    """
    if case.accepted is None:
        yield no_baseline()
        return
    for variant, before in case.pairs():
        changes = _imatrix_changes(variant.imatrix, before.imatrix)
        is_broken = bool(changes) and not case.has_notice(variant)
        message = "; ".join(changes) if changes else "It was made with the same imatrix."
        yield fact(variant.label, is_broken, message, in_manifest(variant.label))


def check_reference_store(case: Case) -> Iterator[Observation]:
    """The reference's distributions are not the baseline's, although its tensors and the engine are the same.

    Compares digests of the reference store. Another processor or number of threads can move the last bits, so this is
    a warning by default: read the noise floor beside it.
    """
    evidence = Evidence(file="reference/", anchor="provenance")
    if case.accepted is None:
        yield no_baseline()
        return
    now, then = case.release.reference_digest, case.accepted.reference_digest
    if now is None or then is None:
        whose = "This run" if now is None else "The baseline"
        yield not_measured(WHOLE_FAMILY, f"{whose} has no stored distributions of the reference.", evidence)
    elif case.release.reference.payload_hash != case.accepted.reference.payload_hash:
        yield not_measured(WHOLE_FAMILY, "The reference's tensors differ, so its distributions must.", evidence)
    else:
        message = f"The reference store has digest {now[:12]}; the baseline's {then[:12]}."
        yield fact(WHOLE_FAMILY, now != then, message, evidence)


def _payloads(case: Case, role: Role) -> Iterator[Observation]:
    if case.accepted is None:
        yield no_baseline()
        return
    for variant, before in case.pairs():
        if variant.role is role:
            yield _payload(case, variant, before)


def _payload(case: Case, variant: ReleaseVariant, before: ReleaseVariant) -> Observation:
    is_changed = variant.payload_hash != before.payload_hash
    change = f"Its payload is {variant.payload_hash[:12]}; the baseline's is {before.payload_hash[:12]}."
    if not is_changed:
        message = "Its payload is the baseline's."
    elif case.has_notice(variant):
        message = f"{change} It was announced."
    else:
        message = change
    return fact(variant.label, is_changed and not case.has_notice(variant), message, in_manifest(variant.label))


def _imatrix_changes(now: Imatrix | None, before: Imatrix | None) -> list[str]:
    facts_now, facts_before = asdict(now or Imatrix()), asdict(before or Imatrix())
    return [
        f"imatrix {key} is {facts_now[key]!r}, in the baseline {facts_before[key]!r}"
        for key in facts_now
        if facts_now[key] != facts_before[key]
    ]
