"""llama.cpp's grammar sampler, asked token by token; only ever imported in a child process."""

from __future__ import annotations

import ctypes

import llama_cpp
import numpy as np
import numpy.typing as npt

from evalkit.engine.greedy import Logits
from evalkit.records.errors import EngineError

_N_LIKELY = 64
_TOKEN_DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""llama.cpp's `llama_token_data`."""


class Grammar:
    """Which tokens a GBNF grammar allows, and the likeliest of them."""

    def __init__(self, vocabulary: object, grammar: str) -> None:
        self._sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root")
        if not self._sampler:
            raise EngineError("llama.cpp refused the grammar: it must be GBNF with a rule named root.")

    def __enter__(self) -> Grammar:
        """The grammar at its beginning."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give its memory back."""
        llama_cpp.llama_sampler_free(self._sampler)

    def choose(self, logits: Logits) -> int | None:
        """The likeliest token that may come next, of equals the lowest id; None where none may."""
        # The grammar looks at every candidate's text: mostly a few of the likeliest are enough to find the best.
        n_likely = min(_N_LIKELY, len(logits))
        likely = np.sort(np.argpartition(logits, len(logits) - n_likely)[-n_likely:])
        best = self._best_allowed(likely, logits)
        if best is None:
            best = self._best_allowed(np.arange(len(logits)), logits)
        if best is not None:
            llama_cpp.llama_sampler_accept(self._sampler, best)
        return best

    def _best_allowed(self, ids: npt.NDArray[np.intp], logits: Logits) -> int | None:
        candidates = np.zeros(len(ids), dtype=_TOKEN_DATA)
        candidates["id"], candidates["logit"] = ids, logits[ids]
        data = candidates.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data))
        array = llama_cpp.llama_token_data_array(data=data, size=len(ids), selected=-1, sorted=False)
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(array))
        best = int(np.argmax(candidates["logit"]))
        return int(ids[best]) if np.isfinite(candidates["logit"][best]) else None
