"""How far apart two files' tensors are: byte for byte in full, and by the dequantised values of evenly spread rows.

Memory is bounded by one block of rows of each file. Values are read from at most `MAX_VALUES` of a tensor, in groups of
whole rows at even distances: so many tell a relative distance to some two thousandths of itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from evalkit.family.ggml_types import TENSOR_TYPES
from evalkit.family.gguf_file import GgufFile, TensorInfo
from evalkit.family.gguf_header import GgufModel
from evalkit.records.errors import GgufError
from evalkit.records.tensors import TensorComparison, TensorDistance

MAX_VALUES = 1 << 18
"""Values of one tensor that are dequantised."""
BLOCK_BYTES = 4 << 20
GROUP_VALUES = 1 << 15
"""Values of one group of rows."""

_BLOCK_TENSOR = re.compile(r"blk\.(?P<layer>[0-9]{1,6})\.(?P<kind>.+)")
_TYPES = {tensor_type.name: tensor_type for tensor_type in TENSOR_TYPES.values()}

Values = npt.NDArray[np.float64]
Located = tuple[TensorInfo, GgufFile]


class _NotComparableError(Exception):
    """Why two tensors have no distance."""


def compare_tensors(
    first: GgufModel, second: GgufModel, *, labels: tuple[str, str], on_progress: Callable[[str], object]
) -> TensorComparison:
    """Every tensor that both have, in the first file's order.

    Raises:
        GgufError: a file changed or vanished since its header was read.
    """
    ours, theirs = _located(first), _located(second)
    shared = [name for name in ours if name in theirs]
    distances = []
    for number, name in enumerate(shared, start=1):
        on_progress(f"comparing {labels[0]} and {labels[1]}: tensor {number} of {len(shared)}")
        distances.append(_compare(ours[name], theirs[name]))
    return TensorComparison(
        first=labels[0],
        second=labels[1],
        tensors=tuple(distances),
        only_first=tuple(name for name in ours if name not in theirs),
        only_second=tuple(name for name in theirs if name not in ours),
    )


def layer_and_kind(name: str) -> tuple[int | None, str]:
    """`blk.3.attn_q.weight` -> 3, `attn_q`; `token_embd.weight` -> None, `token_embd`."""
    in_block = _BLOCK_TENSOR.fullmatch(name)
    kind = in_block["kind"] if in_block else name
    return int(in_block["layer"]) if in_block else None, kind.removesuffix(".weight")


@dataclass(slots=True)
class _Sums:
    """What the distances are made of, added up group by group."""

    n: int = 0
    n_moved: int = 0
    first: float = 0.0
    second: float = 0.0
    product: float = 0.0
    difference: float = 0.0
    largest: float = 0.0

    def add(self, first: Values, second: Values) -> None:
        difference = second - first
        self.n += first.size
        self.n_moved += int(np.count_nonzero(difference))
        self.first += float(first @ first)
        self.second += float(second @ second)
        self.product += float(first @ second)
        self.difference += float(difference @ difference)
        self.largest = max(self.largest, float(np.abs(difference).max()))


def _located(model: GgufModel) -> dict[str, Located]:
    return {tensor.name: (tensor, part) for part in model.parts for tensor in part.tensors}


def _compare(ours: Located, theirs: Located) -> TensorDistance:
    first, second = ours[0], theirs[0]
    layer, kind = layer_and_kind(first.name)
    same_layout = (first.type_name, first.shape) == (second.type_name, second.shape)
    facts = TensorDistance(
        name=first.name,
        kind=kind,
        layer=layer,
        first_type=first.type_name,
        second_type=second.type_name,
        n_values=first.n_elements,
        is_equal=False,
    )
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(part.path.open("rb")) for _, part in (ours, theirs)]
            if same_layout and _equal_bytes(first, second, files[0], files[1]):
                return replace(facts, is_equal=True)
            return _measure(facts, ours, theirs, files[0], files[1])
    except _NotComparableError as reason:
        return replace(facts, reason=str(reason))
    except OSError as error:
        raise GgufError(f"{error.filename or first.name} cannot be read: {error.strerror or error}.") from error


def _equal_bytes(first: TensorInfo, second: TensorInfo, first_file: BinaryIO, second_file: BinaryIO) -> bool:
    first_file.seek(first.offset)
    second_file.seek(second.offset)
    left = first.n_bytes
    while left:
        n_bytes = min(left, BLOCK_BYTES)
        if _take(first_file, n_bytes) != _take(second_file, n_bytes):
            return False
        left -= n_bytes
    return True


def _measure(
    facts: TensorDistance, ours: Located, theirs: Located, first_file: BinaryIO, second_file: BinaryIO
) -> TensorDistance:
    first, second = ours[0], theirs[0]
    if first.shape != second.shape:
        raise _NotComparableError(f"Its shape is {first.shape} in the first file and {second.shape} in the second.")
    sums = _Sums()
    for start, n_rows in _groups(first):
        sums.add(_rows(first, first_file, start, n_rows), _rows(second, second_file, start, n_rows))
    if not np.isfinite(sums.difference + sums.first + sums.second):
        raise _NotComparableError("It holds values that are not finite numbers.")
    if not sums.n:
        raise _NotComparableError("It holds no values.")
    norms = np.sqrt(sums.first) * np.sqrt(sums.second)
    return replace(
        facts,
        n_compared=sums.n,
        share_moved=sums.n_moved / sums.n,
        rms_relative=float(np.sqrt(sums.difference / sums.first)) if sums.first else None,
        cosine=float(np.clip(sums.product / norms, -1, 1)) if norms else None,
        max_abs=sums.largest,
        reason=None if norms else "All values of one file are 0.",
    )


def _groups(tensor: TensorInfo) -> Iterator[tuple[int, int]]:
    """(first row, number of rows) of the groups to dequantise: all rows, or groups at even distances."""
    row_length = tensor.shape[0] if tensor.shape else 1
    n_rows = tensor.n_elements // row_length if row_length else 0
    size = max(1, GROUP_VALUES // max(row_length, 1))
    every = range(0, n_rows, size)
    n_groups = min(len(every), max(1, MAX_VALUES // (size * max(row_length, 1))))
    for index in range(n_groups):
        start = every[index * (len(every) - 1) // max(n_groups - 1, 1)]
        yield start, min(size, n_rows - start)


def _rows(tensor: TensorInfo, file: BinaryIO, start: int, n_rows: int) -> Values:
    """The dequantised values of some rows, in a line."""
    from gguf import GGMLQuantizationType, quants

    layout = _TYPES[tensor.type_name]
    row_bytes = (tensor.shape[0] if tensor.shape else 1) // layout.block_length * layout.block_bytes
    file.seek(tensor.offset + start * row_bytes)
    raw = np.frombuffer(_take(file, n_rows * row_bytes), dtype=np.uint8).reshape(n_rows, row_bytes)
    if tensor.type_name in _PLAIN_TYPES:
        return raw.view(_PLAIN_TYPES[tensor.type_name]).astype(np.float64).ravel()
    try:
        with np.errstate(all="ignore"):
            values = quants.dequantize(raw, GGMLQuantizationType[tensor.type_name])
    except (KeyError, NotImplementedError, ValueError) as error:
        raise _NotComparableError(f"The values of type {tensor.type_name} cannot be read.") from error
    return values.astype(np.float64).ravel()


_PLAIN_TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8"}


def _take(file: BinaryIO, n_bytes: int) -> bytes:
    taken = file.read(n_bytes)
    if len(taken) != n_bytes:
        raise GgufError(f"{file.name} became shorter while it was read. Wait until it is written, then run again.")
    return taken
