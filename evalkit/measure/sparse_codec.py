"""Sparse distributions as arrays, five bytes per kept token, and back without loss.

Token ids ascend, so their gaps are stored, a byte each: 255 stands for a gap of 255 with more to come, and only the
byte that ends it, 0 to 254, belongs to a token. At a vocabulary of 262,144 the longest row, `MAX_KEPT` tokens, takes
12,000 bytes of log-probabilities (float32), at most 4,028 bytes of gaps, and 24 bytes of its own facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evalkit.measure.divergence import SparseDistribution

SPARSE_ARRAYS = ("n_gaps", "gaps", "n_kept", "log_probs", "tail_mass", "level_nats")

MORE_TO_COME = 255

Array = npt.NDArray[Any]


def pack_rows(rows: Sequence[SparseDistribution]) -> dict[str, Array]:
    """The rows' arrays, under the names in `SPARSE_ARRAYS`."""
    gaps = [_gaps(row.token_ids) for row in rows]
    return {
        "n_gaps": np.array([len(one) for one in gaps], dtype=np.uint32),
        "gaps": _joined(gaps, np.uint8),
        "n_kept": np.array([len(row.token_ids) for row in rows], dtype=np.uint32),
        "log_probs": _joined([row.log_probs for row in rows], np.float32),
        "tail_mass": np.array([row.tail_mass for row in rows], dtype=np.float64),
        "level_nats": np.array([row.level_nats for row in rows], dtype=np.float64),
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackedRows:
    """The rows of one text, unpacked one at a time."""

    arrays: Mapping[str, Array]
    gap_offsets: npt.NDArray[np.int64]
    kept_offsets: npt.NDArray[np.int64]

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> PackedRows:
        """The rows in these arrays.

        Raises:
            ValueError: the arrays do not fit one another.
        """
        rows = cls(arrays=arrays, gap_offsets=_offsets(arrays["n_gaps"]), kept_offsets=_offsets(arrays["n_kept"]))
        lengths = {len(arrays[name]) for name in ("n_gaps", "n_kept", "tail_mass", "level_nats")}
        fits = rows.gap_offsets[-1] == len(arrays["gaps"]) and rows.kept_offsets[-1] == len(arrays["log_probs"])
        n_tokens = int((arrays["gaps"] != MORE_TO_COME).sum())
        if len(lengths) != 1 or not fits or n_tokens != len(arrays["log_probs"]):
            raise ValueError("the arrays of the distributions do not fit one another")
        return rows

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.arrays["n_kept"])

    def __getitem__(self, index: int) -> SparseDistribution:
        """One row."""
        kept = slice(*self.kept_offsets[index : index + 2])
        return SparseDistribution(
            token_ids=_token_ids(self.arrays["gaps"][slice(*self.gap_offsets[index : index + 2])]),
            log_probs=self.arrays["log_probs"][kept],
            tail_mass=float(self.arrays["tail_mass"][index]),
            level_nats=float(self.arrays["level_nats"][index]),
        )


def _gaps(token_ids: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """(5, 7, 600) -> (5, 2, 255, 255, 83)."""
    distances = np.diff(token_ids, prepend=0)
    n_bytes = distances // MORE_TO_COME + 1
    gaps = np.full(int(n_bytes.sum()), MORE_TO_COME, dtype=np.uint8)
    gaps[np.cumsum(n_bytes) - 1] = distances % MORE_TO_COME
    return gaps


def _token_ids(gaps: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    token_ids: npt.NDArray[np.int32] = np.cumsum(gaps, dtype=np.int32)[gaps != MORE_TO_COME]
    return token_ids


def _offsets(lengths: Array) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def _joined(parts: Iterable[Array], kind: type[np.generic]) -> Array:
    return np.concatenate([np.empty(0, dtype=kind), *parts]).astype(kind, copy=False)
