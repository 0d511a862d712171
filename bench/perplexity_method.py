"""llama-perplexity's way to a KL divergence, for comparison: whole rows through a file, no answers.

One pass of the reference writes every scored row to disk, half a megabyte each at a vocabulary of 262,144; one pass of
the variant reads them back. Half of each window of 512 tokens is context, so n positions cost 2 n tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from evalkit.engine.greedy import Logits
from evalkit.engine.llama import LlamaModel
from evalkit.engine.memory import Run
from evalkit.measure.corpus import CompatRow, compat_position, compat_row
from evalkit.records.run import EngineSettings

N_CTX = 512


def write_reference(model: LlamaModel, tokens: Sequence[int], settings: EngineSettings, path: Path) -> None:
    """The first program run: `llama-perplexity --kl-divergence-base`."""
    with path.open("wb") as file:
        for row in _scored_rows(model, tokens, settings):
            kept = compat_row(row)
            file.write(np.array([kept.step, kept.floor], dtype=np.float32).tobytes() + kept.codes.tobytes())


def compare_variant(model: LlamaModel, tokens: Sequence[int], settings: EngineSettings, path: Path) -> float:
    """The second: `llama-perplexity --kl-divergence`; the mean KL divergence in nats."""
    total, n = 0.0, 0
    with path.open("rb") as file:
        for row in _scored_rows(model, tokens, settings):
            step, floor = np.frombuffer(file.read(8), dtype=np.float32)
            codes = np.frombuffer(file.read(2 * len(row)), dtype=np.uint16)
            total += compat_position(CompatRow(codes=codes, step=step, floor=floor), row, tokens[n]).kl_nats
            n += 1
    return total / n


def _scored_rows(model: LlamaModel, tokens: Sequence[int], settings: EngineSettings) -> Iterator[Logits]:
    context = model.open_context(N_CTX, 1, settings)
    for start in range(0, len(tokens) - N_CTX + 1, N_CTX):
        context.clear()
        wanted = range(N_CTX // 2, N_CTX - 1)
        yield from context.decode([Run(sequence=0, position=0, token_ids=tokens[start : start + N_CTX], wanted=wanted)])
    context.close()
