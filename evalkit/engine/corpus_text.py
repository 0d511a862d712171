"""A text as llama-perplexity reads it: tokens in chunks, each chunk's second half scored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from evalkit.records.corpus import MIN_POSITIONS
from evalkit.records.errors import UsageError


class TextVocabulary(Protocol):
    """What cutting a text needs of a model."""

    @property
    def bos_id(self) -> int | None:
        """The token that the vocabulary wants before a text; None where it wants none."""

    @property
    def adds_eos(self) -> bool:
        """Whether the vocabulary wants a token after a text."""

    def tokenize(self, text: str | bytes, *, add_special: bool, parse_special: bool) -> list[int]:
        """Text to token ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One window of the text."""

    index: int
    token_ids: tuple[int, ...]
    """(n_ctx,) as they are fed: the first is BOS where the vocabulary wants one."""

    @property
    def first_scored(self) -> int:
        """Rows from this position on predict a scored token; the half before it is context."""
        return len(self.token_ids) // 2

    @property
    def n_scored(self) -> int:
        """Scored positions; the last token's row predicts nothing of the chunk."""
        return scored_per_chunk(len(self.token_ids))

    def scored_token(self, index: int) -> int:
        """The token that the chunk's scored position number `index` predicts."""
        return self.token_ids[self.first_scored + index + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusText:
    """A text's whole chunks."""

    token_ids: tuple[int, ...]
    n_ctx: int
    n_chunks: int
    bos_id: int | None

    @property
    def tokens_hash(self) -> str:
        """sha256 over the ids of the tokens that are read (little-endian int32), hex."""
        read = self.token_ids[: self.n_chunks * self.n_ctx]
        return hashlib.sha256(np.array(read, dtype="<i4").tobytes()).hexdigest()

    def groups(self, n_side_by_side: int) -> Iterator[tuple[Chunk, ...]]:
        """Every chunk in the text's order, so many at a time; the last group may be smaller."""
        for first in range(0, self.n_chunks, n_side_by_side):
            yield tuple(self._chunk(index) for index in range(first, min(first + n_side_by_side, self.n_chunks)))

    def _chunk(self, index: int) -> Chunk:
        tokens = self.token_ids[index * self.n_ctx : (index + 1) * self.n_ctx]
        return Chunk(index=index, token_ids=tokens if self.bos_id is None else (self.bos_id, *tokens[1:]))


def read_text(path: Path, model: TextVocabulary, n_ctx: int, n_chunks: int | None) -> CorpusText:
    """The file's chunks.

    As in llama.cpp's programs, one newline at the file's end is left out, and special tokens written in the text are
    plain text.

    Raises:
        UsageError: the text is too short for the chunks asked for, or for any statistics; or the vocabulary ends
            every text with a token, which llama-perplexity refuses, too.
    """
    if model.adds_eos:
        raise UsageError(
            "this vocabulary ends every text with a token (add_eos); llama-perplexity's protocol has no place for it. "
            "Compare two models whose vocabulary does not."
        )
    raw = path.read_bytes().removesuffix(b"\n")
    token_ids = model.tokenize(raw, add_special=True, parse_special=False)
    n_possible = len(token_ids) // n_ctx
    n_wanted = n_possible if n_chunks is None else n_chunks
    _check_length(path, len(token_ids), n_ctx, n_wanted)
    return CorpusText(token_ids=tuple(token_ids), n_ctx=n_ctx, n_chunks=n_wanted, bos_id=model.bos_id)


def _check_length(path: Path, n_tokens: int, n_ctx: int, n_chunks: int) -> None:
    n_needed = n_ctx * max(n_chunks, 2)
    if n_tokens < n_needed:
        raise UsageError(
            f"{path.name} has {n_tokens:,} tokens; {max(n_chunks, 2)} chunks of {n_ctx} need {n_needed:,}. Give a "
            "longer text, fewer --chunks or a smaller --n-ctx."
        )
    n_positions = n_chunks * scored_per_chunk(n_ctx)
    if n_positions < MIN_POSITIONS:
        raise UsageError(
            f"{n_chunks} chunks of {n_ctx} tokens score {n_positions} positions; figures need {MIN_POSITIONS}. Raise "
            "--chunks or --n-ctx."
        )


def scored_per_chunk(n_ctx: int) -> int:
    """Positions that a chunk of so many tokens scores: 512 -> 255."""
    return n_ctx - 1 - n_ctx // 2
