"""How much of raw llama.cpp decoding is left when evalkit chooses, checks and records every token.

Three ways to make the same greedy tokens with one model, alternated in one process, medians over rounds:

    raw         llama_decode alone, its logits unread: what llama-bench times
    evalkit     the same decode, then evalkit's penalised choice with its margin
    completion  Llama.create_completion, what a user's own script would call

Usage: python -m bench.decode [MODEL.gguf] [--tokens N] [--rounds N] [--threads N]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import llama_cpp

from evalkit.demo.build import build_demo_family, default_folder, user_cache
from evalkit.engine.greedy import choose_greedily, penalty_window
from evalkit.engine.llama import LlamaModel, LogTail, context_size
from evalkit.records.decoding import CARD_DECODING
from evalkit.records.run import EngineSettings

PROMPT = "The inn lay in silence, and the wind went by."


def main() -> None:
    options = read_options()
    settings = EngineSettings(n_threads=options.threads)
    model = LlamaModel(options.model, settings, LogTail(), lambda _: None)
    prompt = model.tokenize(PROMPT, add_special=True, parse_special=False)
    context = model.open_context(context_size(len(prompt) + options.tokens), settings)
    llama = llama_cpp.Llama(
        str(options.model), n_ctx=512 + options.tokens, n_threads=options.threads, flash_attn=True, verbose=False
    )

    def decode(choose: Callable[..., int]) -> None:
        context.clear()
        logits = context.prefill(prompt, lambda: None)
        output: list[int] = []
        for _ in range(options.tokens):
            output.append(choose(logits, output))
            logits = context.advance(output[-1])

    def pick(logits: object, output: list[int]) -> int:
        window = penalty_window(CARD_DECODING, prompt, output)
        return choose_greedily(logits, window, CARD_DECODING.repeat_penalty).token_id

    def complete() -> None:
        llama.reset()
        never = llama_cpp.LogitsProcessorList([])
        llama.create_completion(
            prompt, max_tokens=options.tokens, temperature=0.0, repeat_penalty=1.1, logits_processor=never
        )

    ways = {
        "raw": lambda: decode(lambda _logits, _output: prompt[-1]),
        "evalkit": lambda: decode(pick),
        "completion": complete,
    }
    report(dict(zip(ways, alternate(list(ways.values()), options.rounds), strict=True)))


def alternate(ways: list[Callable[[], None]], rounds: int) -> list[list[float]]:
    """Seconds per way and round; every round does all ways, so that a busy minute hits all alike."""
    times: list[list[float]] = [[] for _ in ways]
    for way in ways:
        way()
    for _ in range(rounds):
        for way, taken in zip(ways, times, strict=True):
            started = time.perf_counter()
            way()
            taken.append(time.perf_counter() - started)
    return times


def report(times: dict[str, list[float]]) -> None:
    raw = statistics.median(times["raw"])
    print("| way | median s | ratio to raw (median of paired rounds) |\n|---|---|---|")
    for name, taken in times.items():
        ratio = statistics.median(one / base for one, base in zip(taken, times["raw"], strict=True))
        print(f"| {name} | {statistics.median(taken):.3f} | {ratio:.2f} |")
    print(f"\nraw: {raw:.3f} s")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--tokens", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.model is None:
        family = build_demo_family(default_folder(user_cache()))
        options.model = family / "Hollow-Lantern-6M-M1-IQ4_XS.gguf"
    return options


if __name__ == "__main__":
    main()
