"""From a run to what the gate reads of it, and to the file that people review."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.gate.case import in_answers, in_scores
from evalkit.gate.release import release_of
from evalkit.gate.signature import signature_differences, signature_of
from evalkit.records.errors import RunFolderError, UsageError
from evalkit.records.gate import Baseline
from evalkit.records.generation import CertificateState
from evalkit.records.run_data import RunData
from evalkit.records.scores import Figure, Metric
from evalkit.report.trace import answer_anchor, figure_anchor
from evalkit.store.gate_files import as_json, read_baseline, write_baseline
from tests.gate_samples import baseline, release, with_facts
from tests.report_data import published_run
from tests.samples import manifest


def test_a_run_keeps_its_facts_figures_and_certificates() -> None:
    found = release_of(published_run(), (), "d" * 64)
    m5 = found.find("M5")
    assert m5 is not None
    assert m5.prompts["near-twins"].certificate is CertificateState.FORKED
    assert m5.prompts["near-twins"].certificate_note == "at token 41, margin 0.0021 nats"
    assert m5.prompts["waystone"].n_answers == 3
    assert m5.prompts["waystone"].figures[Metric.DELTA_TINT].value == -2.25
    assert m5.imatrix is not None
    assert [failure.label for failure in found.failed] == ["M10"]
    assert found.reference.label == "M1"
    m10 = found.find("M10")
    assert m10 is not None
    assert m10.prompts["near-twins"].n_answers == 0


def with_loop_value(value: float) -> RunData:
    run = published_run()
    scores = tuple(
        replace(score, figure=Figure(value=value)) if (score.label, score.metric) == ("M3", Metric.LOOP) else score
        for score in run.measurement.scores
    )
    return replace(run, measurement=replace(run.measurement, scores=scores))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_becomes_a_reason_and_is_named(value: float) -> None:
    m3 = release_of(with_loop_value(value), (), None).find("M3")
    assert m3 is not None
    assert m3.not_finite == ("loop on waystone", "loop on near-twins")
    assert m3.prompts["waystone"].figures[Metric.LOOP] == Figure.not_measured("It is not a finite number.")
    sound = release_of(with_loop_value(0.0), (), None).find("M3")
    assert sound is not None
    assert sound.not_finite == ()


def test_margins_that_are_not_finite_are_named_too() -> None:
    run = published_run()
    first = replace(run.generations[0], margins_nats=(0.1, math.nan))
    found = release_of(replace(run, generations=(first, *run.generations[1:])), (), None).find(first.label)
    assert found is not None
    assert found.not_finite == (f"margins on {first.prompt_id}, regeneration 0",)


def test_threads_are_no_part_of_the_signature_and_batches_are() -> None:
    one = manifest()
    more_threads = replace(one, config=replace(one.config, engine=replace(one.config.engine, n_threads=8)))
    other_batch = replace(one, config=replace(one.config, engine=replace(one.config.engine, n_ubatch=64)))
    assert signature_of(one) == signature_of(more_threads)
    (difference,) = signature_differences(signature_of(other_batch), signature_of(one))
    assert difference == "engine.n_ubatch: 64 now, 512 in the baseline"


def test_suite_decoding_build_and_kernel_path_are_in_the_signature() -> None:
    names = set(signature_of(manifest()))
    assert {"suite", "decoding.repeat_penalty", "build.library_hash", "build.system_info", "evalkit"} <= names
    assert "engine.repack_weights" in names


def test_a_run_of_imported_texts_is_refused() -> None:
    with pytest.raises(UsageError, match="made elsewhere"):
        signature_of(replace(manifest(), build=None))


def test_a_baseline_reads_back_as_it_was_written(tmp_path: Path) -> None:
    accepted = baseline(release_of(published_run(), (), "d" * 64))
    write_baseline(tmp_path / "baseline.json", accepted)
    assert read_baseline(tmp_path / "baseline.json") == accepted


def test_a_baseline_is_one_text_for_one_release_with_short_parts_on_one_line(tmp_path: Path) -> None:
    text = as_json(baseline())
    assert text == as_json(baseline())
    assert max(map(len, text.splitlines())) <= 120
    assert json.loads(text)["release"]["variants"][1]["imatrix"]["dataset"] == "neo"
    assert '"kl_divergence": {"value": 0.01}' in text


def test_values_are_kept_to_the_last_bit(tmp_path: Path) -> None:
    value = 0.1 + 0.2
    accepted = baseline()
    first = accepted.release.variants[1]
    figures = first.figures | {Metric.KL_DIVERGENCE: Figure(value=value, low=value / 3, high=value * 3, n=4)}
    changed = replace(accepted.release, variants=(replace(first, figures=figures),))
    write_baseline(tmp_path / "b.json", replace(accepted, release=changed))
    assert read_baseline(tmp_path / "b.json").release.variants[0].figures[Metric.KL_DIVERGENCE].value == value


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"schema_version": 1}', "\x00\xff", '{"schema_version": 1, "release": 3}']
)
def test_a_damaged_baseline_says_what_to_do(content: str, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(content, encoding="latin-1")
    with pytest.raises(RunFolderError, match="bless a run again"):
        read_baseline(tmp_path / "b.json")


def test_half_a_character_from_a_strangers_header_reads_back(tmp_path: Path) -> None:
    accepted = baseline(with_facts(release(), "M3", name="a\ud800b"))
    write_baseline(tmp_path / "b.json", accepted)
    assert read_baseline(tmp_path / "b.json") == accepted


def test_a_baseline_of_another_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{"schema_version": 99}')
    with pytest.raises(RunFolderError, match="schema version 99"):
        read_baseline(tmp_path / "b.json")


def test_no_baseline_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="evalkit bless"):
        read_baseline(tmp_path / "b.json")


def test_evidence_leads_to_the_places_of_the_report() -> None:
    found = release()
    assert in_scores(found, "M2", "*", Metric.KL_DIVERGENCE).anchor == figure_anchor(2, Metric.KL_DIVERGENCE)
    assert in_scores(found, "M3", "sky", Metric.LOOP).anchor == answer_anchor(2, 3)
    assert in_answers(found, "M1", "inn", "certificates.jsonl").anchor == answer_anchor(1, 1)
    assert in_scores(found, "M9", "*", Metric.LOOP).anchor == "summary"


def test_a_baseline_says_who_accepted_it_when_and_why() -> None:
    plain = json.loads(
        as_json(Baseline(reason="v2", blessed_by="ann", blessed_utc="2026-11-24T10:00:00Z", release=release()))
    )
    assert (plain["reason"], plain["blessed_by"], plain["blessed_utc"]) == ("v2", "ann", "2026-11-24T10:00:00Z")
