"""What is kept of the logits comes back as it was, or says that it is damaged."""

from pathlib import Path

import numpy as np
import pytest

from evalkit.engine.recorder import Chooser, DivergenceRecorder, ReferenceRecorder
from evalkit.records.decoding import Decoding
from evalkit.records.errors import EngineError, RunFolderError
from evalkit.records.positions import PositionScores
from evalkit.store.positions import read_parts, read_position_scores

CHOOSER = Chooser(
    prompt=(),
    decoding=Decoding(repeat_penalty=1.0),
    ends_turn=lambda token: token == 1,
    spell=lambda token: f"<{token}>",
)
ROWS = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]])).astype(np.float32)


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    recorder = ReferenceRecorder(tmp_path / "inn.npz", answer=(0, 2))
    for index, row in enumerate(ROWS):
        recorder.read(index, row)
    recorder.save()
    return tmp_path / "inn.npz"


def test_a_variant_is_measured_against_the_record_by_hand(reference: Path, tmp_path: Path) -> None:
    recorder = DivergenceRecorder(tmp_path / "out.npz", reference, CHOOSER)
    assert recorder.answer == (0, 2)
    recorder.read(0, np.log(np.array([0.25, 0.5, 0.25])).astype(np.float32))
    recorder.save()
    out = np.load(tmp_path / "out.npz")
    # One of two positions was read: 0.5 ln 2 - 0.25 ln 2 = 0.25 ln 2. The other is left out, not zero.
    assert out["kl_nats"].tolist() == pytest.approx([0.25 * np.log(2)], abs=1e-6)
    assert out["same_top"].tolist() == [False]
    assert out["log_p_reference"].tolist() == pytest.approx([np.log(0.5)], abs=1e-6)
    assert out["log_p_variant"].tolist() == pytest.approx([np.log(0.25)], abs=1e-6)


@pytest.mark.parametrize("keep", [0, 3, 100, -30])
def test_a_damaged_record_is_an_error_that_says_what_to_delete(reference: Path, tmp_path: Path, keep: int) -> None:
    reference.write_bytes(reference.read_bytes()[:keep])
    with pytest.raises(EngineError, match=r"record inn\.npz is damaged.*Delete .*inn\.npz"):
        DivergenceRecorder(tmp_path / "out.npz", reference, CHOOSER)


def logits(*probabilities: float) -> np.ndarray:
    return np.log(np.array(probabilities)).astype(np.float32)


def read_back(reference: Path, out: Path, *rows: np.ndarray, chooser: Chooser = CHOOSER) -> PositionScores:
    recorder = DivergenceRecorder(out, reference, chooser)
    for index, row in enumerate(rows):
        recorder.read(index, row.copy())
    recorder.save()
    return read_position_scores(out, "M2", "inn")


def test_what_the_variant_would_have_said_is_kept_by_hand(reference: Path, tmp_path: Path) -> None:
    # The answer is 0, 2. The variant takes 2 in place of 0, then agrees, then goes on where the reference ended.
    read = read_back(
        reference, tmp_path / "out.npz", logits(0.2, 0.3, 0.5), logits(0.1, 0.1, 0.8), logits(0.7, 0.2, 0.1)
    )
    assert (read.answer, read.choices, read.pieces) == ((0, 2), (2, 2, 0), ("<0>", "<2>"))
    assert (read.fork_token, read.fork_piece, read.flips) == (0, "<2>", (True, False))
    assert read.margins_nats[0] == pytest.approx(np.log(0.5 / 0.3), abs=1e-6)
    assert read.log_p_choice_variant[0] == pytest.approx(np.log(0.5), abs=1e-6)
    assert read.log_p_choice_reference[0] == pytest.approx(np.log(0.25), abs=1e-6)
    assert read.ends_too is False
    assert read.end_margin_nats == pytest.approx(np.log(0.7 / 0.2), abs=1e-6)
    # 0.2 ln(0.2/0.5) + 0.3 ln(0.3/0.25) + 0.5 ln(0.5/0.25) = .218013, and forward 0.5 ln 2.5 - .25 ln 1.2 - .25 ln 2.
    assert read.reverse_kl_nats[0] == pytest.approx(0.218013, abs=1e-5)
    assert read.kl_nats[0] == pytest.approx(0.239278, abs=1e-5)


def test_the_choice_is_made_after_the_repeat_penalty_on_the_references_words(reference: Path, tmp_path: Path) -> None:
    penalised = Chooser(prompt=(2,), decoding=Decoding(), ends_turn=CHOOSER.ends_turn, spell=CHOOSER.spell)
    # Token 2 stands in the prompt: 2.1 / 1.1 = 1.909 < 2.
    row = np.array([2.0, 0.0, 2.1], dtype=np.float32)
    assert read_back(reference, tmp_path / "out.npz", row, chooser=penalised).choices == (0,)
    assert read_back(reference, tmp_path / "out.npz", row).choices == (2,)


def test_the_reference_does_not_stray_from_its_own_record(reference: Path, tmp_path: Path) -> None:
    read = read_back(reference, tmp_path / "out.npz", *ROWS)
    assert max(*read.kl_nats, *read.reverse_kl_nats, *read.js_nats) < 1e-6
    assert min(*read.kl_nats, *read.reverse_kl_nats, *read.js_nats) >= 0
    own, kept = read_parts(tmp_path / "out.npz")
    np.testing.assert_allclose(np.exp(own), np.exp(kept), atol=1e-6)


def test_an_end_that_was_not_read_is_not_known(reference: Path, tmp_path: Path) -> None:
    read = read_back(reference, tmp_path / "out.npz", logits(0.5, 0.3, 0.2), logits(0.1, 0.1, 0.8))
    assert (read.fork_token, read.ends_too, read.end_margin_nats, read.fork_piece) == (None, None, None, None)


def test_both_ending_is_no_fork(reference: Path, tmp_path: Path) -> None:
    read = read_back(
        reference, tmp_path / "out.npz", logits(0.5, 0.3, 0.2), logits(0.1, 0.1, 0.8), logits(0.1, 0.8, 0.1)
    )
    assert (read.choices, read.ends_too, read.fork_token) == ((0, 2, 1), True, None)


@pytest.mark.parametrize("keep", [0, 3, 700, -30])
def test_a_damaged_file_of_positions_is_an_error_that_says_what_to_delete(
    reference: Path, tmp_path: Path, keep: int
) -> None:
    out = tmp_path / "out.npz"
    read_back(reference, out, *ROWS)
    out.write_bytes(out.read_bytes()[:keep])
    for reader in (lambda: read_position_scores(out, "M2", "inn"), lambda: read_parts(out)):
        with pytest.raises(RunFolderError, match=r"out\.npz is damaged.*Delete this one file"):
            reader()


def test_a_file_of_an_evalkit_that_kept_less_says_so(tmp_path: Path) -> None:
    np.savez(tmp_path / "old.npz", kl_nats=np.zeros(3))
    with pytest.raises(RunFolderError, match="measured less"):
        read_position_scores(tmp_path / "old.npz", "M2", "inn")
