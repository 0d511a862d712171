"""What is kept of the logits while an answer is read: the reference's distributions, a variant's distance from them.

Whole rows never leave the child: at a vocabulary of 262,144 one is a megabyte.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from evalkit.engine.greedy import Choice, Logits, choose_greedily, penalty_window
from evalkit.measure.divergence import Row, SparseDistribution, kl_divergence_nats, sparse_distribution
from evalkit.measure.partition import N_PARTS, partition_ids, reference_parts, variant_parts
from evalkit.measure.sparse_codec import SPARSE_ARRAYS, PackedRows, RowPacker
from evalkit.measure.symmetric import js_divergence_nats, lump, reverse_kl_nats
from evalkit.records.decoding import Decoding
from evalkit.records.errors import EngineError

REFERENCE_ARRAYS = ("answer", *SPARSE_ARRAYS, "log_p_answer", "top")

DIVERGENCE_VALUES = (
    *("kl_nats", "reverse_kl_nats", "js_nats", "log_p_variant"),
    *("log_p_choice_reference", "log_p_choice_variant", "margin_nats"),
)
"""One number per position of the reference's answer; what each means stands in `PositionScores`."""


class Recorder(Protocol):
    """Reads the rows of one prompt's reference answer and keeps what it makes of them in a file."""

    def read(self, index: int, row: Logits) -> None:
        """Told of the logits that predict the answer's token number `index`; they come in the answer's order."""

    def save(self) -> None:
        """Write the file, in one step."""


class ReferenceRecorder:
    """Keeps the reference's own distributions along its answer."""

    def __init__(self, path: Path, answer: Sequence[int]) -> None:
        self._path = path
        self._answer = answer
        self._rows = RowPacker()
        self._log_probs = np.zeros(len(answer))
        self._top = np.zeros(len(answer), dtype=np.int32)

    def read(self, index: int, row: Logits) -> None:
        """See `Recorder.read`; the row after the last token predicts none of the answer."""
        if index < len(self._answer):
            found = Row.of(row)
            self._rows.add(sparse_distribution(found))
            self._log_probs[index] = found.log_probs_nats(self._answer[index])
            self._top[index] = found.top_id

    def save(self) -> None:
        """See `Recorder.save`."""
        save_arrays(
            self._path,
            answer=np.array(self._answer, dtype=np.int32),
            **self._rows.arrays(),
            log_p_answer=self._log_probs,
            top=self._top,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """How a model chooses its next token after one prompt, and how it spells one."""

    prompt: Sequence[int]
    """The prompt's token ids: the repeat penalty looks back on them."""
    decoding: Decoding
    ends_turn: Callable[[int], bool]
    spell: Callable[[int], str]

    def choose(self, row: Logits, output: Sequence[int]) -> Choice:
        """The token that follows on `output`, after the repeat penalty."""
        return choose_greedily(row, penalty_window(self.decoding, self.prompt, output), self.decoding.repeat_penalty)


class DivergenceRecorder:
    """Keeps a variant's distance from the reference along the reference's answer, and what it would have said there."""

    def __init__(self, path: Path, reference: Path, chooser: Chooser) -> None:
        self._path = path
        self._chooser = chooser
        self._stored, self._rows = load_reference(reference)
        self._answer = self._stored["answer"].tolist()
        n = len(self._answer)
        self._n_read = 0
        self._values = {name: np.zeros(n) for name in DIVERGENCE_VALUES}
        self._same_top = np.zeros(n, dtype=bool)
        self._choices = np.zeros(n, dtype=np.int32)
        self._parts = np.zeros((2, n, N_PARTS + 1), dtype=np.float32)
        self._end_choice: Choice | None = None

    @property
    def answer(self) -> tuple[int, ...]:
        """The reference's answer."""
        return tuple(self._answer)

    def read(self, index: int, row: Logits) -> None:
        """See `Recorder.read`; the row after the last token tells whether the variant would have ended there, too."""
        choice = self._chooser.choose(row, self._answer[:index])
        if index >= len(self._answer):
            self._end_choice = choice
            return
        self._n_read = index + 1
        self._choices[index] = choice.token_id
        found, reference = Row.of(row), self._rows[index]
        self._same_top[index] = found.top_id == self._stored["top"][index]
        ids = partition_ids(reference)
        self._parts[:, index] = reference_parts(reference), variant_parts(ids, found)
        pair = lump(reference, found)
        values = {
            "kl_nats": kl_divergence_nats(reference, found),
            "reverse_kl_nats": reverse_kl_nats(pair),
            "js_nats": float(js_divergence_nats(pair.log_p, pair.log_q)),
            "log_p_variant": float(found.log_probs_nats(self._answer[index])),
            "log_p_choice_reference": _log_prob(reference, choice.token_id),
            "log_p_choice_variant": float(found.log_probs_nats(choice.token_id)),
            "margin_nats": choice.margin_nats,
        }
        for name, value in values.items():
            self._values[name][index] = value

    def save(self) -> None:
        """See `Recorder.save`; positions that were not read are left out, not zero."""
        read = slice(self._n_read)
        end = self._end_choice
        ends = [] if end is None else [self._chooser.ends_turn(end.token_id)]
        choices = [*self._choices[read], *([] if end is None else [end.token_id])]
        fork = next((i for i, choice in enumerate(choices) if choice not in self._answer[i : i + 1]), None)
        save_arrays(
            self._path,
            **{name: values[read] for name, values in self._values.items()},
            log_p_reference=self._stored["log_p_answer"][read],
            same_top=self._same_top[read],
            answer=self._stored["answer"][read],
            choices=np.array(choices, dtype=np.int32),
            ends_too=np.array(ends, dtype=bool),
            end_margin_nats=np.array([] if end is None else [end.margin_nats]),
            pieces=_as_bytes([self._chooser.spell(token) for token in self._answer[read]]),
            fork_piece=_as_bytes([] if fork is None else [self._chooser.spell(int(choices[fork]))]),
            reference_parts=self._parts[0, read],
            variant_parts=self._parts[1, read],
        )


def _log_prob(reference: SparseDistribution, token_id: int) -> float:
    """NaN where the token is below the cut, so that the reference's record does not know it."""
    at = int(np.searchsorted(reference.token_ids, token_id))
    is_kept = at < len(reference.token_ids) and reference.token_ids[at] == token_id
    return float(reference.log_probs[at]) if is_kept else math.nan


def _as_bytes(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Texts as a JSON list, so that a file of arrays can hold them."""
    return np.frombuffer(json.dumps(texts).encode(), dtype=np.uint8)


def load_reference(path: Path) -> tuple[dict[str, np.ndarray], PackedRows]:
    """What `ReferenceRecorder` kept along one answer: all arrays by name, and the distributions in them.

    Raises:
        EngineError: the file is damaged, or an older evalkit wrote it.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in REFERENCE_ARRAYS}
        return arrays, PackedRows.of(arrays)
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise EngineError(
            f"the reference's record {path.name} is damaged, or an older evalkit wrote it. Delete {path}: the "
            "divergence is then not measured; or start anew with --fresh."
        ) from error


def save_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write an `.npz` so that readers see all of it or nothing."""
    temporary = path.with_name(f".{path.name}")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
