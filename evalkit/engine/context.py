"""KV memory and decoding through llama.cpp's low-level API; only ever imported in a child process.

Settings that move figures are pinned here: flash attention, one KV buffer per sequence, the full sliding-window
cache. With a shared buffer a row's result depends on the order of its neighbours; with a sliding cache a sequence
that was cut back may miss cells.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import llama_cpp
import numpy as np

from evalkit.engine.greedy import Logits
from evalkit.engine.memory import Run
from evalkit.records.errors import EngineError
from evalkit.records.run import EngineSettings

_WHOLE = -1


class LlamaContext:
    """Several sequences' KV memory, each with room for `n_ctx` tokens."""

    def __init__(self, model: object, n_vocab: int, n_ctx: int, n_sequences: int, settings: EngineSettings) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = n_ctx * n_sequences
        params.n_batch = settings.n_batch
        params.n_ubatch = settings.n_ubatch
        params.n_seq_max = n_sequences
        params.n_threads = settings.n_threads
        params.n_threads_batch = settings.n_threads
        params.flash_attn_type = int(settings.flash_attention)
        params.kv_unified = False
        params.swa_full = settings.full_window_cache
        params.no_perf = True
        self._context = llama_cpp.llama_init_from_model(model, params)
        if not self._context:
            raise EngineError(
                f"llama.cpp cannot make a context of {n_sequences} x {n_ctx} tokens; its KV memory probably does not "
                "fit. Free memory, or lower --max-tokens."
            )
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._n_vocab = n_vocab
        self.n_batch = settings.n_batch
        self._open_batch(settings.n_batch)

    def _open_batch(self, size: int) -> None:
        self._batch = llama_cpp.llama_batch_init(size, 0, 1)
        # llama.cpp wants a pointer per row; pointing them into one array lets numpy fill all rows at once.
        self._sequences = np.zeros(size, dtype=np.int32)
        for row in range(size):
            self._batch.n_seq_id[row] = 1
            address = self._sequences.ctypes.data + row * self._sequences.itemsize
            self._batch.seq_id[row] = ctypes.cast(address, ctypes.POINTER(llama_cpp.llama_seq_id))
        self._tokens = np.ctypeslib.as_array(self._batch.token, (size,))
        self._positions = np.ctypeslib.as_array(self._batch.pos, (size,))
        self._wanted = np.ctypeslib.as_array(self._batch.logits, (size,))

    def close(self) -> None:
        """Give the memory back; nothing may be decoded after."""
        llama_cpp.llama_free(self._context)

    def clear(self) -> None:
        """Forget every sequence: what comes next is decoded cold."""
        llama_cpp.llama_memory_clear(self._memory, True)

    def cut(self, sequence: int, position: int) -> None:
        """Forget a sequence's tokens from `position` on.

        Raises:
            EngineError: this architecture's memory cannot forget a part.
        """
        if not llama_cpp.llama_memory_seq_rm(self._memory, sequence, position, _WHOLE):
            raise EngineError("this architecture's memory cannot be cut back: use --regen plain.")

    def forget(self, sequence: int) -> None:
        """Forget a whole sequence."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, _WHOLE, _WHOLE)

    def copy(self, source: int, target: int) -> None:
        """Make `target` remember bit for bit what `source` does."""
        self.forget(target)
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, _WHOLE, _WHOLE)

    def decode(self, runs: Sequence[Run]) -> list[Logits]:
        """Decode all runs as one batch.

        Returns:
            One row per wanted token, in the order of the runs: (n_vocab,) float32 views on llama.cpp's own
            buffer, valid until the next call.
        """
        row = 0
        wanted_rows: list[int] = []
        for run in runs:
            end = row + len(run.token_ids)
            self._tokens[row:end] = run.token_ids
            self._positions[row:end] = range(run.position, run.position + len(run.token_ids))
            self._sequences[row:end] = run.sequence
            self._wanted[row:end] = 0
            wanted_rows += [row + index for index in run.wanted]
            row = end
        self._wanted[wanted_rows] = 1
        self._batch.n_tokens = row
        status = llama_cpp.llama_decode(self._context, self._batch)
        if status != 0:
            raise EngineError(f"llama_decode failed with status {status} on {row} rows at position {runs[0].position}.")
        return [self._logits_after(wanted) for wanted in wanted_rows]

    def _logits_after(self, row: int) -> Logits:
        pointer = llama_cpp.llama_get_logits_ith(self._context, row)
        return np.ctypeslib.as_array(pointer, (self._n_vocab,))
