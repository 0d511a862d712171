"""Asks this machine, with this model, whether all row counts of a class give the same bits.

The last eight of 72 tokens are decoded in the ways that a fast run uses, after the same 64: as eight rows at once,
beside seven other streams, beside thirty-one, as one real row of four beside one other stream; and all 72 tokens are
read as a run reads a long text, as many rows at a time as the class allows. The logits must be equal to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from evalkit.engine.capacity import MAX_STREAMS
from evalkit.engine.fast import PADDING_TOKEN, force
from evalkit.engine.greedy import Logits
from evalkit.engine.memory import Memory, Run
from evalkit.records.errors import EngineError
from evalkit.records.run import RowClass

CANDIDATE = RowClass(low=8, high=63)
"""On processors without a GPU: from 8 rows on the matrix kernels stay the same, from 64 on flash attention tiles."""

N_TOKENS = 72
N_COMPARED = 8
N_STEPS = 2
"""Tokens that are decoded beside other streams: a step costs a large model most of a second."""

Rows = npt.NDArray[np.float32]


def probe_row_class(memory: Memory, n_vocab: int) -> RowClass | str:
    """The class that was proven, or the reason why there is none.

    The memory needs `MAX_STREAMS` sequences of at least 96 tokens; it is left cleared.
    """
    tokens = [(7 * index + 11) % n_vocab for index in range(N_TOKENS)]
    start = N_TOKENS - N_COMPARED
    try:
        memory.clear()
        for _ in force(memory, CANDIDATE, 0, tokens[:start], first_wanted=start):
            pass
        expected = _eight_rows(memory, tokens)
        others = {f"{n} streams": _streamed_rows(memory, tokens, n_streams=n) for n in (MAX_STREAMS, CANDIDATE.low, 2)}
        memory.clear()
        long_text = [row.copy() for row in _as_long_text(memory, tokens)]
        others[f"{CANDIDATE.high} rows at a time"] = np.stack(long_text)[-N_COMPARED:]
    except EngineError as error:
        return str(error)
    finally:
        memory.clear()
    for way, rows in others.items():
        difference = np.abs(rows - expected[: len(rows)]).max()
        if difference != 0:
            return f"{way} and eight rows at a time differ by up to {difference:.2g} in the logits"
    return CANDIDATE


def _eight_rows(memory: Memory, tokens: Sequence[int]) -> Rows:
    start = N_TOKENS - N_COMPARED
    run = Run(sequence=0, position=start, token_ids=tokens[start:], wanted=range(N_COMPARED))
    rows = np.stack([row.copy() for row in memory.decode([run])])
    memory.cut(0, start)
    return rows


def _streamed_rows(memory: Memory, tokens: Sequence[int], n_streams: int) -> Rows:
    # Sequence 0 holds the first 64 tokens and is left so.
    start = N_TOKENS - N_COMPARED
    for other in range(1, n_streams):
        memory.copy(0, other)
    rows = np.stack([_step(memory, tokens, start + step, n_streams) for step in range(N_STEPS)])
    memory.cut(0, start)
    for other in range(1, n_streams):
        memory.forget(other)
    return rows


def _step(memory: Memory, tokens: Sequence[int], position: int, n_streams: int) -> Logits:
    padding = (PADDING_TOKEN,) * (max(CANDIDATE.low // n_streams, 1) - 1)
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


def _as_long_text(memory: Memory, tokens: Sequence[int]) -> Iterator[Logits]:
    # Not `force`, which makes its chunks even: the largest that a run may use is wanted here.
    last = N_TOKENS - CANDIDATE.high
    for position, part in ((0, tokens[:last]), (last, tokens[last:])):
        yield from memory.decode([Run(sequence=0, position=position, token_ids=part, wanted=range(len(part)))])
