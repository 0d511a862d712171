"""The header reader agrees with the `gguf` package."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import gguf
import pytest
from gguf.constants import GGML_QUANT_SIZES

from evalkit.family.ggml_types import FILE_TYPES, TENSOR_TYPES
from evalkit.family.gguf_file import read_gguf_file
from evalkit.family.gguf_header import header_of, read_model
from evalkit.family.model_files import model_files_of
from evalkit.records.errors import GgufError
from evalkit.records.family import GgufHeader, Imatrix
from tests.gguf_samples import (
    TEMPLATE,
    TOKENS,
    raw_gguf,
    string,
    string_key,
    tensor_entry,
    u32_key,
    write_gguf,
)

DEMO_MODEL = Path(__file__).parents[1] / "evalkit/demo/data/hollow-lantern-6m-Q8_0.gguf"


def read_header(path: Path) -> GgufHeader:
    return header_of(read_model([path]))


@pytest.mark.parametrize("number", sorted(TENSOR_TYPES))
def test_a_tensor_type_has_the_block_size_of_the_gguf_package(number: int) -> None:
    tensor_type = TENSOR_TYPES[number]
    # Q8_1 is 36 bytes in ggml.c and 40 in gguf 0.19; Q2_0 is younger than gguf 0.19, and 64 x 2 bits + f16 in ggml.
    expected = {9: ("Q8_1", 32, 36), 42: ("Q2_0", 64, 64 * 2 // 8 + 2)}.get(number)
    if expected is None:
        known = gguf.GGMLQuantizationType(number)
        expected = (known.name, *GGML_QUANT_SIZES[known])
    assert (tensor_type.name, tensor_type.block_length, tensor_type.block_bytes) == expected


def test_every_tensor_type_of_the_gguf_package_is_known() -> None:
    assert {tensor_type.value for tensor_type in gguf.GGMLQuantizationType} <= set(TENSOR_TYPES)


def test_file_types_have_the_names_of_the_gguf_package() -> None:
    for file_type in gguf.LlamaFileType:
        if file_type is not gguf.LlamaFileType.GUESSED:
            assert FILE_TYPES[file_type.value] == file_type.name.removeprefix("MOSTLY_").removeprefix("ALL_")


def test_tensors_of_a_real_model_lie_where_the_gguf_package_finds_them() -> None:
    expected = [
        (tensor.name, tensor.tensor_type.name, tuple(map(int, tensor.shape)), tensor.data_offset, tensor.n_bytes)
        for tensor in gguf.GGUFReader(DEMO_MODEL).tensors
    ]
    tensors = read_gguf_file(DEMO_MODEL).tensors
    assert [(t.name, t.type_name, t.shape, t.offset, t.n_bytes) for t in tensors] == expected


def test_values_of_a_real_model_are_those_that_the_gguf_package_reads() -> None:
    read = read_gguf_file(DEMO_MODEL)
    for name, field in gguf.GGUFReader(DEMO_MODEL).fields.items():
        if name.startswith("GGUF."):
            continue
        if field.types[0] is gguf.GGUFValueType.ARRAY:
            assert read.array_lengths[name] == len(field.data)
        else:
            assert read.metadata[name] == field.contents()


def test_the_header_of_a_real_model_says_what_its_readme_says() -> None:
    header = read_header(DEMO_MODEL)
    assert (header.architecture, header.n_vocab, header.n_ctx_train, header.quant_type) == (
        "gemma3",
        4096,
        8192,
        "Q8_0",
    )
    assert header.size_bytes == DEMO_MODEL.stat().st_size
    assert round(header.n_parameters / 1e6, 1) == 5.8
    assert header.imatrix is None


def test_a_header_carries_every_fact(tmp_path: Path) -> None:
    extra: dict[str, str | int] = {
        "quantize.imatrix.file": "neo.dat",
        "quantize.imatrix.dataset": "neo.txt",
        "quantize.imatrix.entries_count": 42,
        "quantize.imatrix.chunks_count": 80,
    }
    path = write_gguf(tmp_path / "a.gguf", extra=extra)
    header = read_header(path)
    assert header.gguf_version == 3
    assert (header.name, header.n_vocab, header.n_ctx_train) == ("Sample", len(TOKENS), 2048)
    assert header.n_parameters == 3 * 5 + 2 * 32
    assert header.tensor_types == (("F32", 1), ("Q8_0", 1))
    assert header.chat_template == TEMPLATE
    assert header.chat_template_hash == hashlib.sha256(TEMPLATE.encode()).hexdigest()
    assert header.imatrix == Imatrix(file="neo.dat", dataset="neo.txt", entries_count=42, chunks_count=80)


def test_what_a_file_does_not_say_is_none(tmp_path: Path) -> None:
    header = read_header(write_gguf(tmp_path / "a.gguf", template=None, name=None))
    assert (header.name, header.chat_template, header.chat_template_hash, header.imatrix) == (None, None, None, None)


def test_an_empty_template_counts_as_none(tmp_path: Path) -> None:
    header = read_header(write_gguf(tmp_path / "a.gguf", template=""))
    assert (header.chat_template, header.chat_template_hash) == (None, None)


def test_an_imatrix_key_of_another_type_is_not_believed(tmp_path: Path) -> None:
    header = read_header(write_gguf(tmp_path / "a.gguf", extra={"quantize.imatrix.entries_count": "many"}))
    assert header.imatrix == Imatrix()


@pytest.mark.parametrize(
    ("file_type", "expected"),
    [
        (gguf.LlamaFileType.MOSTLY_IQ4_XS, "IQ4_XS"),
        (gguf.LlamaFileType.MOSTLY_Q4_K_M, "Q4_K_M"),
        (gguf.LlamaFileType.MOSTLY_F16, "F16"),
        (gguf.LlamaFileType.ALL_F32, "F32"),
        (gguf.LlamaFileType.GUESSED | gguf.LlamaFileType.MOSTLY_Q6_K, "Q6_K"),
        (9999, "Q8_0"),  # unknown: 64 of the 79 parameters are Q8_0
        (None, "Q8_0"),
    ],
)
def test_the_quant_type_is_the_declared_one_else_the_most_common(
    tmp_path: Path, file_type: gguf.LlamaFileType | None, expected: str
) -> None:
    assert read_header(write_gguf(tmp_path / "a.gguf", file_type=file_type)).quant_type == expected


def test_version_2_is_read_like_version_3(tmp_path: Path) -> None:
    third = write_gguf(tmp_path / "3.gguf")
    second = tmp_path / "2.gguf"
    second.write_bytes(b"GGUF" + struct.pack("<I", 2) + third.read_bytes()[8:])
    assert read_header(second).gguf_version == 2
    assert read_gguf_file(second).tensors == read_gguf_file(third).tensors


def test_another_alignment_moves_the_tensors(tmp_path: Path) -> None:
    data = bytes(64)
    keys = [string_key("general.architecture", "llama"), u32_key("general.alignment", 64)]
    tensors = [tensor_entry("a", [4]), tensor_entry("b", [4], offset=64)]
    path = tmp_path / "a.gguf"
    path.write_bytes(raw_gguf(keys, tensors, data + bytes(16), alignment=64))
    assert [tensor.offset % 64 for tensor in read_gguf_file(path).tensors] == [0, 0]


def tokenizer_hash_of(tmp_path: Path, **changes: object) -> str:
    return read_header(write_gguf(tmp_path / "a.gguf", **changes)).tokenizer_hash  # type: ignore[arg-type]


def test_the_tokenizer_hash_does_not_depend_on_weights_names_or_templates(tmp_path: Path) -> None:
    changed = tokenizer_hash_of(tmp_path, seed=5, name="Other", template=None)
    assert changed == tokenizer_hash_of(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"tokens": (*TOKENS[:-1], "ba")},
        {"tokens": (*TOKENS, "more")},
        {"tokens": ("<pad>", "<eos>", "<bos>", "a", "ba", "b")},  # same letters, other boundaries
        {"extra": {"tokenizer.ggml.pre": "llama-bpe"}},
    ],
)
def test_the_tokenizer_hash_changes_with_the_tokens(tmp_path: Path, changes: dict[str, object]) -> None:
    assert tokenizer_hash_of(tmp_path, **changes) != tokenizer_hash_of(tmp_path)


def test_a_token_longer_than_a_block_is_read(tmp_path: Path) -> None:
    tokens = ("a", "b" * 3_000_000, "c")
    read = read_gguf_file(write_gguf(tmp_path / "a.gguf", tokens=tokens))
    assert read.array_lengths["tokenizer.ggml.tokens"] == 3
    expected = hashlib.sha256(b"".join(string(token) for token in tokens)).hexdigest()
    assert read.string_hashes["tokenizer.ggml.tokens"] == expected


def test_a_vocabulary_larger_than_a_block_is_hashed_whole(tmp_path: Path) -> None:
    tokens = tuple(f"token-{index:06d}" for index in range(120_000))  # 20 bytes each: three blocks of 1 MiB
    read = read_gguf_file(write_gguf(tmp_path / "a.gguf", tokens=tokens))
    expected = hashlib.sha256(b"".join(string(token) for token in tokens)).hexdigest()
    assert read.string_hashes["tokenizer.ggml.tokens"] == expected


def test_a_value_that_is_cut_in_mid_character_is_shown_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(raw_gguf([string_key("quantize.imatrix.file", "Gruß".encode()[:-1])]))
    assert read_gguf_file(path).metadata["quantize.imatrix.file"] == "Gru�"


def test_a_model_without_an_architecture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(raw_gguf([string_key("general.name", "x")]))
    with pytest.raises(GgufError, match=r"a\.gguf does not name its architecture"):
        read_header(path)


def split(tmp_path: Path) -> list[Path]:
    write_gguf(tmp_path / "model.gguf", split_max_tensors=1)
    return sorted(tmp_path.glob("model-*.gguf"))


def test_the_parts_of_a_split_model_are_read_as_one(tmp_path: Path) -> None:
    parts = split(tmp_path)
    assert [part.name for part in parts] == ["model-00001-of-00002.gguf", "model-00002-of-00002.gguf"]
    header = header_of(read_model(parts))
    whole = read_header(write_gguf(tmp_path / "whole.gguf"))
    assert header.size_bytes == sum(part.stat().st_size for part in parts)
    assert (header.n_parameters, header.tensor_types) == (whole.n_parameters, whole.tensor_types)
    assert header.tokenizer_hash == whole.tokenizer_hash


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    parts = split(tmp_path)
    parts[1].unlink()
    with pytest.raises(GgufError, match=r"part 2 of 2 is missing: there is no model-00002-of-00002\.gguf"):
        read_model(model_files_of(parts[0]).parts)


def test_a_part_under_another_parts_name_is_refused(tmp_path: Path) -> None:
    parts = split(tmp_path)
    parts[1].write_bytes(parts[0].read_bytes())
    with pytest.raises(GgufError, match="says it is part 1 of 2, and its name says part 2 of 2"):
        read_model(parts)


def test_a_part_that_lost_its_split_name_is_refused(tmp_path: Path) -> None:
    renamed = split(tmp_path)[0].rename(tmp_path / "renamed.gguf")
    with pytest.raises(GgufError, match="says it is part 1 of 2, and its name says part 1 of 1"):
        read_model([renamed])
