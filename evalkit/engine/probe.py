"""Asks this machine, with this model, whether all row counts of a class give the same bits.

The same 72 tokens are fed in five ways that a fast run uses: eight rows at a time, as many as the class allows at a
time, the same with only the last row's logits read, as one row beside seven other streams, and as one real row of
four beside another stream. The logits after the last eight tokens must be equal to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from evalkit.engine.fast import PADDING_TOKEN, force
from evalkit.engine.greedy import Logits
from evalkit.engine.memory import Memory, Run
from evalkit.records.errors import EngineError
from evalkit.records.run import RowClass

CANDIDATE = RowClass(low=8, high=63)
"""On processors without a GPU: from 8 rows on the matrix kernels stay the same, from 64 on flash attention tiles."""

N_TOKENS = 72
N_COMPARED = 8

Rows = npt.NDArray[np.float32]


def probe_row_class(memory: Memory, n_vocab: int) -> RowClass | str:
    """The class that was proven, or the reason why there is none.

    The memory needs eight sequences of at least 96 tokens; it is left cleared.
    """
    tokens = [(7 * index + 11) % n_vocab for index in range(N_TOKENS)]
    try:
        expected = _last_rows(memory, replace(CANDIDATE, high=CANDIDATE.low), tokens)
        others = {
            f"{CANDIDATE.high} rows at a time": _last_rows(memory, CANDIDATE, tokens),
            "the last row alone": _last_rows(memory, CANDIDATE, tokens, n_rows=1),
            "eight streams": _streamed_rows(memory, tokens, n_streams=8),
            "two streams of four rows": _streamed_rows(memory, tokens, n_streams=2),
        }
    except EngineError as error:
        return str(error)
    finally:
        memory.clear()
    for way, rows in others.items():
        difference = np.abs(rows - expected[-len(rows) :]).max()
        if difference != 0:
            return f"{way} and eight rows at a time differ by up to {difference:.2g} in the logits"
    return CANDIDATE


def _last_rows(memory: Memory, row_class: RowClass, tokens: Sequence[int], n_rows: int = N_COMPARED) -> Rows:
    memory.clear()
    return _copied(force(memory, row_class, 0, tokens, first_wanted=N_TOKENS - n_rows))


def _streamed_rows(memory: Memory, tokens: Sequence[int], n_streams: int) -> Rows:
    memory.clear()
    start = N_TOKENS - N_COMPARED
    for _ in force(memory, CANDIDATE, 0, tokens[:start], first_wanted=start):
        pass
    for other in range(1, n_streams):
        memory.copy(0, other)
    return _copied(_step(memory, tokens, position, n_streams) for position in range(start, N_TOKENS))


def _step(memory: Memory, tokens: Sequence[int], position: int, n_streams: int) -> Logits:
    padding = (PADDING_TOKEN,) * (CANDIDATE.low // n_streams - 1)
    runs = [
        # Each stream reads other tokens, so that a mix-up of rows cannot go unseen.
        Run(
            sequence=stream,
            position=position,
            token_ids=(tokens[position - stream], *padding),
            wanted=range(1 + len(padding)),
        )
        for stream in range(n_streams)
    ]
    row = memory.decode(runs)[0].copy()
    if padding:
        for stream in range(n_streams):
            memory.cut(stream, position + 1)
    return row


def _copied(rows: Iterator[Logits]) -> Rows:
    return np.stack([row.copy() for row in rows])
