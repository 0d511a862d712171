"""Distances of tensors by hand, and against the `gguf` package's own dequantisation."""

from pathlib import Path

import gguf
import numpy as np
import pytest

from evalkit.family import tensor_distance
from evalkit.family.gguf_header import GgufModel, read_model
from evalkit.family.tensor_distance import compare_tensors, layer_and_kind
from evalkit.records.errors import GgufError
from evalkit.records.tensors import TensorComparison, TensorDistance

Q = gguf.GGMLQuantizationType


def write(path: Path, tensors: dict[str, tuple[np.ndarray, Q]]) -> GgufModel:
    writer = gguf.GGUFWriter(path, "llama")
    for name, (values, kind) in tensors.items():
        if kind is Q.F32:
            writer.add_tensor(name, values.astype(np.float32))
        else:
            writer.add_tensor(name, gguf.quantize(values.astype(np.float32), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return read_model([path])


def compare(first: GgufModel, second: GgufModel) -> TensorComparison:
    return compare_tensors(first, second, labels=("M1", "M2"), on_progress=lambda _step: None)


def only(comparison: TensorComparison) -> TensorDistance:
    (tensor,) = comparison.tensors
    return tensor


def test_a_distance_by_hand(tmp_path: Path) -> None:
    # (3, 4) and (3, 3): difference (0, -1), relative 1 / 5, cosine 21 / (5 * 4.2426) = .98995.
    first = write(tmp_path / "a.gguf", {"blk.7.attn_q.weight": (np.array([[3, 4]]), Q.F32)})
    second = write(tmp_path / "b.gguf", {"blk.7.attn_q.weight": (np.array([[3, 3]]), Q.F32)})
    tensor = only(compare(first, second))
    assert (tensor.layer, tensor.kind, tensor.is_equal) == (7, "attn_q", False)
    assert (tensor.n_values, tensor.n_compared, tensor.share_moved) == (2, 2, 0.5)
    assert tensor.rms_relative == pytest.approx(0.2)
    assert tensor.cosine == pytest.approx(0.98995, abs=1e-5)
    assert tensor.max_abs == 1


def test_the_distance_is_relative_to_the_first_file(tmp_path: Path) -> None:
    first = write(tmp_path / "a.gguf", {"x": (np.array([[1.0]]), Q.F32)})
    second = write(tmp_path / "b.gguf", {"x": (np.array([[3.0]]), Q.F32)})
    assert only(compare(first, second)).rms_relative == pytest.approx(2)
    assert only(compare(second, first)).rms_relative == pytest.approx(2 / 3)


@pytest.mark.parametrize("kind", [Q.Q8_0, Q.Q4_0, Q.Q5_1, Q.BF16, Q.F16])
def test_quantised_values_are_those_of_the_gguf_package(tmp_path: Path, kind: Q) -> None:
    values = np.random.default_rng(1).normal(size=(8, 256))
    first = write(tmp_path / "a.gguf", {"x.weight": (values, Q.F32)})
    second = write(tmp_path / "b.gguf", {"x.weight": (values, kind)})
    tensor = only(compare(first, second))
    rounded = gguf.dequantize(gguf.quantize(values.astype(np.float32), kind), kind).astype(np.float64)
    expected = np.linalg.norm(rounded - values.astype(np.float32)) / np.linalg.norm(values.astype(np.float32))
    assert (tensor.first_type, tensor.second_type) == ("F32", kind.name)
    assert tensor.rms_relative == pytest.approx(expected, rel=1e-6)


def test_equal_files_are_a_proven_no_op(tmp_path: Path) -> None:
    values = {"x.weight": (np.ones((2, 32)), Q.Q8_0), "y.weight": (np.ones((1, 4)), Q.F32)}
    found = compare(write(tmp_path / "a.gguf", values), write(tmp_path / "b.gguf", values))
    assert found.is_no_op
    assert found.n_moved == 0
    assert {cell.rms_relative for cell in found.cells} == {0.0}


def test_one_changed_byte_is_no_no_op(tmp_path: Path) -> None:
    first = write(tmp_path / "a.gguf", {"x.weight": (np.ones((2, 32)), Q.Q8_0)})
    content = bytearray((tmp_path / "a.gguf").read_bytes())
    content[first.parts[0].tensors[0].offset + 20] ^= 1
    (tmp_path / "b.gguf").write_bytes(content)
    found = compare(first, read_model([tmp_path / "b.gguf"]))
    assert not found.is_no_op
    assert only(found).share_moved == pytest.approx(1 / 64)


def test_tensors_of_one_file_only_are_named_and_other_shapes_have_a_reason(tmp_path: Path) -> None:
    first = write(tmp_path / "a.gguf", {"x": (np.ones((2, 2)), Q.F32), "old": (np.ones((1, 1)), Q.F32)})
    second = write(tmp_path / "b.gguf", {"x": (np.ones((1, 4)), Q.F32), "new": (np.ones((1, 1)), Q.F32)})
    found = compare(first, second)
    assert (found.only_first, found.only_second, found.is_no_op) == (("old",), ("new",), False)
    assert only(found).rms_relative is None
    assert "shape" in str(only(found).reason)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_broken_weights_have_a_reason_and_no_distance(tmp_path: Path, bad: float) -> None:
    first = write(tmp_path / "a.gguf", {"x": (np.ones((1, 4)), Q.F32)})
    second = write(tmp_path / "b.gguf", {"x": (np.array([[1, 1, bad, 1]]), Q.F32)})
    tensor = only(compare(first, second))
    assert (tensor.is_equal, tensor.rms_relative) == (False, None)
    assert "not finite" in str(tensor.reason)


def test_a_zeroed_tensor_has_no_relative_distance(tmp_path: Path) -> None:
    first = write(tmp_path / "a.gguf", {"x": (np.zeros((1, 4)), Q.F32)})
    second = write(tmp_path / "b.gguf", {"x": (np.ones((1, 4)), Q.F32)})
    tensor = only(compare(first, second))
    assert (tensor.rms_relative, tensor.cosine, tensor.max_abs) == (None, None, 1)
    assert tensor.reason


def test_of_a_large_tensor_evenly_spread_rows_are_read_and_their_number_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensor_distance, "MAX_VALUES", 4096)
    monkeypatch.setattr(tensor_distance, "GROUP_VALUES", 512)
    rng = np.random.default_rng(2)
    values = rng.normal(size=(1000, 64))
    moved = values + rng.normal(0, 0.1, values.shape)
    first = write(tmp_path / "a.gguf", {"x": (values, Q.F32)})
    second = write(tmp_path / "b.gguf", {"x": (moved, Q.F32)})
    tensor = only(compare(first, second))
    assert (tensor.n_values, tensor.n_compared) == (64_000, 4096)
    # The standard error of a root mean square of 4096 values is 1 / sqrt(2 * 4096) = 1.1 %.
    assert tensor.rms_relative == pytest.approx(0.1, rel=0.05)


def test_a_change_that_the_sample_misses_still_counts_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensor_distance, "MAX_VALUES", 64)
    monkeypatch.setattr(tensor_distance, "GROUP_VALUES", 32)
    values = np.ones((100, 32))
    moved = values.copy()
    moved[50, 3] = 2
    first = write(tmp_path / "a.gguf", {"x": (values, Q.F32)})
    tensor = only(compare(first, write(tmp_path / "b.gguf", {"x": (moved, Q.F32)})))
    assert (tensor.is_equal, tensor.share_moved, tensor.rms_relative) == (False, 0, 0)


def test_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    first = write(tmp_path / "a.gguf", {"x": (np.ones((64, 64)), Q.F32)})
    second = write(tmp_path / "b.gguf", {"x": (np.zeros((64, 64)), Q.F32)})
    (tmp_path / "b.gguf").write_bytes((tmp_path / "b.gguf").read_bytes()[:-5000])
    with pytest.raises(GgufError, match="became shorter"):
        compare(first, second)
    (tmp_path / "b.gguf").unlink()
    with pytest.raises(GgufError, match="cannot be read"):
        compare(first, second)


@pytest.mark.parametrize(
    ("name", "layer", "kind"),
    [
        ("blk.3.attn_q.weight", 3, "attn_q"),
        ("blk.12.ffn_down_exps.weight", 12, "ffn_down_exps"),
        ("blk.0.attn_q.bias", 0, "attn_q.bias"),
        ("token_embd.weight", None, "token_embd"),
        ("blk.x.weight", None, "blk.x"),
    ],
)
def test_names_tell_layer_and_kind(name: str, layer: int | None, kind: str) -> None:
    assert layer_and_kind(name) == (layer, kind)


def test_kinds_are_summed_up_by_their_values(tmp_path: Path) -> None:
    first = write(tmp_path / "a.gguf", {f"blk.{i}.q.weight": (np.ones((1, 4)), Q.F32) for i in range(2)})
    second = write(
        tmp_path / "b.gguf",
        {"blk.0.q.weight": (np.ones((1, 4)), Q.F32), "blk.1.q.weight": (np.full((1, 4), 3.0), Q.F32)},
    )
    (kind,) = compare(first, second).kinds
    # Distances 0 and 2 over equally many values: sqrt(4 / 2).
    assert (kind.kind, kind.n_tensors, kind.n_moved) == ("q", 2, 1)
    assert kind.rms_relative == pytest.approx(2**0.5)
