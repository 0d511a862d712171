"""Small GGUF files: sound ones by the `gguf` package, broken ones by hand, byte for byte."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np

TOKENS = ("<pad>", "<eos>", "<bos>", "a", "b", "ab")
TEMPLATE = "{{ messages[0].content }}"


def write_gguf(
    path: Path,
    *,
    seed: int = 0,
    tokens: Sequence[str] = TOKENS,
    template: str | None = TEMPLATE,
    file_type: gguf.LlamaFileType | None = gguf.LlamaFileType.MOSTLY_Q8_0,
    name: str | None = "Sample",
    extra: Mapping[str, str | int] | None = None,
    architecture: str = "llama",
    **writer_options: Any,
) -> Path:
    """A GGUF with a vocabulary and two tensors; `seed` decides the weights, `extra` are further keys."""
    writer = gguf.GGUFWriter(path, architecture, **writer_options)
    if name is not None:
        writer.add_name(name)
    if file_type is not None:
        writer.add_file_type(file_type)
    writer.add_context_length(2048)
    if tokens:
        writer.add_tokenizer_model("llama")
        writer.add_token_list(list(tokens))
        writer.add_token_scores([float(-index) for index in range(len(tokens))])
        writer.add_token_types([1] * len(tokens))
    if template is not None:
        writer.add_chat_template(template)
    for key, value in (extra or {}).items():
        writer.add_string(key, value) if isinstance(value, str) else writer.add_uint32(key, value)
    numbers = np.random.default_rng(seed)
    # Not in the order of their names, and neither a multiple of the alignment.
    writer.add_tensor("output.weight", numbers.standard_normal((3, 5)).astype(np.float32))
    packed = gguf.quantize(numbers.standard_normal((2, 32)).astype(np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("blk.0.weight", packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def string(text: str | bytes) -> bytes:
    """A length-prefixed string."""
    content = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(content)) + content


def string_key(key: str | bytes, value: str | bytes) -> bytes:
    return string(key) + struct.pack("<I", 8) + string(value)


def u32_key(key: str, value: int) -> bytes:
    return string(key) + struct.pack("<II", 4, value)


def array_key(key: str, item_type: int, count: int, content: bytes = b"") -> bytes:
    return string(key) + struct.pack("<IIQ", 9, item_type, count) + content


def tensor_entry(name: str | bytes, shape: Sequence[int], tensor_type: int = 0, offset: int = 0) -> bytes:
    dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return string(name) + dimensions + struct.pack("<IQ", tensor_type, offset)


def raw_gguf(
    keys: Sequence[bytes] = (),
    tensors: Sequence[bytes] = (),
    data: bytes = b"",
    *,
    n_keys: int | None = None,
    n_tensors: int | None = None,
    version: int = 3,
    alignment: int = 32,
) -> bytes:
    """A file from parts written by hand; the counts can lie."""
    counts = (len(tensors) if n_tensors is None else n_tensors, len(keys) if n_keys is None else n_keys)
    header = b"GGUF" + struct.pack("<IQQ", version, *counts) + b"".join(keys) + b"".join(tensors)
    padding = -len(header) % alignment if tensors else 0
    return header + bytes(padding) + data
