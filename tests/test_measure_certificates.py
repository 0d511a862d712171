"""A certificate says identical only when every regeneration was seen to be."""

from dataclasses import replace

import pytest

from evalkit.measure.certificates import certify, group_regenerations, regeneration_agreement
from evalkit.records.errors import NotMeasuredError
from evalkit.records.generation import Cell, Certificate, CertificateState, Generation, Method, StopReason, WarmFinding
from tests.samples import generation


def regeneration(
    index: int, *token_ids: int, label: str = "M1", stop: StopReason = StopReason.END_OF_TURN
) -> Generation:
    cell = Cell(label=label, prompt_id="inn", regeneration_index=index)
    margins = tuple(0.1 * (position + 1) for position in range(len(token_ids)))
    return replace(generation(cell, token_ids), margins_nats=margins, stop_reason=stop)


def certificate_of(*regenerations: Generation, n_asked: int = 3) -> Certificate:
    (certificate,) = certify(regenerations, labels=("M1",), prompt_ids=("inn",), n_regenerations=n_asked)
    return certificate


def test_three_equal_regenerations_are_identical() -> None:
    certificate = certificate_of(*(regeneration(index, 5, 6, 7) for index in range(3)))
    assert certificate == Certificate(label="M1", prompt_id="inn", state=CertificateState.IDENTICAL, n_regenerations=3)


def test_a_fork_is_reported_at_its_first_token_with_the_first_regenerations_margin() -> None:
    certificate = certificate_of(regeneration(0, 5, 6, 7), regeneration(1, 5, 6, 8), regeneration(2, 5, 9, 7))
    assert certificate.state is CertificateState.FORKED
    assert certificate.fork_token == 1
    assert certificate.fork_margin_nats == pytest.approx(0.2)


def test_order_of_the_lines_changes_nothing() -> None:
    lines = [regeneration(0, 5, 6), regeneration(1, 5, 7), regeneration(2, 4, 6)]
    assert certificate_of(*lines) == certificate_of(*reversed(lines))


def test_an_answer_that_ends_early_forks_at_its_length() -> None:
    shorter_later = certificate_of(regeneration(0, 5, 6, 7), regeneration(1, 5, 6), n_asked=2)
    assert (shorter_later.fork_token, shorter_later.fork_margin_nats) == (2, pytest.approx(0.3))
    shorter_first = certificate_of(regeneration(0, 5, 6), regeneration(1, 5, 6, 7), n_asked=2)
    assert (shorter_first.fork_token, shorter_first.fork_margin_nats) == (2, None)


def test_another_stop_reason_with_equal_tokens_is_a_fork_at_the_end() -> None:
    certificate = certificate_of(regeneration(0, 5, 6), regeneration(1, 5, 6, stop=StopReason.MAX_TOKENS), n_asked=2)
    assert (certificate.state, certificate.fork_token) == (CertificateState.FORKED, 2)
    assert certificate.fork_margin_nats is None


def test_a_missing_regeneration_is_not_identical() -> None:
    certificate = certificate_of(regeneration(0, 5), regeneration(1, 5))
    assert certificate.state is CertificateState.NOT_MEASURED
    assert certificate.reason == "Only 2 of 3 regenerations exist."


def test_a_fork_stands_although_a_regeneration_is_missing() -> None:
    certificate = certificate_of(regeneration(0, 5), regeneration(2, 6))
    assert (certificate.state, certificate.fork_token, certificate.reason) == (CertificateState.FORKED, 0, None)


def test_one_regeneration_proves_nothing() -> None:
    asked_once = certificate_of(regeneration(0, 5), n_asked=1)
    assert asked_once.state is CertificateState.NOT_MEASURED
    assert "at least 2" in (asked_once.reason or "")
    assert certificate_of(regeneration(0, 5)).reason == "Only 1 of 3 regenerations exists."


def test_no_answer_and_no_first_regeneration_are_not_measured() -> None:
    assert certificate_of().reason == "There is no answer."
    without_first = certificate_of(regeneration(1, 5), regeneration(2, 5))
    assert without_first.state is CertificateState.NOT_MEASURED
    assert "first regeneration" in (without_first.reason or "")


def test_two_empty_answers_are_identical() -> None:
    assert certificate_of(regeneration(0), regeneration(1), n_asked=2).state is CertificateState.IDENTICAL


def test_other_variants_do_not_count() -> None:
    certificate = certificate_of(regeneration(0, 5), regeneration(1, 5), regeneration(2, 6, label="M2"), n_asked=2)
    assert certificate.state is CertificateState.IDENTICAL


def test_agreement_is_the_share_of_later_regenerations_that_equal_the_first() -> None:
    lines = (regeneration(0, 5), regeneration(1, 5), regeneration(2, 6))
    assert regeneration_agreement(group_regenerations(lines)["M1", "inn"], certificate_of(*lines)) == 0.5


def test_agreement_is_not_measured_where_the_certificate_is_not() -> None:
    lines = (regeneration(0, 5), regeneration(1, 5))
    with pytest.raises(NotMeasuredError, match="Only 2 of 3"):
        regeneration_agreement(lines, certificate_of(*lines))


def test_a_warm_answer_is_no_regeneration_but_a_finding_of_its_own() -> None:
    cold = [generation(Cell(label="M1", prompt_id="inn", regeneration_index=index)) for index in range(2)]
    other = generation(Cell(label="M1", prompt_id="inn", regeneration_index=2), token_ids=(1, 9, 3))
    warm = replace(other, method=Method.WARM)
    (certificate,) = certify([*cold, warm], labels=["M1"], prompt_ids=["inn"], n_regenerations=2)
    assert certificate.state is CertificateState.IDENTICAL
    assert certificate.n_regenerations == 2
    # The first two of (1, 2, 3) and (1, 9, 3) part at index 1, where the sample's margin is 1.
    assert certificate.warm == WarmFinding(fork_token=1, fork_margin_nats=1.0)


def test_without_a_warm_answer_there_is_no_warm_finding() -> None:
    cold = [generation(Cell(label="M1", prompt_id="inn", regeneration_index=index)) for index in range(2)]
    (certificate,) = certify(cold, labels=["M1"], prompt_ids=["inn"], n_regenerations=2)
    assert certificate.warm is None
