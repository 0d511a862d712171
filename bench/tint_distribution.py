"""What recording the tint of the next token costs, as a share of the forward pass: `python -m bench.tint_distribution`.

The models are synthetic (random weights, vocabulary 262,144). Every word form of the horror axis is given a token of
its own, more than any vocabulary has. Forward passes and readings alternate in one process; figures are medians.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from evalkit.engine.memory import Run
from evalkit.engine.tint_recorder import N_ROWS, WordStartRecorder, WordStartTokens
from evalkit.measure.axis import horror_texts, word_forms
from evalkit.records.run import EngineSettings

N_ROUNDS = 12


class Spread:
    """A tokenizer that gives every form a token of its own, all over the vocabulary."""

    def __init__(self, n_vocab: int, n_forms: int) -> None:
        self._left = iter(np.random.default_rng(0).choice(n_vocab, size=n_forms, replace=False).tolist())

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        return [0] if " " not in text else [0, next(self._left)]


def main() -> None:
    """Print milliseconds per position for every model named on the command line."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    for path in map(Path, sys.argv[1:]):
        forward_ms, reading_ms = measure(path)
        share = reading_ms / forward_ms
        print(f"{path}: forward {forward_ms:.2f} ms, reading {reading_ms:.3f} ms per position: {share:.1%}", flush=True)


def measure(path: Path) -> tuple[float, float]:
    """Milliseconds per position of the forward pass in batches of `N_ROWS`, and of recording."""
    from evalkit.engine.llama import LlamaModel, LogTail

    model = LlamaModel(path, EngineSettings(n_threads=2), LogTail(), lambda _fraction: None)
    forms = word_forms(horror_texts())
    recorder = WordStartRecorder(WordStartTokens(forms, Spread(model.n_vocab, len(forms))), N_ROWS * N_ROUNDS)
    context = model.open_context(1024, 1, EngineSettings(n_threads=2))
    tokens = np.random.default_rng(1).integers(model.n_vocab, size=N_ROWS).tolist()
    forward, reading = [], []
    for index in range(N_ROUNDS):
        began = time.perf_counter()
        rows = context.decode([Run(sequence=0, position=index * N_ROWS, token_ids=tokens, wanted=range(N_ROWS))])
        decoded = time.perf_counter()
        for row in rows:
            recorder.read(0, row)
        forward.append(decoded - began)
        reading.append(time.perf_counter() - decoded)
    context.close()
    return tuple(1000 * statistics.median(seconds) / N_ROWS for seconds in (forward, reading))  # type: ignore[return-value]


if __name__ == "__main__":
    main()
