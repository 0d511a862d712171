"""Several regenerations for less than their number: parallel streams, then verification on a fresh memory.

A row's logits depend on how many rows are decoded with it, but only through the kernels that the count selects: row
counts of one *class* give the same bits (`probe.py` asserts that on the machine). Within a class it makes no
difference whether a token is decoded beside other streams, or as part of a known text many tokens at a time. So:

1. Copies of the prompts' answers are generated side by side, one row per stream and step.
2. A variant first reads the reference's answer as a draft, many rows at a time. Up to the first token that it would
   have chosen otherwise, the fork, that is its own answer; it goes on alone from there.
3. Memory is cleared, and the finished answer is read once more as a draft. If the model chooses every token again,
   this is one more regeneration of it, at the price of a prompt. If not, the answer goes on from the fork alone.

Every batch has a number of rows within the class: a lone row is padded with rows behind it, which it cannot see and
which are cut off afterwards. The same holds for the rows whose logits are asked for, since the last layer computes
those alone. llama.cpp decodes a batch as a whole only if its sequences are 0, 1, 2 ... without a gap; otherwise it
splits it, and the parts leave the class.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalkit.engine.greedy import Logits
from evalkit.engine.memory import Memory, Run
from evalkit.engine.prompts import PreparedPrompt
from evalkit.engine.stream import RowReader, Stream
from evalkit.records.decoding import Decoding
from evalkit.records.run import RowClass

PADDING_TOKEN = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Copies of one prompt's answer that are still to be made."""

    prepared: PreparedPrompt
    n_copies: int
    draft: tuple[int, ...] = ()


class FastAnswerer:
    """Generates and verifies answers within one row class."""

    def __init__(
        self,
        memory: Memory,
        row_class: RowClass,
        decoding: Decoding,
        ends_turn: Callable[[int], bool],
        n_sequences: int,
    ) -> None:
        self._memory = memory
        self._rows = row_class
        self._decoding = decoding
        self._ends_turn = ends_turn
        self._n_sequences = n_sequences

    def generate(
        self, wanted: Sequence[Wanted], readers: Mapping[str, RowReader], on_step: Callable[[Stream], None]
    ) -> Iterator[Stream]:
        """Every wanted copy, as it is finished.

        Args:
            wanted: no more copies per entry than there are sequences.
            readers: per prompt id, who is told of the rows of its draft.
            on_step: told of one live stream after every step and row of a draft, as a sign of life.
        """
        self._memory.clear()
        waiting = deque(wanted)
        live: list[Stream] = []
        while waiting or live:
            while waiting and len(live) + waiting[0].n_copies <= self._n_sequences:
                one = waiting.popleft()
                read_row = readers.get(one.prepared.prompt.id, read_nothing)
                live += self._start(one, len(live), read_row, on_step)
            while ended := [stream for stream in live if stream.has_ended]:
                self._release(live, ended[0])
                yield ended[0]
            if live:
                self._step(live)
                on_step(live[0])

    def verify(
        self, prepared: PreparedPrompt, answer: Sequence[int], read_row: RowReader, on_step: Callable[[Stream], None]
    ) -> Stream:
        """One more regeneration from cleared memory, with the finished answer as its draft."""
        self._memory.clear()
        live = self._start(Wanted(prepared=prepared, n_copies=1, draft=tuple(answer)), 0, read_row, on_step)
        while not live[0].has_ended:
            self._step(live)
            on_step(live[0])
        return live[0]

    def _start(
        self, wanted: Wanted, first: int, read_row: RowReader, on_step: Callable[[Stream], None]
    ) -> list[Stream]:
        """The wanted copies, as far as prompt and draft lead, in the sequences from `first` on."""
        started = time.perf_counter()
        prompt, draft = wanted.prepared.token_ids, wanted.draft
        stream = Stream(prepared=wanted.prepared, decoding=self._decoding, ends_turn=self._ends_turn)
        # After a draft of full length no further token may come, so its last row would predict nothing.
        fed = draft[: wanted.prepared.prompt.max_tokens - 1]
        rows = force(self._memory, self._rows, first, (*prompt, *fed), first_wanted=len(prompt) - 1)
        stream.follow(draft, _with_signs(rows, stream, on_step), read_row)
        if not stream.has_ended:
            self._memory.cut(first, stream.next_position)
        for copy in range(1, wanted.n_copies):
            self._memory.copy(first, first + copy)
        stream.prefill_seconds = (time.perf_counter() - started) / wanted.n_copies
        return [stream, *(stream.twin() for _ in range(1, wanted.n_copies))]

    def _release(self, live: list[Stream], ended: Stream) -> None:
        """Take an ended stream out; the last one moves into its sequence, so that live sequences stay 0, 1, 2 ..."""
        # By identity: two copies of one answer are equal.
        gap = next(sequence for sequence, stream in enumerate(live) if stream is ended)
        last = live.pop()
        if last is not ended:
            self._memory.copy(len(live), gap)
            live[gap] = last
        self._memory.forget(len(live))

    def _step(self, live: Sequence[Stream]) -> None:
        started = time.perf_counter()
        n_rows = -(-self._rows.low // len(live))
        padding = (PADDING_TOKEN,) * (n_rows - 1)
        runs = [
            Run(
                sequence=sequence,
                position=stream.next_position,
                token_ids=(stream.output[-1], *padding),
                wanted=range(n_rows),
            )
            for sequence, stream in enumerate(live)
        ]
        rows = self._memory.decode(runs)[::n_rows]
        for run, stream, row in zip(runs, live, rows, strict=True):
            stream.take(row)
            if padding:
                self._memory.cut(run.sequence, run.position + 1)
        share = (time.perf_counter() - started) / len(live)
        for stream in live:
            stream.decode_seconds += share


def force(
    memory: Memory, row_class: RowClass, sequence: int, token_ids: Sequence[int], first_wanted: int
) -> Iterator[Logits]:
    """Feed a text to an empty sequence, as many rows at a time as the class allows.

    Yields:
        The logits after each token from index `first_wanted` on; each valid until the next is asked for.
    """
    position = 0
    for size in chunk_sizes(len(token_ids), row_class.high):
        padding = (PADDING_TOKEN,) * (row_class.low - size)
        part = (*token_ids[position : position + size], *padding)
        first = max(first_wanted - position, 0)
        asked = range(min(first, len(part) - row_class.low), len(part)) if first < size else range(0)
        rows = memory.decode([Run(sequence=sequence, position=position, token_ids=part, wanted=asked)])
        yield from rows[first - asked.start : size - asked.start] if asked else ()
        position += size
        if padding:
            memory.cut(sequence, position)


def chunk_sizes(n_tokens: int, high: int) -> list[int]:
    """As few chunks as possible, none above `high`, sizes as even as possible: 100, 63 -> [50, 50]."""
    n_chunks = -(-n_tokens // high)
    return [n_tokens // n_chunks + (index < n_tokens % n_chunks) for index in range(n_chunks)]


def _with_signs(rows: Iterator[Logits], stream: Stream, on_step: Callable[[Stream], None]) -> Iterator[Logits]:
    # Reading a long draft takes minutes on a large model; silence would be taken for a hang.
    for row in rows:
        on_step(stream)
        yield row


def read_nothing(_index: int, _row: Logits) -> None:
    """For drafts that nobody scores."""
