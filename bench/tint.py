"""How long scoring a run's answers takes: 10 variants x 4 prompts, 1,000 words each, all different.

    python -m bench.tint

The texts are sentences of the labelled passages, shuffled with a fixed seed, so no two answers share a window.
"""

from __future__ import annotations

import json
import random
import time

from evalkit.measure.score_texts import score_texts
from evalkit.measure.sentences import split_sentences
from evalkit.measure.tint_model import DATA_FOLDER
from evalkit.records.errors import NotMeasuredError
from evalkit.records.tint_reader import TintMethod, TintReader

N_ANSWERS = 40
N_WORDS = 1_000
SEED = 5


def answers() -> list[str]:
    """Texts of at least `N_WORDS` words each."""
    rng = random.Random(SEED)  # noqa: S311 - not for secrets
    sentences = [
        text[sentence.start : sentence.end]
        for line in (DATA_FOLDER / "dev.jsonl").read_text("utf-8").splitlines()
        for text in [json.loads(line)["text"]]
        for sentence in split_sentences(text)
    ]
    return [_answer(rng, sentences) for _ in range(N_ANSWERS)]


def _answer(rng: random.Random, sentences: list[str]) -> str:
    chosen: list[str] = []
    n_words = 0
    while n_words < N_WORDS:
        chosen.append(rng.choice(sentences))
        n_words += len(chosen[-1].split())
    return " ".join(chosen)


def _seconds(method: TintMethod, texts: list[str]) -> float:
    begun = time.perf_counter()
    readings = score_texts(texts, TintReader(method=method))
    seconds = time.perf_counter() - begun
    missing = [reading for reading in readings if isinstance(reading, NotMeasuredError)]
    assert not missing, missing[0]
    return seconds


def main() -> None:
    """Print one line per method; loading the model counts."""
    texts = answers()
    print(f"{N_ANSWERS} answers of {N_WORDS} words")
    for method in (TintMethod.LITE, TintMethod.FULL):
        print(f"{method}: {_seconds(method, texts):.1f} s")


if __name__ == "__main__":
    main()
