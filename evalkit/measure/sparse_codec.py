"""Sparse distributions as arrays, four bytes per kept token, and back without loss.

Token ids ascend, so their gaps are stored, a byte each: 255 stands for a gap of 255 with more to come, and only the
byte that ends it, 0 to 254, belongs to a token. Tokens 0 to n - 1, as of a vocabulary kept whole, need no gaps.
Log-probabilities are whole numbers of steps below 0, three bytes each, the lowest byte first. At a vocabulary of
262,144 the longest row, 3,807 tokens, takes 11,421 bytes of log-probabilities, at most 4,835 of gaps, and 24 of its own
facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evalkit.measure.divergence import LOG_PROB_STEP, LONGEST_GAP, SparseDistribution

SPARSE_ARRAYS = ("n_gaps", "gaps", "n_kept", "steps", "tail_mass", "level_nats")

MORE_TO_COME = LONGEST_GAP

STEP_BYTES = 3

Array = npt.NDArray[Any]


class RowPacker:
    """Packs rows as they come: what is held of a row is what a file will hold, half of what the row itself takes."""

    def __init__(self) -> None:
        self._gaps, self._steps = bytearray(), bytearray()
        self._facts: list[tuple[int, int, float, float]] = []

    def add(self, row: SparseDistribution) -> None:
        """The next row."""
        gaps = _gaps(row.token_ids)
        self._gaps += gaps.tobytes()
        self._steps += _steps(row.log_probs).tobytes()
        self._facts.append((len(gaps), len(row.token_ids), row.tail_mass, row.level_nats))

    def arrays(self) -> dict[str, Array]:
        """The rows' arrays, under the names in `SPARSE_ARRAYS`; views, so the last rows must have been added."""
        n_gaps, n_kept, tail_mass, level_nats = zip(*self._facts, strict=True) if self._facts else ((),) * 4
        return {
            "n_gaps": np.array(n_gaps, dtype=np.uint32),
            "gaps": np.frombuffer(self._gaps, dtype=np.uint8),
            "n_kept": np.array(n_kept, dtype=np.uint32),
            "steps": np.frombuffer(self._steps, dtype=np.uint8).reshape(-1, STEP_BYTES),
            "tail_mass": np.array(tail_mass, dtype=np.float64),
            "level_nats": np.array(level_nats, dtype=np.float64),
        }


def pack_rows(rows: Iterable[SparseDistribution]) -> dict[str, Array]:
    """The rows' arrays, under the names in `SPARSE_ARRAYS`."""
    packer = RowPacker()
    for row in rows:
        packer.add(row)
    return packer.arrays()


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
        fits = rows.gap_offsets[-1] == len(arrays["gaps"]) and rows.kept_offsets[-1] == len(arrays["steps"])
        if len(lengths) != 1 or not fits or arrays["steps"].shape != (_n_tokens(arrays), STEP_BYTES):
            raise ValueError("the arrays of the distributions do not fit one another")
        return rows

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.arrays["n_kept"])

    def __getitem__(self, index: int) -> SparseDistribution:
        """One row."""
        kept = slice(*self.kept_offsets[index : index + 2])
        gaps = self.arrays["gaps"][slice(*self.gap_offsets[index : index + 2])]
        return SparseDistribution(
            token_ids=_token_ids(gaps) if len(gaps) else np.arange(kept.stop - kept.start, dtype=np.int32),
            log_probs=_log_probs(self.arrays["steps"][kept]),
            tail_mass=float(self.arrays["tail_mass"][index]),
            level_nats=float(self.arrays["level_nats"][index]),
        )


def _n_tokens(arrays: Mapping[str, Array]) -> int:
    is_gapless = arrays["n_gaps"] == 0
    return int((arrays["gaps"] != MORE_TO_COME).sum()) + int(arrays["n_kept"][is_gapless].sum())


def _gaps(token_ids: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """(5, 7, 600) -> (5, 2, 255, 255, 83); (0, 1, 2) -> ()."""
    if token_ids[-1] == len(token_ids) - 1:
        return np.empty(0, dtype=np.uint8)
    distances = np.diff(token_ids, prepend=0)
    n_bytes = distances // MORE_TO_COME + 1
    gaps = np.full(int(n_bytes.sum()), MORE_TO_COME, dtype=np.uint8)
    gaps[np.cumsum(n_bytes) - 1] = distances % MORE_TO_COME
    return gaps


def _token_ids(gaps: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    token_ids: npt.NDArray[np.int32] = np.cumsum(gaps, dtype=np.int32)[gaps != MORE_TO_COME]
    return token_ids


def _steps(log_probs: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """(n, 3) the bytes of each one's number of steps below 0."""
    numbers = np.rint(log_probs.astype(np.float64) / -LOG_PROB_STEP)
    # Rounding may put a certain token a step above 0.
    whole = np.clip(numbers, 0, 2 ** (8 * STEP_BYTES) - 1).astype("<u4")
    return whole.view(np.uint8).reshape(-1, 4)[:, :STEP_BYTES]


def _log_probs(steps: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    padded = np.zeros((len(steps), 4), dtype=np.uint8)
    padded[:, :STEP_BYTES] = steps
    return (padded.view("<u4")[:, 0] * -LOG_PROB_STEP).astype(np.float32)


def _offsets(lengths: Array) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
