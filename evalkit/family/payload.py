"""A variant's identity: the hash of its weights, whatever its file is called and whatever its metadata says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from evalkit.family.gguf_file import GgufFile, TensorInfo
from evalkit.family.gguf_header import GgufModel
from evalkit.records.errors import GgufError

BLOCK_BYTES = 4 << 20


def payload_hash(model: GgufModel) -> str:
    """sha256, hex, over all tensors sorted by name; equal means equal weights, byte for byte.

    Each tensor gives one line of JSON, `[name, type, shape, n_bytes]`, then its bytes. Splitting, reordering or
    renaming a file, or editing its metadata, keeps the hash.

    Raises:
        GgufError: a file changed or vanished since its header was read.
    """
    digest = hashlib.sha256()
    block = bytearray(BLOCK_BYTES)
    located = [(tensor, part) for part in model.parts for tensor in part.tensors]
    for tensor, part in sorted(located, key=lambda pair: pair[0].name):
        line = json.dumps([tensor.name, tensor.type_name, tensor.shape, tensor.n_bytes])
        digest.update(f"{line}\n".encode())
        for chunk in _chunks(tensor, part, memoryview(block)):
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(tensor: TensorInfo, part: GgufFile, block: memoryview) -> Iterator[memoryview]:
    """The tensor's bytes, a block at a time; `block` is the memory that every chunk reuses."""
    left = tensor.n_bytes
    try:
        with part.path.open("rb", buffering=0) as handle:
            handle.seek(tensor.offset)
            while left:
                n_read = handle.readinto(block[: min(left, len(block))])
                if not n_read:
                    raise GgufError(
                        f"{part.path.name} became shorter while {tensor.name!r} was read. "
                        "Wait until it is written, then run again."
                    )
                yield block[:n_read]
                left -= n_read
    except OSError as error:
        raise GgufError(f"{part.path.name} cannot be read: {error.strerror or error}.") from error
