"""Hard rules on files and identity: each with its twin just across the limit."""

from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.gate.policy import Notice
from evalkit.records.family import FailedVariant, Imatrix
from evalkit.records.gate import Release, State
from tests.gate_samples import (
    baseline,
    change,
    imatrix,
    judge,
    observe,
    policy,
    release,
    state,
    variant,
    with_facts,
)

KEPT, BROKEN, NOT_MEASURED = State.KEPT, State.BROKEN, State.NOT_MEASURED


def without(label: str) -> Release:
    sound = release()
    return replace(sound, variants=tuple(one for one in sound.variants if one.label != label))


def test_a_variant_of_the_baseline_that_was_not_given_is_missing() -> None:
    assert state("hard.missing", release(), release()) is KEPT
    assert state("hard.missing", without("M3"), release()) is BROKEN


def test_an_expected_label_is_missing_without_any_baseline() -> None:
    expecting = policy().model_copy(update={"expected": ("M4",)})
    assert observe("hard.missing", release(), terms=expecting)["M4", "*"].state is BROKEN
    with_it = replace(release(), variants=(*release().variants, variant("M4")))
    assert observe("hard.missing", with_it, terms=expecting)["M4", "*"].state is KEPT


def test_a_variant_that_failed_is_not_missing_but_does_not_load() -> None:
    failed = FailedVariant(label="M3", path=Path("dist/M3.gguf"), cause="tensor data end at byte 100 of 200")
    run = replace(without("M3"), failed=(failed,))
    assert state("hard.missing", run, release()) is KEPT
    found = observe("hard.loads", run)["M3", "*"]
    assert found.state is BROKEN
    assert found.message == failed.cause
    assert state("hard.loads", release()) is KEPT


@pytest.mark.parametrize("key", ["name", "n_ctx_train", "chat_template_hash"])
def test_a_file_without_needed_metadata_is_broken(key: str) -> None:
    assert state("hard.metadata", release()) is KEPT
    found = observe("hard.metadata", with_facts(release(), "M3", **{key: None}))["M3", "*"]
    assert found.state is BROKEN
    assert found.figure.value == 1


def test_a_variant_without_imatrix_facts_and_a_reference_with_them_are_broken() -> None:
    assert {one.state for one in observe("hard.imatrix", release()).values()} == {KEPT}
    assert state("hard.imatrix", with_facts(release(), "M3", imatrix=None)) is BROKEN
    assert state("hard.imatrix", with_facts(release(), "M1", imatrix=imatrix("neo")), label="M1") is BROKEN


def test_an_imatrix_fact_that_the_policy_does_not_name_may_be_missing() -> None:
    assert state("hard.imatrix", with_facts(release(), "M3", imatrix=replace(imatrix("h"), chunks_count=None))) is KEPT
    assert state("hard.imatrix", with_facts(release(), "M3", imatrix=replace(imatrix("h"), dataset=None))) is BROKEN
    assert state("hard.imatrix", with_facts(release(), "M3", imatrix=replace(imatrix("h"), dataset=""))) is BROKEN


def test_another_template_than_the_references_is_broken_and_a_missing_one_not_measured() -> None:
    assert state("hard.template", release()) is KEPT
    assert state("hard.template", with_facts(release(), "M3", chat_template_hash="u" * 64)) is BROKEN
    assert state("hard.template", with_facts(release(), "M3", chat_template_hash=None)) is NOT_MEASURED


def test_another_quant_type_than_the_references_is_broken() -> None:
    assert state("hard.quant-type", release()) is KEPT
    assert state("hard.quant-type", with_facts(release(), "M3", quant_type="Q3_K_M")) is BROKEN


def test_bits_per_weight_are_compared_unrounded() -> None:
    # The limit is 0.98 of the reference's 4 bits (1,000 bytes for 2,000 weights).
    assert state("hard.bits", with_facts(release(), "M3", size_bytes=980)) is KEPT
    assert state("hard.bits", with_facts(release(), "M3", size_bytes=979)) is BROKEN
    # 0.9799999 prints as 0.98 and is below it.
    below = with_facts(release(), "M3", size_bytes=9_799_999, n_parameters=20_000_000)
    assert state("hard.bits", below) is BROKEN


def test_a_changed_reference_needs_a_notice_of_this_very_payload() -> None:
    changed = with_facts(release(), "M1", payload_hash="9" * 64)
    assert state("hard.reference-payload", release(), release(), label="M1") is KEPT
    assert state("hard.reference-payload", changed, release(), label="M1") is BROKEN
    for payload, expected in (("9" * 12, KEPT), ("8" * 12, BROKEN)):
        told = policy().model_copy(update={"notices": (Notice(variant="M1", payload=payload, reason="rebuilt"),)})
        assert observe("hard.reference-payload", changed, release(), told)["M1", "*"].state is expected


def test_a_changed_variant_is_a_warning_by_default() -> None:
    changed = with_facts(release(), "M3", payload_hash="9" * 64)
    assert state("hard.variant-payload", changed, release()) is BROKEN
    assert state("hard.variant-payload", release(), release()) is KEPT
    found = [one for one in judge(changed, baseline()).findings if one.rule == "hard.variant-payload"]
    assert [one.outcome.value for one in found] == ["pass", "warn"]
    assert not any(one.blocks for one in found)


def test_swapped_files_are_found_in_both_places() -> None:
    payloads = {one.label: one.payload_hash for one in release().variants}
    swapped = with_facts(with_facts(release(), "M2", payload_hash=payloads["M3"]), "M3", payload_hash=payloads["M2"])
    found = observe("hard.swapped", swapped, release())
    assert {label: one.state for (label, _), one in found.items()} == {"M1": KEPT, "M2": BROKEN, "M3": BROKEN}
    assert "M2" in found["M3", "*"].message
    assert {one.state for one in observe("hard.swapped", release(), release()).values()} == {KEPT}


def test_tensors_that_two_labels_shared_in_the_baseline_are_no_swap() -> None:
    twins = with_facts(release(), "M2", payload_hash=release().variants[2].payload_hash)
    assert {one.state for one in observe("hard.swapped", twins, twins).values()} == {KEPT}


def test_another_imatrix_than_in_the_baseline_is_broken_unless_announced() -> None:
    wrong = with_facts(release(), "M3", imatrix=imatrix("neo"), payload_hash="9" * 64)
    assert state("hard.imatrix-changed", release(), release()) is KEPT
    found = observe("hard.imatrix-changed", wrong, release())["M3", "*"]
    assert found.state is BROKEN
    assert "'neo'" in found.message
    assert "'horror'" in found.message
    told = policy().model_copy(update={"notices": (Notice(variant="M3", payload="9" * 12, reason="on purpose"),)})
    assert observe("hard.imatrix-changed", wrong, release(), told)["M3", "*"].state is KEPT


def test_a_lost_imatrix_is_a_changed_one() -> None:
    lost = with_facts(release(), "M3", imatrix=None)
    assert state("hard.imatrix-changed", lost, release()) is BROKEN
    assert state("hard.imatrix-changed", with_facts(lost, "M3", imatrix=Imatrix()), lost) is KEPT


def test_other_distributions_of_the_same_reference_are_found() -> None:
    other = replace(release(), reference_digest="e" * 64)
    assert state("hard.reference-store", release(), release(), label="*") is KEPT
    assert state("hard.reference-store", other, release(), label="*") is BROKEN


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (replace(release(), reference_digest=None), release()),
        (release(), replace(release(), reference_digest=None)),
        (change(release(), "M1", lambda one: replace(one, payload_hash="9" * 64)), release()),
    ],
    ids=["none-now", "none-then", "another-reference"],
)
def test_distributions_that_cannot_be_compared_are_not_measured(now: Release, then: Release) -> None:
    assert state("hard.reference-store", now, then, label="*") is NOT_MEASURED


@pytest.mark.parametrize(
    "rule",
    ["hard.reference-payload", "hard.variant-payload", "hard.swapped", "hard.imatrix-changed", "hard.reference-store"],
)
def test_without_a_baseline_identity_is_not_measured(rule: str) -> None:
    assert state(rule, release(), label="*") is NOT_MEASURED


def test_a_variant_that_the_baseline_does_not_know_is_no_change() -> None:
    more = replace(release(), variants=(*release().variants, variant("M4", imatrix=imatrix("both"))))
    assert ("M4", "*") not in observe("hard.variant-payload", more, release())
    assert state("hard.swapped", more, release(), label="M4") is KEPT
