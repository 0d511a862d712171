"""What answering needs of a model's memory; `context.py` has llama.cpp's, tests have one over ten words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from evalkit.engine.greedy import Logits


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Tokens at successive positions of one sequence."""

    sequence: int
    position: int
    token_ids: Sequence[int]
    wanted: range
    """Indices into `token_ids` after which logits are wanted."""


class Memory(Protocol):
    """Several sequences that a model remembers."""

    def clear(self) -> None:
        """Forget every sequence: what comes next is decoded cold."""

    def cut(self, sequence: int, position: int) -> None:
        """Forget a sequence's tokens from `position` on."""

    def forget(self, sequence: int) -> None:
        """Forget a whole sequence."""

    def copy(self, source: int, target: int) -> None:
        """Make `target` remember bit for bit what `source` does."""

    def decode(self, runs: Sequence[Run]) -> list[Logits]:
        """Decode all runs as one batch; one row of logits per wanted token, valid until the next call.

        Runs of several sequences must be of equal length and of successive sequences, lowest first: llama.cpp would
        split any other batch, and the row counts of the parts select other kernels.
        """
        ...
