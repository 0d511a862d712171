"""What is kept of the logits comes back as it was, or says that it is damaged."""

from pathlib import Path

import numpy as np
import pytest

from evalkit.engine.recorder import DivergenceRecorder, ReferenceRecorder
from evalkit.records.errors import EngineError

ROWS = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]])).astype(np.float32)


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    recorder = ReferenceRecorder(tmp_path / "inn.npz", answer=(0, 2))
    for index, row in enumerate(ROWS):
        recorder.read(index, row)
    recorder.save()
    return tmp_path / "inn.npz"


def test_a_variant_is_measured_against_the_record_by_hand(reference: Path, tmp_path: Path) -> None:
    recorder = DivergenceRecorder(tmp_path / "out.npz", reference)
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
    with pytest.raises(EngineError, match=r"record inn\.npz is damaged. Delete .*inn\.npz"):
        DivergenceRecorder(tmp_path / "out.npz", reference)
