"""One answer after another, one row at a time, memory cleared before each: what plain llama.cpp does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

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
        stream = Stream(prepared=prepared, decoding=self._decoding, ends_turn=self._ends_turn)
        row = self.prefill(prepared, on_token)
        stream.prefill_seconds = time.perf_counter() - started
        self._go_on(stream, row, on_token)
        stream.decode_seconds = time.perf_counter() - started - stream.prefill_seconds
        return stream

    def answer_warm(self, prepared: PreparedPrompt, on_token: Callable[[int], None]) -> Stream:
        """The answer of an app that reuses the prompt's prefix: all of the prompt is in memory but its last token.

        That one is then decoded alone, by other kernels than as the last row of a prefill, and a near tie may turn.
        """
        self.prefill(prepared, on_token)
        started = time.perf_counter()
        last = len(prepared.token_ids) - 1
        self._memory.cut(0, last)
        stream = Stream(prepared=prepared, decoding=self._decoding, ends_turn=self._ends_turn)
        self._go_on(stream, _decode(self._memory, prepared.token_ids[last:], last), on_token)
        stream.decode_seconds = time.perf_counter() - started
        return stream

    def prefill(self, prepared: PreparedPrompt, on_token: Callable[[int], None]) -> Logits:
        """Clear the memory and decode the prompt in batches of `n_batch`; the logits after its last token."""
        return _prefill(self._memory, self._n_batch, prepared.token_ids, on_token)

    def _go_on(self, stream: Stream, row: Logits, on_token: Callable[[int], None]) -> None:
        stream.take(row)
        while not stream.has_ended:
            on_token(len(stream.output))
            stream.take(_decode(self._memory, stream.output[-1:], stream.next_position))


def read_plainly(memory: Memory, n_batch: int, prompt: Sequence[int], text: Sequence[int]) -> Iterator[Logits]:
    """The logits after the prompt, then after each token of a given text: those of a plain answer that says the same.

    Each row is valid until the next is asked for.
    """
    yield _prefill(memory, n_batch, prompt, lambda _n_tokens: None)
    for position, token in enumerate(text, start=len(prompt)):
        yield _decode(memory, (token,), position)


def _prefill(memory: Memory, n_batch: int, prompt: Sequence[int], on_token: Callable[[int], None]) -> Logits:
    memory.clear()
    for position in range(0, len(prompt), n_batch):
        row = _decode(memory, prompt[position : position + n_batch], position)
        on_token(0)
    return row


def _decode(memory: Memory, token_ids: Sequence[int], position: int) -> Logits:
    wanted = range(len(token_ids) - 1, len(token_ids))
    (row,) = memory.decode([Run(sequence=0, position=position, token_ids=token_ids, wanted=wanted)])
    return row
