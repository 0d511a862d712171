"""How the weights of two files differ, tensor by tensor: what a heat map of layers and kinds is drawn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorDistance:
    """One tensor of two files; the distances are those of the dequantised values."""

    name: str
    """Untrusted."""
    kind: str
    """What it does, without its layer: `attn_q`. Untrusted."""
    layer: int | None
    """Number of its block; None outside of the blocks (embedding, output)."""
    first_type: str
    second_type: str
    n_values: int
    is_equal: bool
    """Byte for byte, all of it."""
    n_compared: int = 0
    """Values behind the distances: all, or evenly spread rows of a large tensor; 0 where equal bytes tell it."""
    share_moved: float | None = None
    """Share of the compared values that differ."""
    rms_relative: float | None = None
    """Root mean square of second - first over that of the first: 0 is equal, 1 as far away as zero."""
    cosine: float | None = None
    """Of the two as vectors: 1 is the same direction."""
    max_abs: float | None = None
    """The largest difference of one value."""
    reason: str | None = None
    """Why there is no distance."""

    @property
    def distance(self) -> float | None:
        """`rms_relative`, and 0 where the bytes are equal."""
        return 0.0 if self.is_equal else self.rms_relative


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDistance:
    """A cell of the heat map: the tensors of one kind in one layer."""

    kind: str
    layer: int | None
    rms_relative: float | None
    """None where no distance is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindDistance:
    """The tensors of one kind over all layers."""

    kind: str
    n_tensors: int
    n_moved: int
    rms_relative: float | None
    """Root mean square over the tensors, each weighted by its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorComparison:
    """Two files: which tensors differ and how far."""

    first: str
    """Label of the one that the distances are relative to: in a run, the reference."""
    second: str
    tensors: tuple[TensorDistance, ...]
    """In the first file's order."""
    only_first: tuple[str, ...] = ()
    """Tensors that the second does not have. Untrusted."""
    only_second: tuple[str, ...] = ()

    @property
    def is_no_op(self) -> bool:
        """Whether both hold the same tensors byte for byte: whatever was done to one had no effect."""
        return not self.only_first and not self.only_second and all(tensor.is_equal for tensor in self.tensors)

    @property
    def n_moved(self) -> int:
        """Tensors whose bytes differ."""
        return sum(not tensor.is_equal for tensor in self.tensors)

    @property
    def kinds(self) -> tuple[KindDistance, ...]:
        """One entry per kind, in the order in which the file has them."""
        by_kind: dict[str, list[TensorDistance]] = {}
        for tensor in self.tensors:
            by_kind.setdefault(tensor.kind, []).append(tensor)
        return tuple(_of_kind(kind, tensors) for kind, tensors in by_kind.items())

    @property
    def cells(self) -> tuple[LayerDistance, ...]:
        """One entry per kind and layer: the heat map."""
        return tuple(
            LayerDistance(kind=tensor.kind, layer=tensor.layer, rms_relative=tensor.distance) for tensor in self.tensors
        )


def _of_kind(kind: str, tensors: Sequence[TensorDistance]) -> KindDistance:
    squares = [(one.n_values, one.distance * one.distance) for one in tensors if one.distance is not None]
    n_values = sum(n for n, _ in squares)
    return KindDistance(
        kind=kind,
        n_tensors=len(tensors),
        n_moved=sum(not tensor.is_equal for tensor in tensors),
        rms_relative=math.sqrt(sum(n * square for n, square in squares) / n_values) if n_values else None,
    )
