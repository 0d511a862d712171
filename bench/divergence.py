"""What the divergence costs beside the forward pass that it rides on, and how much memory it takes.

Goals, at a vocabulary of 262,144: arithmetic at most 5 % of its forward pass, at most 100 MB for 4,000 positions.

The forward pass is that of a reading: 63 rows per batch, all logits wanted. Times are CPU seconds of one thread, so
that a busy machine does not tilt the ratio; memory is the peak of what Python allocates while four answers of 1,000
tokens are open at once, as in a run of four prompts.

Usage: python -m bench.divergence [--shape demo|tiny|0.5b|4b] [--batches N] [--positions N]
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.synthetic import SHAPES, make_pair
from evalkit.demo.build import user_cache
from evalkit.engine.fast import force
from evalkit.engine.llama import LlamaModel, LogTail
from evalkit.engine.recorder import Chooser, DivergenceRecorder, ReferenceRecorder
from evalkit.measure.corpus import compat_position, compat_row, exact_position
from evalkit.measure.divergence import Row, kl_divergence_nats, sparse_distribution
from evalkit.records.decoding import CARD_DECODING
from evalkit.records.run import EngineSettings, RowClass

N_ROWS = 63
N_ANSWERS = 4

Rows = Sequence[np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=list(SHAPES), default="0.5b")
    parser.add_argument("--batches", type=int, default=3)
    parser.add_argument("--positions", type=int, default=4000)
    asked = parser.parse_args()
    paths = make_pair(SHAPES[asked.shape], user_cache() / "evalkit" / f"synthetic-{asked.shape}")
    forward, reference = read(paths[0], asked.batches)
    _, variant = read(paths[1], asked.batches)
    n_vocab, n_kept = len(reference[0]), [len(sparse_distribution(Row.of(row)).token_ids) for row in reference]
    print(f"{asked.shape}: vocabulary {n_vocab:,}, {np.mean(n_kept):,.0f} tokens kept per row on average\n")
    print("| per row | ms | % of the forward pass |\n|---|---|---|")
    print(f"| forward pass | {forward:.2f} | 100 |")
    for name, seconds in arithmetic(reference, variant).items():
        print(f"| {name} | {seconds:.2f} | {100 * seconds / forward:.1f} |")
    print(f"\n{asked.positions:,} positions: {peak_megabytes(reference, variant, asked.positions):.0f} MB at most")


def read(path: Path, n_batches: int) -> tuple[float, Rows]:
    """Milliseconds per row of reading, and some rows."""
    model = LlamaModel(path, EngineSettings(n_threads=1), LogTail(), lambda _: None)
    memory = model.open_context(256, 1, EngineSettings(n_threads=1))
    tokens = np.random.default_rng(1).integers(10, model.n_vocab, N_ROWS).tolist()
    took = []
    for _ in range(n_batches):
        memory.clear()
        started = time.process_time()
        rows = list(force(memory, RowClass(low=8, high=N_ROWS), 0, tokens, first_wanted=0))
        took.append(1000 * (time.process_time() - started) / N_ROWS)
    return float(np.median(took)), [row.copy() for row in rows]


def arithmetic(reference: Rows, variant: Rows) -> dict[str, float]:
    """Milliseconds per row of each thing that is made of rows."""
    kept = [sparse_distribution(Row.of(row)) for row in reference]
    with tempfile.TemporaryDirectory() as scratch:
        recorder = recorded(reference, len(reference), Path(scratch) / "reference.npz")
        whole = timed(lambda i: recorder.read(i, variant[i]), len(variant))
    return {
        "softmax": timed(lambda i: Row.of(variant[i]), len(variant)),
        "a run's KL divergence, softmax included": timed(
            lambda i: kl_divergence_nats(kept[i], Row.of(variant[i])), len(variant)
        ),
        "all that a run keeps of a variant's row": whole,
        "the reference's record, softmax included": timed(
            lambda i: sparse_distribution(Row.of(reference[i])), len(reference)
        ),
        "`diverge`, exact": timed(lambda i: exact_position(reference[i], variant[i], 0), len(variant)),
        "`diverge`, compat": timed(lambda i: compat_position(compat_row(reference[i]), variant[i], 0), len(variant)),
    }


def timed(make: Callable[[int], object], n: int) -> float:
    make(0)
    started = time.process_time()
    for index in range(n):
        make(index)
    return 1000 * (time.process_time() - started) / n


def peak_megabytes(reference: Rows, variant: Rows, n_positions: int) -> float:
    """Of recording the reference, one answer after another, then reading a variant along all answers at once."""
    length = n_positions // N_ANSWERS
    with tempfile.TemporaryDirectory() as scratch:
        tracemalloc.start()
        readers = [recorded(reference, length, Path(scratch) / f"{number}.npz") for number in range(N_ANSWERS)]
        for index in range(length):
            for reader in readers:
                reader.read(index, variant[index % len(variant)])
        for reader in readers:
            reader.save()
        return tracemalloc.get_traced_memory()[1] / 1e6


def recorded(reference: Rows, length: int, path: Path) -> DivergenceRecorder:
    """Who measures a variant against the reference, which was recorded along an answer of this length."""
    recorder = ReferenceRecorder(path, [index % len(reference) for index in range(length)])
    for index in range(length):
        recorder.read(index, reference[index % len(reference)])
    recorder.save()
    chooser = Chooser(prompt=(1,), decoding=CARD_DECODING, ends_turn=lambda _: False, spell=str)
    return DivergenceRecorder(path.with_suffix(".out.npz"), path, chooser)


if __name__ == "__main__":
    main()
