"""Every broken file is refused at once, with its name and a reason, whatever its header claims."""

from __future__ import annotations

import os
import struct
import tracemalloc
from pathlib import Path

import gguf
import pytest

from evalkit.family.gguf_file import read_gguf_file
from evalkit.records.errors import GgufError
from tests.gguf_samples import array_key, raw_gguf, string, string_key, tensor_entry, u32_key, write_gguf

DEMO_MODEL = Path(__file__).parents[1] / "evalkit/demo/data/hollow-lantern-6m-Q8_0.gguf"


def big_endian(tmp_path: Path) -> bytes:
    return write_gguf(tmp_path / "big.gguf", endianess=gguf.GGUFEndian.BIG).read_bytes()


def sound(tmp_path: Path) -> bytes:
    return write_gguf(tmp_path / "sound.gguf").read_bytes()


BIG = 2**62
MALFORMED = {
    "empty": (b"", "it is empty"),
    "four bytes": (b"GGUF", "truncated"),
    "three bytes": (b"GGU", "truncated"),
    "garbage": (bytes(range(256)) * 40, "begins with"),
    "zeros": (bytes(4096), "begins with"),
    "wrong magic": (b"GGML" + raw_gguf()[4:], "begins with b'GGML'"),
    "a zip file": (b"PK\x03\x04" + bytes(100), "begins with b'PK"),
    "version 1": (raw_gguf(version=1), "GGUF version 1"),
    "version 4": (raw_gguf(version=4), "GGUF version 4"),
    "version 0": (raw_gguf(version=0), "GGUF version 0"),
    "2^62 tensors": (raw_gguf(n_tensors=BIG), "tensors"),
    "2^62 keys": (raw_gguf(n_keys=BIG), "keys"),
    "60,000 keys that are not there": (raw_gguf(n_keys=60_000), "truncated"),
    "60,000 tensors that are not there": (raw_gguf(n_tensors=60_000), "truncated"),
    "key of 2^60 bytes": (raw_gguf([struct.pack("<Q", 2**60)]), f"{2**60:,} bytes long"),
    "key that is not UTF-8": (raw_gguf([string_key(b"\xff\xfe", "a")]), "not UTF-8"),
    "string of 2^63 bytes": (raw_gguf([string("a") + struct.pack("<IQ", 8, 2**63)]), "damaged"),
    "string one byte too long": (raw_gguf([string("a") + struct.pack("<IQ", 8, 3) + b"ab"]), "truncated"),
    "unknown value type": (raw_gguf([string("a") + struct.pack("<I", 13)]), "unknown value type 13"),
    "key twice": (raw_gguf([u32_key("a", 1), u32_key("a", 1)]), "'a' twice"),
    "array key twice": (raw_gguf([array_key("a", 4, 0), array_key("a", 4, 0)]), "'a' twice"),
    "nested array": (raw_gguf([array_key("a", 9, 1, struct.pack("<IQ", 4, 0))]), "array of type 9"),
    "array of an unknown type": (raw_gguf([array_key("a", 77, 1)]), "array of type 77"),
    "2^62 numbers": (raw_gguf([array_key("a", 4, BIG)]), "truncated"),
    "2^62 strings": (raw_gguf([array_key("a", 8, BIG)]), "truncated"),
    "strings of 2^63 bytes": (raw_gguf([array_key("a", 8, 2, struct.pack("<QQ", 2**63, 2**63))]), "truncated"),
    "tokens of 2^60 bytes": (
        raw_gguf([array_key("tokenizer.ggml.tokens", 8, 1, struct.pack("<Q", 2**60))]),
        "truncated",
    ),
    "alignment 0": (raw_gguf([u32_key("general.alignment", 0)]), "power of two"),
    "alignment 48": (raw_gguf([u32_key("general.alignment", 48)]), "power of two"),
    "alignment as text": (raw_gguf([string_key("general.alignment", "32")]), "power of two"),
    "tensor name that is not UTF-8": (raw_gguf([], [tensor_entry(b"\xff", [4])], bytes(16)), "not UTF-8"),
    "tensor of 2^31 dimensions": (raw_gguf([], [string("a") + struct.pack("<I", 2**31)]), "dimensions"),
    "tensor of five dimensions": (raw_gguf([], [tensor_entry("a", [1] * 5)], bytes(4)), "5 dimensions"),
    "tensor of 2^63 rows": (raw_gguf([], [tensor_entry("a", [2**63] * 4)], bytes(16)), "bytes are missing"),
    "tensor of an unknown type": (raw_gguf([], [tensor_entry("a", [4], tensor_type=99)], bytes(16)), "type 99"),
    "tensor of a removed type": (raw_gguf([], [tensor_entry("a", [4], tensor_type=31)], bytes(16)), "type 31"),
    "row that no block fits": (raw_gguf([], [tensor_entry("a", [33], tensor_type=8)], bytes(68)), "rows of 33"),
    "tensor twice": (
        raw_gguf([], [tensor_entry("a", [8]), tensor_entry("a", [8], offset=32)], bytes(64)),
        "'a' twice",
    ),
    "tensor off the alignment": (
        raw_gguf([], [tensor_entry("a", [4]), tensor_entry("b", [4], offset=17)], bytes(64)),
        "begins at 17",
    ),
    "tensors that overlap": (
        raw_gguf([], [tensor_entry("a", [4]), tensor_entry("b", [4], offset=0)], bytes(64)),
        "begins at 0 ",
    ),
    "tensor beyond the end": (raw_gguf([], [tensor_entry("a", [4], offset=2**50)], bytes(16)), "begins at"),
    "tensor without its last byte": (raw_gguf([], [tensor_entry("a", [4])], bytes(15)), "1 bytes are missing"),
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_file_is_refused_with_its_name_and_reason(tmp_path: Path, kind: str) -> None:
    content, reason = MALFORMED[kind]
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(GgufError, match=r"^bad\.gguf ") as caught:
            read_gguf_file(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reason in str(caught.value)
    # The largest honest allocation is one block of 1 MiB.
    assert peak < 3 << 20


def test_the_malformed_files_are_made_by_a_builder_that_can_make_sound_ones(tmp_path: Path) -> None:
    path = tmp_path / "good.gguf"
    path.write_bytes(
        raw_gguf([u32_key("a", 1)], [tensor_entry("a", [4]), tensor_entry("b", [4], offset=32)], bytes(48))
    )
    assert [(tensor.name, tensor.n_bytes) for tensor in read_gguf_file(path).tensors] == [("a", 16), ("b", 16)]


def test_a_big_endian_file_is_named_as_one(tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(big_endian(tmp_path))
    with pytest.raises(GgufError, match=r"big-endian.*gguf-convert-endian"):
        read_gguf_file(path)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    content = sound(tmp_path)
    path = tmp_path / "bad.gguf"
    # The file ends with the padding of its last tensor (68 bytes, padded to 96), which llama.cpp does not need.
    end_of_data = len(content) - 28
    for length in range(end_of_data):
        path.write_bytes(content[:length])
        with pytest.raises(GgufError):
            read_gguf_file(path)
    path.write_bytes(content[:end_of_data])
    assert len(read_gguf_file(path).tensors) == 2


def test_a_cut_download_says_how_many_bytes_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(DEMO_MODEL.read_bytes()[:-1024])
    last = gguf.GGUFReader(DEMO_MODEL).tensors[-1]
    n_missing = last.data_offset + last.n_bytes - (DEMO_MODEL.stat().st_size - 1024)
    with pytest.raises(GgufError, match=f"so {n_missing:,} bytes are missing"):
        read_gguf_file(path)


@pytest.mark.timeout(60)
def test_a_file_with_any_byte_changed_is_read_or_refused_and_never_crashes(tmp_path: Path) -> None:
    content = sound(tmp_path)
    path = tmp_path / "bad.gguf"
    n_refused = 0
    for position in range(len(content) - 200):
        for value in (0x00, 0xFF):
            path.write_bytes(content[:position] + bytes([value]) + content[position + 1 :])
            try:
                read_gguf_file(path)
            except GgufError:
                n_refused += 1
    assert n_refused > 100


def test_what_is_not_a_regular_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.gguf"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, tmp_path / "missing.gguf"):
        with pytest.raises(GgufError, match="not a regular file"):
            read_gguf_file(path)
