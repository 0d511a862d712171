"""Greedy choice under a repeat penalty: the card's decoding at temperature 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.records.decoding import Decoding, PenaltyScope
from evalkit.records.errors import EngineError

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The next token, and how far ahead it was."""

    token_id: int
    margin_nats: float
    """Penalised logit of the chosen token minus the runner-up's; the normaliser cancels, so it is a log-prob gap."""


def penalty_window(decoding: Decoding, prompt: Sequence[int], output: Sequence[int]) -> Sequence[int]:
    """The tokens that the repeat penalty looks back on, at most `repeat_last_n`.

    llama.cpp's programs feed the prompt to the penalty as well; llama-cpp-python's high-level API does not.
    The same settings then give different texts, so the scope is part of the decoding record.
    """
    n_last = decoding.repeat_last_n
    if n_last <= 0:
        return ()
    from_output = output[-n_last:]
    n_missing = n_last - len(from_output)
    if decoding.penalty_scope is PenaltyScope.OUTPUT or n_missing == 0:
        return from_output
    return [*prompt[-n_missing:], *from_output]


def choose_greedily(logits: Logits, window: Sequence[int], repeat_penalty: float) -> Choice:
    """Penalise every token of the window once, then take the highest logit; of equals, the lowest id.

    Args:
        logits: (n_vocab,) float32, raw, before softmax; used as scratch space and restored before returning.
        window: token ids to penalise; repeats count once, as in llama.cpp.
        repeat_penalty: positive logits are divided by it, others multiplied. 1 changes nothing.

    Raises:
        EngineError: a logit is not a number or infinite, or all are equal: the weights are broken.

    Example: logits (2.0, 1.9), window (0,), penalty 1.1 -> token 1, since 2.0 / 1.1 = 1.818 < 1.9; margin 0.082.
    """
    penalised = np.fromiter(set(window), dtype=np.int64)
    original = logits[penalised]
    logits[penalised] = np.where(original > 0, original / repeat_penalty, original * repeat_penalty)
    best = int(logits.argmax())
    best_logit = float(logits[best])
    lowest = float(logits.min())
    logits[best] = -np.inf
    runner_up = float(logits.max())
    logits[best] = best_logit
    logits[penalised] = original
    # argmax and min both stop at a NaN, so these three values stand for the whole row.
    if not np.isfinite(best_logit + runner_up) or not best_logit > lowest:
        raise EngineError(
            "the model's logits are not finite numbers, or all alike: the file's weights are broken "
            "(NaN, infinite or zeroed). Quantise it again from its source."
        )
    return Choice(token_id=best, margin_nats=best_logit - runner_up)
