"""What is kept of the logits while an answer is read: the reference's distributions, a variant's distance from them.

Whole rows never leave the child: at a vocabulary of 262,144 one is a megabyte.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from evalkit.engine.greedy import Logits
from evalkit.measure.divergence import Row, SparseDistribution, kl_divergence_nats, sparse_distribution
from evalkit.records.errors import EngineError

REFERENCE_ARRAYS = ("answer", "offsets", "token_ids", "log_probs", "tail_mass", "log_p_answer", "top")


class Recorder(Protocol):
    """Reads the rows of one prompt's reference answer and keeps what it makes of them in a file."""

    def read(self, index: int, row: Logits) -> None:
        """Told of the logits that predict the answer's token number `index`."""

    def save(self) -> None:
        """Write the file, in one step."""


class ReferenceRecorder:
    """Keeps the reference's own distributions along its answer."""

    def __init__(self, path: Path, answer: Sequence[int]) -> None:
        self._path = path
        self._answer = answer
        self._rows: list[SparseDistribution | None] = [None] * len(answer)
        self._log_probs = np.zeros(len(answer))
        self._top = np.zeros(len(answer), dtype=np.int32)

    def read(self, index: int, row: Logits) -> None:
        """See `Recorder.read`; the row after the last token predicts none of the answer."""
        if index < len(self._answer):
            found = Row.of(row)
            self._rows[index] = sparse_distribution(found)
            self._log_probs[index] = found.log_probs_nats(self._answer[index])
            self._top[index] = found.top_id

    def save(self) -> None:
        """See `Recorder.save`."""
        rows = [row for row in self._rows if row is not None]
        save_arrays(
            self._path,
            answer=np.array(self._answer, dtype=np.int32),
            offsets=np.cumsum([0, *(len(row.token_ids) for row in rows)]),
            token_ids=np.concatenate([row.token_ids for row in rows] or [np.empty(0, dtype=np.int32)]),
            log_probs=np.concatenate([row.log_probs for row in rows] or [np.empty(0, dtype=np.float32)]),
            tail_mass=np.array([row.tail_mass for row in rows]),
            log_p_answer=self._log_probs,
            top=self._top,
        )


class DivergenceRecorder:
    """Keeps a variant's distance from the reference along the reference's answer."""

    def __init__(self, path: Path, reference: Path) -> None:
        self._path = path
        self._stored = _load_reference(reference)
        n = len(self._stored["answer"])
        self._n_read = 0
        self._kl = np.zeros(n)
        self._same_top = np.zeros(n, dtype=bool)
        self._log_probs = np.zeros(n)

    @property
    def answer(self) -> tuple[int, ...]:
        """The reference's answer."""
        return tuple(int(token) for token in self._stored["answer"])

    def read(self, index: int, row: Logits) -> None:
        """See `Recorder.read`."""
        if index < len(self._kl):
            self._n_read = index + 1
            found = Row.of(row)
            self._kl[index] = kl_divergence_nats(self._reference_at(index), found)
            self._same_top[index] = found.top_id == self._stored["top"][index]
            self._log_probs[index] = found.log_probs_nats(int(self._stored["answer"][index]))

    def save(self) -> None:
        """See `Recorder.save`; positions that were not read are left out, not zero."""
        save_arrays(
            self._path,
            kl_nats=self._kl[: self._n_read],
            same_top=self._same_top[: self._n_read],
            log_p_reference=self._stored["log_p_answer"][: self._n_read],
            log_p_variant=self._log_probs[: self._n_read],
        )

    def _reference_at(self, index: int) -> SparseDistribution:
        span = slice(*self._stored["offsets"][index : index + 2])
        return SparseDistribution(
            token_ids=self._stored["token_ids"][span],
            log_probs=self._stored["log_probs"][span],
            tail_mass=float(self._stored["tail_mass"][index]),
        )


def _load_reference(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in REFERENCE_ARRAYS}
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise EngineError(
            f"the reference's record {path.name} is damaged. Delete {path}: the divergence is then not measured; "
            "or start anew with --fresh."
        ) from error


def save_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write an `.npz` so that readers see all of it or nothing."""
    temporary = path.with_name(f".{path.name}")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
