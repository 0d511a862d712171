"""The payload hash is a variant's identity: it follows the weights and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import gguf
import pytest

from evalkit.family import payload
from evalkit.family.gguf_header import read_model
from evalkit.records.errors import GgufError
from tests.gguf_samples import TOKENS, write_gguf

DEMO_MODEL = Path(__file__).parents[1] / "evalkit/demo/data/hollow-lantern-6m-Q8_0.gguf"


def hash_of(*paths: Path) -> str:
    return payload.payload_hash(read_model(paths))


def slow_hash(paths: Sequence[Path]) -> str:
    """The documented definition, over what the `gguf` package reads."""
    tensors = [tensor for path in paths for tensor in gguf.GGUFReader(path).tensors]
    digest = hashlib.sha256()
    for tensor in sorted(tensors, key=lambda tensor: tensor.name):
        line = [tensor.name, tensor.tensor_type.name, list(map(int, tensor.shape)), int(tensor.n_bytes)]
        digest.update(json.dumps(line).encode() + b"\n" + tensor.data.tobytes())
    return digest.hexdigest()


def test_the_hash_of_a_real_model_is_that_of_the_definition() -> None:
    assert hash_of(DEMO_MODEL) == slow_hash([DEMO_MODEL])


def test_the_hash_does_not_depend_on_the_size_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "BLOCK_BYTES", 1000)
    assert hash_of(DEMO_MODEL) == slow_hash([DEMO_MODEL])


def test_metadata_and_file_names_leave_the_hash_alone(tmp_path: Path) -> None:
    plain = write_gguf(tmp_path / "plain.gguf")
    other = write_gguf(tmp_path / "other.gguf", name="Other", template=None, tokens=TOKENS[:3], extra={"a.b": 7})
    assert hash_of(plain) == hash_of(other)


def test_one_changed_byte_of_a_weight_changes_the_hash(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    before = hash_of(path)
    content = bytearray(path.read_bytes())
    tensor = read_model([path]).parts[0].tensors[0]
    content[tensor.offset] ^= 1
    path.write_bytes(content)
    assert hash_of(path) != before


def test_other_weights_have_another_hash(tmp_path: Path) -> None:
    assert hash_of(write_gguf(tmp_path / "a.gguf", seed=1)) != hash_of(write_gguf(tmp_path / "b.gguf", seed=2))


def test_a_split_model_has_the_hash_of_the_whole(tmp_path: Path) -> None:
    whole = write_gguf(tmp_path / "whole.gguf")
    write_gguf(tmp_path / "model.gguf", split_max_tensors=1)
    parts = sorted(tmp_path.glob("model-*.gguf"))
    assert len(parts) == 2
    assert hash_of(*parts) == hash_of(whole)


def test_a_file_that_shrinks_after_its_header_was_read_is_refused(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    model = read_model([path])
    path.write_bytes(path.read_bytes()[:-90])
    with pytest.raises(GgufError, match=r"a\.gguf became shorter while 'blk\.0\.weight' was read"):
        payload.payload_hash(model)


def test_a_file_that_vanishes_after_its_header_was_read_is_refused(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    model = read_model([path])
    path.unlink()
    with pytest.raises(GgufError, match=r"a\.gguf cannot be read: No such file"):
        payload.payload_hash(model)
