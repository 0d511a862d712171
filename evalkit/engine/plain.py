"""One answer after another, one row at a time, memory cleared before each: what plain llama.cpp does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from evalkit.engine.greedy import Logits
from evalkit.engine.memory import Memory, Run
from evalkit.engine.prompts import PreparedPrompt
from evalkit.engine.stream import Stream
from evalkit.records.decoding import Decoding


class PlainAnswerer:
    """Answers with one sequence."""

    def __init__(self, memory: Memory, n_batch: int, decoding: Decoding, ends_turn: Callable[[int], bool]) -> None:
        self._memory = memory
        self._n_batch = n_batch
        self._decoding = decoding
        self._ends_turn = ends_turn

    def answer(self, prepared: PreparedPrompt, on_token: Callable[[int], None]) -> Stream:
        """A cold answer: clear, prefill in batches of `n_batch`, then token by token to the end."""
        started = time.perf_counter()
        self._memory.clear()
        stream = Stream(prepared=prepared, decoding=self._decoding, ends_turn=self._ends_turn)
        for position in range(0, len(prepared.token_ids), self._n_batch):
            row = self._decode(prepared.token_ids[position : position + self._n_batch], position)
            on_token(0)
        stream.prefill_seconds = time.perf_counter() - started
        stream.take(row)
        while not stream.has_ended:
            on_token(len(stream.output))
            stream.take(self._decode(stream.output[-1:], stream.next_position))
        stream.decode_seconds = time.perf_counter() - started - stream.prefill_seconds
        return stream

    def _decode(self, token_ids: Sequence[int], position: int) -> Logits:
        wanted = range(len(token_ids) - 1, len(token_ids))
        (row,) = self._memory.decode([Run(sequence=0, position=position, token_ids=token_ids, wanted=wanted)])
        return row
