"""Hard rules on the files themselves: there, readable, complete, of the family's template and type."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.gate.case import Case, fact, in_manifest, not_measured, state_of
from evalkit.records.family import Imatrix, Role
from evalkit.records.gate import Evidence, Observation, ReleaseVariant
from evalkit.records.scores import Figure


def check_missing(case: Case) -> Iterator[Observation]:
    """A variant that the policy expects, or that the baseline has, is not in the release.

    Compares labels. Remedy: build the file, or take its label out of `expected` and bless the smaller family.
    """
    expected = {*case.policy.expected, *(variant.label for variant in _accepted_variants(case))}
    present = {variant.label for variant in case.release.variants}
    failed = {failure.label for failure in case.release.failed}
    for label in sorted(expected | present):
        is_missing = label in expected and label not in present | failed
        message = f"{label} is expected and was not given." if is_missing else f"{label} is there."
        yield fact(label, is_missing, message, in_manifest(label))


def check_loads(case: Case) -> Iterator[Observation]:
    """A variant's file could not be opened, its model did not load, or its process died: truncated, corrupt, too large.

    The message is the cause that the run recorded. Remedy: see `logs/` of the run; build and copy the file again.
    """
    causes: dict[str, str] = {}
    for failure in case.release.failed:
        causes.setdefault(failure.label, failure.cause)
    for label, cause in causes.items():
        was_opened = case.release.find(label) is not None
        file, place = ("failures.jsonl", "") if was_opened else ("manifest.json", "config.family.failed: ")
        yield fact(label, True, cause, Evidence(file=file, row=place + label, anchor="summary"))
    for variant in case.release.variants:
        if variant.label not in causes:
            yield fact(variant.label, False, "It was read and answered.", in_manifest(variant.label))


def check_metadata(case: Case) -> Iterator[Observation]:
    """A file lacks metadata that users' programs rely on.

    `keys` names what must be there: name, n_ctx_train, chat_template. Remedy: write the keys when converting.
    """
    for variant in case.release.variants:
        held = {"name": variant.name, "n_ctx_train": variant.n_ctx_train, "chat_template": variant.chat_template_hash}
        wanted = case.policy.settings("hard.metadata", variant.label).keys or ()
        missing = [key for key in wanted if not held.get(key)]
        yield _missing_keys(variant, missing, "its header")


def check_imatrix(case: Case) -> Iterator[Observation]:
    """A variant does not say which importance matrix made it, or the reference says one did.

    `keys` names the `quantize.imatrix.*` facts that every variant but the reference must carry: file, dataset,
    entries_count, chunks_count. The reference is the file without imatrix. Remedy: quantise with a llama-quantize that
    writes them; where the reference has an imatrix on purpose, switch the rule off for its label.
    """
    for variant in case.release.variants:
        if variant.role is Role.REFERENCE:
            has = variant.imatrix is not None
            message = "The reference was made with an imatrix." if has else "The reference has no imatrix."
            yield fact(variant.label, has, message, in_manifest(variant.label))
            continue
        held = variant.imatrix or Imatrix()
        wanted = case.policy.settings("hard.imatrix", variant.label).keys or ()
        missing = [f"quantize.imatrix.{key}" for key in wanted if getattr(held, key, None) in (None, "")]
        yield _missing_keys(variant, missing, "its imatrix facts")


def check_template(case: Case) -> Iterator[Observation]:
    """A variant's chat template is not the reference's: the models do not read the same prompt.

    Compares hashes. A file without any template is `hard.metadata`'s. Remedy: copy the template from the reference.
    """
    expected = case.release.reference.chat_template_hash
    for variant in case.release.others:
        own = variant.chat_template_hash
        if own is None or expected is None:
            lacks = variant.label if own is None else case.release.reference.label
            yield not_measured(variant.label, f"{lacks} has no chat template.", in_manifest(variant.label))
            continue
        is_other = own != expected
        reference = case.release.reference.label
        message = (
            f"Its chat template ({own[:8]}) is not {reference}'s ({expected[:8]})."
            if is_other
            else f"Its chat template is {reference}'s."
        )
        yield fact(variant.label, is_other, message, in_manifest(variant.label))


def check_quant_type(case: Case) -> Iterator[Observation]:
    """A variant is of another quant type than the reference, so what the imatrix did cannot be told from it.

    Compares the declared types. Remedy: quantise all to one type, or switch the rule off for that label.
    """
    expected = case.release.reference.quant_type
    for variant in case.release.others:
        is_other = variant.quant_type != expected
        message = f"It is {variant.quant_type}; {case.release.reference.label} is {expected}."
        yield fact(variant.label, is_other, message, in_manifest(variant.label))


def check_bits(case: Case) -> Iterator[Observation]:
    """A variant spends fewer bits per weight than the reference: tensors were quantised lower than they should be.

    Figure: bits per weight over the reference's. Broken below `limit`. Remedy: look at the tensor types with
    `evalkit models`, and quantise again with the reference's.
    """
    reference = case.release.reference
    for variant in case.release.others:
        ratio = variant.bits_per_weight / reference.bits_per_weight
        limit = case.policy.limit("hard.bits", variant.label)
        yield Observation(
            label=variant.label,
            state=state_of(ratio < limit),
            figure=Figure(value=ratio),
            limit=limit,
            message=f"{variant.bits_per_weight:.4f} bits per weight; {reference.label} has "
            f"{reference.bits_per_weight:.4f}.",
            evidence=in_manifest(variant.label),
        )


def _missing_keys(variant: ReleaseVariant, missing: list[str], place: str) -> Observation:
    message = f"Missing in {place}: {', '.join(missing)}." if missing else "All metadata are there."
    return Observation(
        label=variant.label,
        state=state_of(bool(missing)),
        figure=Figure(value=float(len(missing))),
        limit=0.0,
        message=message,
        evidence=in_manifest(variant.label),
    )


def _accepted_variants(case: Case) -> tuple[ReleaseVariant, ...]:
    return case.accepted.variants if case.accepted else ()
