"""The reference of a text: a second model, chunks that were kept earlier, or a file of llama-perplexity's logits."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from evalkit.engine.corpus_text import Chunk, CorpusText
from evalkit.engine.greedy import Logits
from evalkit.engine.memory import Memory, Run
from evalkit.engine.recorder import save_arrays
from evalkit.measure.corpus import (
    CompatRow,
    Position,
    compat_position,
    compat_row,
    exact_position,
    stored_position,
)
from evalkit.measure.divergence import Row, sparse_distribution
from evalkit.measure.sparse_codec import SPARSE_ARRAYS, PackedRows, RowPacker
from evalkit.records.corpus import CorpusMode
from evalkit.records.errors import EngineError, UsageError

CHUNK_ARRAYS = ("token_ids", "nll", "top", *SPARSE_ARRAYS)

LOGITS_MAGIC = b"_logits_"


def chunk_file(folder: Path, index: int) -> Path:
    """Where a chunk's distributions lie."""
    return folder / f"chunk-{index:05d}.npz"


@dataclass(slots=True)
class KeptChunk:
    """What is to be kept of one chunk, as far as it was read."""

    rows: RowPacker = field(default_factory=RowPacker)
    nll: list[float] = field(default_factory=list)
    top: list[int] = field(default_factory=list)

    def add(self, logits: Logits, token_id: int) -> None:
        """One scored position."""
        row = Row.of(logits)
        self.rows.add(sparse_distribution(row))
        self.nll.append(-float(row.log_probs_nats(token_id)))
        self.top.append(row.top_id)


class LiveReference:
    """A loaded model that reads the same batches; what it says may be kept on the way."""

    def __init__(self, memory: Memory, mode: CorpusMode, keep_in: Path | None) -> None:
        self._memory = memory
        self._mode = mode
        self._keep_in = keep_in
        self._rows: Sequence[Logits] = ()
        self._kept: dict[int, KeptChunk] = {}

    def begin(self, group: Sequence[Chunk]) -> None:
        """See `ReferenceSide.begin`."""
        self._memory.clear()
        self._kept = {chunk.index: KeptChunk() for chunk in group}

    def read(self, runs: Sequence[Run]) -> None:
        """See `ReferenceSide.read`."""
        self._rows = self._memory.decode(runs)
        check_numbers(self._rows, "reference")

    def compare(self, chunk: Chunk, index: int, row: int, variant: Logits) -> Position:
        """See `ReferenceSide.compare`."""
        token_id, reference = chunk.scored_token(index), self._rows[row]
        if self._keep_in is not None:
            self._kept[chunk.index].add(reference, token_id)
        if self._mode is CorpusMode.COMPAT:
            return compat_position(compat_row(reference), variant, token_id)
        return exact_position(reference, variant, token_id)

    def end(self, group: Sequence[Chunk]) -> None:
        """See `ReferenceSide.end`."""
        if self._keep_in is None:
            return
        for chunk in group:
            kept = self._kept[chunk.index]
            save_arrays(
                chunk_file(self._keep_in, chunk.index),
                token_ids=np.array(chunk.token_ids, dtype=np.int32),
                nll=np.array(kept.nll),
                top=np.array(kept.top, dtype=np.int32),
                **kept.rows.arrays(),
            )


class StoredChunks:
    """Distributions that an earlier job kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arrays: dict[int, dict[str, npt.NDArray[Any]]] = {}
        self._rows: dict[int, PackedRows] = {}

    def begin(self, group: Sequence[Chunk]) -> None:
        """See `ReferenceSide.begin`.

        Raises:
            UsageError: the store holds another text, or no such chunk.
        """
        self._arrays = {chunk.index: self._load(chunk) for chunk in group}
        self._rows = {index: PackedRows.of(arrays) for index, arrays in self._arrays.items()}

    def read(self, runs: Sequence[Run]) -> None:
        """See `ReferenceSide.read`."""

    def compare(self, chunk: Chunk, index: int, row: int, variant: Logits) -> Position:
        """See `ReferenceSide.compare`."""
        arrays = self._arrays[chunk.index]
        facts = {"nll": float(arrays["nll"][index]), "top": float(arrays["top"][index])}
        return stored_position(self._rows[chunk.index][index], facts, variant, chunk.scored_token(index))

    def end(self, group: Sequence[Chunk]) -> None:
        """See `ReferenceSide.end`."""

    def _load(self, chunk: Chunk) -> dict[str, npt.NDArray[Any]]:
        path = chunk_file(self._folder, chunk.index)
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in CHUNK_ARRAYS}
            n_rows = len(PackedRows.of(arrays))
        except FileNotFoundError:
            raise UsageError(
                f"the store {self._folder} ends before chunk {chunk.index + 1} of this text. Lower --chunks, or make "
                "the store again."
            ) from None
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise UsageError(f"{path} in the store is damaged. Make the store again.") from error
        if not np.array_equal(arrays["token_ids"], chunk.token_ids):
            raise foreign_text(self._folder)
        if not n_rows == len(arrays["nll"]) == len(arrays["top"]) == chunk.n_scored:
            raise UsageError(f"{path} in the store is damaged. Make the store again.")
        return arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLogits:
    """llama-perplexity's own file (`--save-all-logits`), read a chunk at a time.

    Its layout: magic, n_ctx, n_vocab, n_chunks, the tokens (int32), then per scored position two float32 (step, floor)
    and the vocabulary's codes (uint16), padded to an even number.
    """

    file: BinaryIO
    path: Path
    n_vocab: int
    first_row: int
    """Offset of the first scored position, in bytes."""

    @classmethod
    def open(cls, path: Path, n_vocab: int, text: CorpusText) -> SavedLogits:
        """The file, checked to be of this text, these chunks and a vocabulary of this size.

        Raises:
            UsageError: it is not.
        """
        file = path.open("rb")
        header = file.read(len(LOGITS_MAGIC) + 12)
        if len(header) < len(LOGITS_MAGIC) + 12 or not header.startswith(LOGITS_MAGIC):
            raise UsageError(f"{path} is no GGUF, no store, and no file of llama-perplexity's --save-all-logits.")
        n_ctx, found_n_vocab, n_chunks = struct.unpack("<IiI", header[len(LOGITS_MAGIC) :])
        if found_n_vocab != n_vocab:
            raise UsageError(
                f"{path.name} is of a vocabulary of {found_n_vocab:,} tokens, and the variant has {n_vocab:,}: their "
                "figures would mean nothing. Both must come from one model."
            )
        if n_ctx != text.n_ctx:
            raise UsageError(f"{path.name} was made with --n-ctx {n_ctx}, and {text.n_ctx} is asked for. Use {n_ctx}.")
        if n_chunks < text.n_chunks:
            raise UsageError(f"{path.name} holds {n_chunks} chunks, {text.n_chunks} are asked for. Lower --chunks.")
        tokens = np.frombuffer(file.read(4 * n_ctx * n_chunks), dtype="<i4")
        wanted = text.token_ids[: n_ctx * text.n_chunks]
        if not np.array_equal(tokens[: len(wanted)], wanted):
            raise foreign_text(path)
        return cls(file=file, path=path, n_vocab=n_vocab, first_row=file.tell())

    def begin(self, group: Sequence[Chunk]) -> None:
        """See `ReferenceSide.begin`."""

    def read(self, runs: Sequence[Run]) -> None:
        """See `ReferenceSide.read`."""

    def compare(self, chunk: Chunk, index: int, row: int, variant: Logits) -> Position:
        """See `ReferenceSide.compare`."""
        return compat_position(self._row(chunk.index * chunk.n_scored + index), variant, chunk.scored_token(index))

    def end(self, group: Sequence[Chunk]) -> None:
        """See `ReferenceSide.end`."""

    def _row(self, number: int) -> CompatRow:
        n_bytes = 8 + 4 * ((self.n_vocab + 1) // 2)
        self.file.seek(self.first_row + number * n_bytes)
        content = self.file.read(n_bytes)
        if len(content) < n_bytes:
            raise UsageError(f"{self.path.name} ends in the middle of a chunk. Make it again.")
        step, floor = np.frombuffer(content, dtype="<f4", count=2)
        codes: npt.NDArray[np.uint16] = np.frombuffer(content, dtype="<u2", offset=8, count=self.n_vocab)
        return CompatRow(codes=codes, step=step, floor=floor)


def foreign_text(path: Path) -> UsageError:
    """The store was made of another text."""
    return UsageError(
        f"{path} was made of another text, or of the same one in another vocabulary: its tokens are not these. Give "
        "the text that it was made of, or make it again."
    )


def check_numbers(rows: Sequence[Logits], whose: str) -> None:
    """See that a model's rows are finite numbers.

    Raises:
        EngineError: they are not.
    """
    if not all(np.isfinite(row.sum(dtype=np.float64)) for row in rows):
        raise EngineError(
            f"the {whose}'s logits are not finite numbers: the file's weights are broken. Quantise it again from its "
            "source."
        )
