"""One GGUF file's header, read by us: bounded, in milliseconds, and without trust in anything the file says.

`gguf.GGUFReader` maps every array element to a Python object: 17 s and 760 MB for a vocabulary of 262k tokens. Here
arrays are passed over, hashed where they decide token ids, and never kept. What llama.cpp refuses is refused here
with a reason: duplicate keys and tensors, nested arrays, tensors that do not lie one after the other.

Source: docs/gguf.md of ggml, versions 2 and 3; `gguf_init_from_file` of llama.cpp for what is refused.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evalkit.family.byte_reader import ByteReader, Sink, ignore
from evalkit.family.ggml_types import TENSOR_TYPES, TensorType
from evalkit.records.errors import GgufError

Scalar = str | int | float | bool

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_ENTRIES = 65_536
"""Most keys or tensors of one file; real models have under 5,000 of either."""
MAX_NAME_BYTES = 65_535
MAX_STRING_BYTES = 4 << 20
MAX_DIMENSIONS = 4
DEFAULT_ALIGNMENT = 32
TOKENS_KEY = "tokenizer.ggml.tokens"
TEMPLATE_KEY = "tokenizer.chat_template"
TOKENIZER_KEYS = (
    "tokenizer.ggml.model",
    "tokenizer.ggml.pre",
    TOKENS_KEY,
    "tokenizer.ggml.scores",
    "tokenizer.ggml.token_type",
    "tokenizer.ggml.merges",
)
"""The keys that decide which ids a text becomes."""

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_STRING = 8
_ARRAY = 9
_LETTERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_LAYOUTS = {number: struct.Struct(f"<{letter}") for number, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInfo:
    """Where one tensor lies in its file."""

    name: str
    type_name: str
    shape: tuple[int, ...]
    """As the file lists it: the row length first."""
    offset: int
    """Of its first byte, from the start of the file."""
    n_bytes: int

    @property
    def n_elements(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufFile:
    """What one file's header says, checked against the file's size."""

    path: Path
    version: int
    size_bytes: int
    metadata: Mapping[str, Scalar]
    """Every key that holds one value; arrays are not kept."""
    array_lengths: Mapping[str, int]
    string_hashes: Mapping[str, str]
    """sha256 of the chat template's and the tokenizer keys' bytes, as they stand in the file."""
    tensors: tuple[TensorInfo, ...]


@dataclass(slots=True)
class _Metadata:
    """The key-value part while it is being read."""

    values: dict[str, Scalar] = field(default_factory=dict)
    array_lengths: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)


def read_gguf_file(path: Path) -> GgufFile:
    """The header of one file.

    Raises:
        GgufError: the file cannot be opened, is no GGUF, is truncated, or contradicts itself.
    """
    try:
        # A pipe or a device would block or never end.
        if not path.is_file():
            raise GgufError(f"{path.name} is not a regular file. evalkit needs a GGUF on disk.")
        size = path.stat().st_size
        with path.open("rb") as handle:
            return _read(ByteReader(handle, name=path.name, size=size), path, size)
    except OSError as error:
        raise GgufError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _read(reader: ByteReader, path: Path, size: int) -> GgufFile:
    version = _read_version(reader, size)
    n_tensors = _read_count(reader, "tensors")
    n_keys = _read_count(reader, "keys")
    metadata = _Metadata()
    for _ in range(n_keys):
        _read_key(reader, metadata)
    tensors = _read_tensors(reader, n_tensors, _alignment(reader, metadata), size)
    return GgufFile(
        path=path,
        version=version,
        size_bytes=size,
        metadata=metadata.values,
        array_lengths=metadata.array_lengths,
        string_hashes=metadata.hashes,
        tensors=tensors,
    )


def _read_version(reader: ByteReader, size: int) -> int:
    if size == 0:
        raise reader.error("it is empty. Download or build it again.")
    magic = reader.take(len(MAGIC), "its magic")
    if magic != MAGIC:
        raise reader.error(f"it begins with {magic!r}, not with {MAGIC!r}. Check what was downloaded or built.")
    version = reader.integer(_U32, "its version")
    if version in VERSIONS:
        return version
    if version.to_bytes(4, "big") in (number.to_bytes(4, "little") for number in VERSIONS):
        raise reader.error("it is big-endian, and evalkit reads little-endian. Convert it with gguf-convert-endian.")
    raise reader.error(f"it has GGUF version {version}, and evalkit reads 2 and 3. Convert the model again.")


def _read_count(reader: ByteReader, what: str) -> int:
    count = reader.integer(_U64, f"the number of {what}")
    if count > MAX_ENTRIES:
        raise reader.error(f"it claims {count:,} {what}, more than the {MAX_ENTRIES:,} allowed. It is damaged.")
    return count


def _read_name(reader: ByteReader, what: str) -> str:
    name = reader.string_bytes(what, MAX_NAME_BYTES)
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError as error:
        raise reader.error(f"{what} is not UTF-8 ({name[:40]!r}). It is damaged.") from error


def _read_key(reader: ByteReader, metadata: _Metadata) -> None:
    key = _read_name(reader, "the name of a key")
    if key in metadata.values or key in metadata.array_lengths:
        raise reader.error(f"it has the key {key!r} twice. Write it with another tool.")
    value_type = reader.integer(_U32, f"the type of {key!r}")
    if value_type == _ARRAY:
        metadata.array_lengths[key] = _pass_array(reader, key, metadata)
    elif value_type == _STRING:
        content = reader.string_bytes(repr(key), MAX_STRING_BYTES)
        # A quantiser cuts its own strings at 127 bytes, in mid-character too: that is no reason to refuse a file.
        metadata.values[key] = content.decode("utf-8", errors="replace")
        if key == TEMPLATE_KEY or key in TOKENIZER_KEYS:
            metadata.hashes[key] = hashlib.sha256(content).hexdigest()
    elif value_type in _LAYOUTS:
        metadata.values[key] = reader.unpack(_LAYOUTS[value_type], repr(key))
    else:
        raise reader.error(f"{key!r} has the unknown value type {value_type}. It is damaged, or newer than evalkit.")


def _pass_array(reader: ByteReader, key: str, metadata: _Metadata) -> int:
    """Step over an array, hashing it where it belongs to the tokenizer; its number of elements."""
    item_type = reader.integer(_U32, f"the item type of {key!r}")
    count = reader.integer(_U64, f"the length of {key!r}")
    digest = hashlib.sha256()
    sink: Sink = digest.update if key in TOKENIZER_KEYS else ignore
    if item_type == _STRING:
        reader.pass_strings(count, repr(key), sink)
    elif item_type in _LAYOUTS:
        reader.pass_bytes(count * _LAYOUTS[item_type].size, repr(key), sink)
    else:
        raise reader.error(f"{key!r} is an array of type {item_type}; llama.cpp reads plain values and strings only.")
    if sink is not ignore:
        metadata.hashes[key] = digest.hexdigest()
    return count


def _alignment(reader: ByteReader, metadata: _Metadata) -> int:
    alignment = metadata.values.get("general.alignment", DEFAULT_ALIGNMENT)
    if type(alignment) is not int or alignment < 1 or alignment & (alignment - 1):
        raise reader.error(f"general.alignment is {alignment!r}, and it must be a power of two. It is damaged.")
    return alignment


def _read_tensors(reader: ByteReader, n_tensors: int, alignment: int, size: int) -> tuple[TensorInfo, ...]:
    """All tensors, with offsets from the start of the file, checked to lie one after the other inside it."""
    listed = [_read_tensor(reader) for _ in range(n_tensors)]
    start = _padded(reader.position, alignment)
    names: set[str] = set()
    expected = end = 0
    for tensor in listed:
        if tensor.name in names:
            raise reader.error(f"it has the tensor {tensor.name!r} twice. Write it with another tool.")
        names.add(tensor.name)
        if tensor.offset != expected:
            raise reader.error(
                f"the tensor {tensor.name!r} begins at {tensor.offset:,} of the data part, where llama.cpp expects "
                f"{expected:,} (alignment {alignment}). Write it with another tool."
            )
        end = tensor.offset + tensor.n_bytes
        expected = _padded(end, alignment)
    if start + end > size and listed:
        raise reader.error(
            f"it is truncated: its tensors end at byte {start + end:,}, the file at {size:,}, so "
            f"{start + end - size:,} bytes are missing. Download or build it again."
        )
    return tuple(_moved(tensor, start) for tensor in listed)


def _read_tensor(reader: ByteReader) -> TensorInfo:
    """One entry of the tensor list; its offset still counts from the start of the data part."""
    name = _read_name(reader, "the name of a tensor")
    n_dimensions = reader.integer(_U32, f"the dimensions of {name!r}")
    if n_dimensions > MAX_DIMENSIONS:
        raise reader.error(f"the tensor {name!r} has {n_dimensions:,} dimensions, more than {MAX_DIMENSIONS}.")
    shape = tuple(reader.integer(_U64, f"the shape of {name!r}") for _ in range(n_dimensions))
    tensor_type = _tensor_type(reader, name, reader.integer(_U32, f"the type of {name!r}"))
    row_length = shape[0] if shape else 1
    if row_length % tensor_type.block_length:
        raise reader.error(
            f"the tensor {name!r} has rows of {row_length:,} values, which {tensor_type.name} cannot hold: "
            f"it stores blocks of {tensor_type.block_length}. It is damaged."
        )
    return TensorInfo(
        name=name,
        type_name=tensor_type.name,
        shape=shape,
        offset=reader.integer(_U64, f"the offset of {name!r}"),
        n_bytes=math.prod(shape) // tensor_type.block_length * tensor_type.block_bytes,
    )


def _tensor_type(reader: ByteReader, name: str, number: int) -> TensorType:
    if number not in TENSOR_TYPES:
        raise reader.error(
            f"the tensor {name!r} has type {number}, which evalkit does not know. It is damaged, older than the types "
            "llama.cpp still reads, or newer than this evalkit."
        )
    return TENSOR_TYPES[number]


def _moved(tensor: TensorInfo, start: int) -> TensorInfo:
    return TensorInfo(
        name=tensor.name,
        type_name=tensor.type_name,
        shape=tensor.shape,
        offset=start + tensor.offset,
        n_bytes=tensor.n_bytes,
    )


def _padded(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment
