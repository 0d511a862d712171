"""What three regenerations and the divergence cost, as ratios to one plain pass over the prompts.

Everything runs in one process on the same two models, alternated, medians over rounds:

    raw         llama_decode alone, one row at a time, logits unread: what llama-bench times; one pass
    plain       evalkit --regen plain, one regeneration
    fast M1     evalkit --regen fast, the reference: three regenerations, distributions and noise floor recorded
    fast M2     evalkit --regen fast, a variant: three regenerations and its divergence, riding on M1's answers
    script      Llama.create_completion three times per prompt: what a user's own script does
    logprobs    the same once, with logprobs=1 (with --logprobs; slow)
    tool M1     llama-perplexity's method, the reference's pass: as many scored positions, no answers
    tool M2     the variant's pass of it

No answer ends early: the end of turn is disabled, so that all make the same number of tokens.

Usage: python -m bench.regenerations [--shape demo|tiny|0.5b|4b] [--prompts N] [--tokens N] [--rounds N] [--threads N]
           [--logprobs]
"""

from __future__ import annotations

import argparse
import ctypes
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import llama_cpp

from bench.perplexity_method import N_CTX, compare_variant, write_reference
from bench.synthetic import SHAPES, make_pair
from evalkit.demo.build import build_demo_family, default_folder, user_cache
from evalkit.engine.child import ENVIRONMENT
from evalkit.engine.llama import LlamaModel, LogTail
from evalkit.engine.memory import Run
from evalkit.engine.prompts import prepare_prompts
from evalkit.engine.protocol import VariantJob
from evalkit.engine.ways import SignsOfLife, answer_fast, answer_plainly, find_row_class
from evalkit.records.decoding import CARD_DECODING
from evalkit.records.generation import Cell
from evalkit.records.run import EngineSettings, RegenMode
from evalkit.records.suite import Suite
from evalkit.suite.load import SuiteRequest, load_suite

N_REGENERATIONS = 3
_SILENCE = llama_cpp.llama_log_callback(lambda _level, _text, _data: None)

TEMPLATE = "{{ bos_token }}<start_of_turn>user\n{{ messages[0].content }}<end_of_turn>\n<start_of_turn>model\n"


class Bench:
    """Two loaded models and the ways to make answers with them."""

    def __init__(self, paths: tuple[Path, Path], options: argparse.Namespace, scratch: Path) -> None:
        self._options = options
        self._scratch = scratch
        self._settings = EngineSettings(n_threads=options.threads)
        self._log = LogTail()
        llama_cpp.llama_log_set(_SILENCE, ctypes.c_void_p(0))
        self._models = [self._load(path) for path in paths]
        self._scripts = llama_cpp.Llama(
            str(paths[0]), n_ctx=1024 + options.tokens, n_threads=options.threads, flash_attn=True, verbose=False
        )
        suite = _with_more_prompts(load_suite(SuiteRequest(max_tokens=options.tokens)), options.prompts)
        cells = tuple(
            Cell(label="M", prompt_id=prompt.id, regeneration_index=index)
            for prompt in suite.prompts
            for index in range(N_REGENERATIONS)
        )
        self._job = VariantJob(
            label="M",
            path=paths[0],
            payload_hash="",
            suite=suite,
            decoding=CARD_DECODING,
            settings=self._settings,
            cells=cells,
            n_regenerations=N_REGENERATIONS,
            is_reference=True,
            drafts={},
            reference_folder=scratch,
            positions_folder=scratch / "noise",
            answered={},
            n_ctx_train=None,
            own_template=TEMPLATE,
            reference_template=None,
            log_path=scratch / "log",
        )
        self._job.positions_folder.mkdir()
        # Once per run, so not part of what a variant costs.
        started = time.perf_counter()
        row_class = find_row_class(self._models[0], self._settings)
        self.probe_seconds = time.perf_counter() - started
        if isinstance(row_class, str):
            raise SystemExit(f"no row class on this machine: {row_class}")
        self._row_class = row_class
        # The synthetic vocabulary spells prompts byte by byte; a real one needs about a fifth of the tokens.
        share = 1 if options.shape == "demo" else 5
        self._prepared = {
            id_: replace(one, token_ids=one.token_ids[: len(one.token_ids) // share])
            for id_, one in prepare_prompts(self._job, self._models[0]).items()
        }
        self.forks: list[int] = []

    def ways(self) -> dict[str, Callable[[], None]]:
        """In the order in which a round does them: M2 needs what M1 has recorded."""
        ways = {
            "raw": self.raw,
            "plain": self.plain,
            "fast M1": self.fast_reference,
            "fast M2": self.fast_variant,
            "script": lambda: self.script(N_REGENERATIONS, None),
            "tool M1": self.tool_reference,
            "tool M2": self.tool_variant,
        }
        return ways | ({"logprobs": lambda: self.script(1, 1)} if self._options.logprobs else {})

    def raw(self) -> None:
        context = self._models[0].open_context(self._n_ctx(), 1, self._settings)
        for prepared in self._prepared.values():
            context.clear()
            tokens = prepared.token_ids
            context.decode([Run(sequence=0, position=0, token_ids=tokens, wanted=range(len(tokens) - 1, len(tokens)))])
            for position in range(len(tokens), len(tokens) + self._options.tokens - 1):
                token = tokens[position % len(tokens)]
                context.decode([Run(sequence=0, position=position, token_ids=(token,), wanted=range(1))])
        context.close()

    def plain(self) -> None:
        cells = tuple(cell for cell in self._job.cells if cell.regeneration_index == 0)
        settings = replace(self._settings, regen_mode=RegenMode.PLAIN)
        # As a variant without a reference: what reading costs belongs to the fast rows.
        job = replace(self._job, cells=cells, settings=settings, is_reference=False, reference_folder=Path("none"))
        for _ in answer_plainly(job, self._models[0], self._prepared, self._signs()):
            pass

    def fast_reference(self) -> None:
        self._drafts = self._fast(self._job, self._models[0])

    def fast_variant(self) -> None:
        job = replace(self._job, is_reference=False, drafts=self._drafts)
        answers = self._fast(job, self._models[1])
        self.forks = [
            next((i for i, (a, b) in enumerate(zip(answers[id_], draft, strict=True)) if a != b), len(draft))
            for id_, draft in self._drafts.items()
        ]

    def script(self, n_regenerations: int, logprobs: int | None) -> None:
        ends = {token: -1000.0 for token in range(10) if self._ends_turn[token]}
        for prepared in self._prepared.values():
            for _ in range(n_regenerations):
                self._scripts.create_completion(
                    list(prepared.token_ids), max_tokens=self._options.tokens, temperature=0.0, repeat_penalty=1.1,
                    logprobs=logprobs, logit_bias=ends,
                )  # fmt: skip

    def tool_reference(self) -> None:
        write_reference(self._models[0], self._tool_tokens(), self._settings, self._scratch / "base")

    def tool_variant(self) -> None:
        compare_variant(self._models[1], self._tool_tokens(), self._settings, self._scratch / "base")

    def _tool_tokens(self) -> list[int]:
        scored = self._options.tokens * len(self._prepared)
        tokens = [token for one in self._prepared.values() for token in one.token_ids]
        n = -(-scored // (N_CTX // 2 - 1)) * N_CTX
        return [tokens[index % len(tokens)] for index in range(n)]

    def _load(self, path: Path) -> LlamaModel:
        model = LlamaModel(path, self._settings, self._log, lambda _fraction: None)
        self._ends_turn = [model.ends_turn(token) for token in range(10)]
        model.ends_turn = lambda token_id: False  # type: ignore[method-assign]  # noqa: ARG005
        return model

    def _fast(self, job: VariantJob, model: LlamaModel) -> dict[str, tuple[int, ...]]:
        made = list(answer_fast(job, model, self._prepared, self._signs(), row_class=self._row_class))
        if len({(one.prompt_id, one.token_ids) for one in made}) != len(self._prepared):
            raise SystemExit("regenerations differ: the class does not hold")
        return {one.prompt_id: one.token_ids for one in made}

    def _signs(self) -> SignsOfLife:
        return SignsOfLife("M", lambda _event: None)

    def _n_ctx(self) -> int:
        return self._models[0].context_size(self._prepared)


def _with_more_prompts(suite: Suite, n: int) -> Suite:
    prompts = [suite.prompts[index % len(suite.prompts)] for index in range(n)]
    return replace(suite, prompts=tuple(replace(one, id=f"{one.id}-{index}") for index, one in enumerate(prompts)))


def alternate(ways: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Seconds per way and round; every round does all ways, so that a busy minute hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - started)
            print(f"round {number + 1} {name}: {times[name][-1]:.2f} s", file=sys.stderr)
    return times


def show(times: dict[str, list[float]]) -> None:
    """Ratios are medians of paired rounds."""
    print("| way | median s | to one plain pass | to the script |\n|---|---|---|---|")
    for name, taken in times.items():
        ratios = [
            statistics.median(one / base for one, base in zip(taken, times[to], strict=True))
            for to in ("plain", "script")
        ]
        print(f"| {name} | {statistics.median(taken):.2f} | {ratios[0]:.2f} | {ratios[1]:.2f} |")
    family = [one + 9 * nine for one, nine in zip(times["fast M1"], times["fast M2"], strict=True)]
    ratio = statistics.median(all_ / (10 * one) for all_, one in zip(family, times["script"], strict=True))
    print(f"\nten variants, fast, to the script: {ratio:.2f}")


def main() -> None:
    if "GOMP_SPINCOUNT" not in os.environ:
        # OpenMP reads these when it is loaded, so only a new process sees them; evalkit's children get the same.
        os.execve(  # noqa: S606
            sys.executable, [sys.executable, "-m", "bench.regenerations", *sys.argv[1:]], os.environ | ENVIRONMENT
        )
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=["demo", *SHAPES], default="demo")
    parser.add_argument("--tokens", type=int, default=400)
    parser.add_argument("--prompts", type=int, default=4, help="the standard four, again and again")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--logprobs", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(_pair(options.shape), options, Path(scratch))
        show(alternate(bench.ways(), options.rounds))
    size = f"{options.prompts} prompts, {options.tokens} tokens, {options.threads} threads"
    print(f"{options.shape}, {size}; probe {bench.probe_seconds:.1f} s; M2 forks at {bench.forks}")


def _pair(shape: str) -> tuple[Path, Path]:
    if shape != "demo":
        return make_pair(SHAPES[shape], user_cache() / "evalkit" / f"synthetic-{shape}")
    family = build_demo_family(default_folder(user_cache()))
    return tuple(family / f"Hollow-Lantern-6M-{label}-IQ4_XS.gguf" for label in ("M1", "M2"))  # type: ignore[return-value]


if __name__ == "__main__":
    main()
