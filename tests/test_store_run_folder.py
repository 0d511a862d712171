"""A run folder is found again, kept from two writers, and read back as it was written."""

from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.records.errors import RunFolderError
from evalkit.records.generation import Certificate, CertificateState
from evalkit.records.run import RunStatus
from evalkit.records.run_data import Measurement
from evalkit.records.scores import AnswerTint, Figure, Metric, RunSummary, Score, SentenceTint, VariantSummary
from evalkit.store.run_folder import RunFolder
from evalkit.store.runs import find_run, open_run
from tests.samples import manifest, variant

FIGURE = Figure(value=0.1 + 0.2, low=-1e-17, high=3.0, n=4)
UNMEASURED = Figure(value=None, n=0, reason='no "reference", sadly')


def measurement() -> Measurement:
    return Measurement(
        certificates=(
            Certificate(
                label="M1", prompt_id="inn", state=CertificateState.FORKED, n_regenerations=3, fork_token=7,
                fork_margin_nats=0.01,
            ),
        ),
        scores=(
            Score(label="NA", prompt_id="inn", metric=Metric.DELTA_TINT, figure=FIGURE),
            Score(label="M,2", prompt_id="*", metric=Metric.CHRF, figure=UNMEASURED),
        ),
        tints=(
            AnswerTint(
                label="M1", prompt_id="inn",
                sentences=(
                    SentenceTint(start=0, end=5, n_words=1, tint=51.5, category="dread", lexicon_hits=("dark",)),
                ),
            ),
        ),
    )  # fmt: skip


SUMMARY = RunSummary(
    variants=(VariantSummary(label="M1", figures={Metric.CHRF: UNMEASURED}, verdict="reference"),),
    reproducible=None,
    notes=("few prompts",),
)


def test_what_was_measured_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, manifest())
    folder.write_measurement(measurement(), SUMMARY)
    run = folder.read_data()
    assert run.measurement == measurement()
    assert run.summary == SUMMARY
    assert run.manifest == manifest()


def test_an_unmeasured_figure_has_an_empty_value_and_its_reason_in_the_csv(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, manifest())
    folder.write_measurement(measurement(), SUMMARY)
    lines = (folder.path / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "variant,prompt,metric,value,low,high,n,unit,reason"
    assert lines[2] == '"M,2",*,chrf,,,,0,0 to 100,"no ""reference"", sadly"'


def test_an_unscored_run_says_how_to_score_it(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, manifest())
    with pytest.raises(RunFolderError, match=r"was not scored\. Do it with: evalkit score"):
        folder.read_data()


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, manifest())
    with (
        folder.locked(),
        pytest.raises(RunFolderError, match="in use by another evalkit process"),
        RunFolder(folder.path).locked(),
    ):
        pass
    with folder.locked():
        pass


def test_the_newest_run_with_the_fingerprint_is_found_past_a_damaged_one(tmp_path: Path) -> None:
    RunFolder.create(tmp_path, manifest("20260101T000000Z-a", "fp"))
    newest = RunFolder.create(tmp_path, manifest("20260102T000000Z-a", "fp"))
    RunFolder.create(tmp_path, manifest("20260103T000000Z-b", "other"))
    damaged = RunFolder.create(tmp_path, manifest("20260104T000000Z-a", "fp"))
    (damaged.path / "manifest.json").write_text("{")
    found = find_run(tmp_path, "fp")
    assert found is not None
    assert found.path == newest.path
    assert find_run(tmp_path, "none") is None


def test_a_run_is_meant_by_path_by_the_start_of_its_id_or_as_the_newest(tmp_path: Path) -> None:
    first = RunFolder.create(tmp_path, manifest("20260101T000000Z-a"))
    second = RunFolder.create(tmp_path, manifest("20260102T000000Z-b"))
    assert open_run(tmp_path, str(first.path)).path == first.path
    assert open_run(tmp_path, "20260101").path == first.path
    assert open_run(tmp_path, None).path == second.path


@pytest.mark.parametrize(("run", "message"), [("2026", "start of 2 runs"), ("x", "no run 'x'")])
def test_a_run_that_is_not_there_or_not_one_is_an_error(tmp_path: Path, run: str, message: str) -> None:
    RunFolder.create(tmp_path, manifest("20260101T000000Z-a"))
    RunFolder.create(tmp_path, manifest("20260102T000000Z-b"))
    with pytest.raises(RunFolderError, match=message):
        open_run(tmp_path, run)


def test_an_empty_results_folder_says_how_to_make_a_run(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="evalkit run --models") as refused:
        open_run(tmp_path / "none", None)
    assert refused.value.exit_code == 2


def test_a_no_op_variant_does_not_overwrite_the_references_noise(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, manifest())
    reference, other = variant("M1"), variant("M2")
    twin = replace(other, payload_hash=reference.payload_hash)
    assert folder.positions_folder(twin) != folder.positions_folder(reference)


def test_equal_tensors_behind_another_template_keep_what_they_read_apart(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, manifest())
    one = variant("M2")
    other = replace(one, label="M3", source=replace(one.header, chat_template_hash="b" * 64))
    assert folder.positions_folder(other) != folder.positions_folder(one)
    assert folder.tint_folder(other) != folder.tint_folder(one)
    assert folder.positions_folder(replace(one, label="M4")) == folder.positions_folder(one)


@pytest.mark.parametrize("content", [b"", b"bad", b"PK\x03\x04"])
def test_a_damaged_positions_file_is_an_error_that_says_to_delete_that_one_file(tmp_path: Path, content: bytes) -> None:
    folder = RunFolder.create(tmp_path, manifest())
    folder.prepare_to_append(manifest().config.family.variants)
    (folder.path / "noise" / "inn.npz").write_bytes(content)
    with pytest.raises(RunFolderError, match=r"inn\.npz is damaged.*Delete this one file"):
        folder.read_positions()


def test_the_status_is_kept(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, manifest())
    folder.set_status(RunStatus.INTERRUPTED)
    assert RunFolder(folder.path).read_manifest().status is RunStatus.INTERRUPTED
