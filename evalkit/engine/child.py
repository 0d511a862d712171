"""The parent's side of the child processes: start one, read its events, tell why it died.

A malformed GGUF, a kernel fault, an OOM kill or a hang costs the variant in that child and nothing else.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from pydantic import TypeAdapter, ValidationError

from evalkit.engine.corpus_protocol import CorpusChunk, CorpusJob, CorpusPlan
from evalkit.engine.judge_protocol import JudgeAnswered, JudgeJob
from evalkit.engine.protocol import (
    Advanced,
    Event,
    FellBack,
    GpuFit,
    Loading,
    Proven,
    ReadContexts,
    Ready,
    TintJob,
    VariantJob,
)
from evalkit.records.errors import EngineCrashError, EngineError, UsageError
from evalkit.records.generation import Generation
from evalkit.records.run import EngineBuild

DESCRIBE_TIMEOUT_S = 120.0

_EVENTS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (
        *(Advanced, CorpusChunk, CorpusPlan, FellBack, GpuFit, Loading, Proven, ReadContexts, Ready),
        *(Generation, EngineBuild, JudgeAnswered),
    )
}

ENVIRONMENT = {
    # Threads that spin while they wait starve on a busy machine; threads that sleep at once cost a small model nine
    # tenths of its speed on an idle one. Spin shortly, then sleep: the figures stand in docs/engine.md.
    "OMP_WAIT_POLICY": "passive",
    "GOMP_SPINCOUNT": "10000",
    # On an abort ggml would start a debugger for a backtrace.
    "GGML_NO_BACKTRACE": "1",
}

_SIGNAL_ADVICE = {
    signal.SIGKILL: "The system probably ran out of memory: close other programs or lower --max-tokens.",
    signal.SIGSEGV: "If every file does this, the engine's build is at fault: see 'Compiler flags' in the README.",
    signal.SIGILL: "The engine was built for another processor: build llama-cpp-python again on this machine.",
    signal.SIGABRT: "llama.cpp gave up on the file: see the log.",
}


class ChildEngine:
    """An `Engine` whose every job runs in a process of its own."""

    def __init__(self) -> None:
        self._build: EngineBuild | None = None

    def build(self) -> EngineBuild:
        """The program that will compute the logits, as a child reports it; asked once."""
        if self._build is None:
            self._build = _describe()
        return self._build

    def smoke(self, job: VariantJob) -> None:
        """See `Engine.smoke`."""
        for _ in _do("smoke", job):
            pass

    def fit_gpu_layers(self, job: VariantJob) -> int:
        """See `Engine.fit_gpu_layers`."""
        for event in _do("fit", job):
            if isinstance(event, GpuFit):
                return event.n_gpu_layers
        raise EngineError("the child process ended without telling what fits the GPU.")

    def run(self, job: VariantJob) -> Iterator[Event]:
        """See `Engine.run`."""
        n_missing = len(job.cells)
        for event in _do("answer", job):
            n_missing -= isinstance(event, Generation)
            yield event
        if n_missing:
            raise EngineError(f"the child process ended as if it had finished; {n_missing} answers are missing.")

    def read(self, job: VariantJob) -> Iterator[Event]:
        """See `Engine.read`."""
        yield from _do("read", job)

    def read_corpus(self, job: CorpusJob) -> Iterator[Loading | CorpusPlan | CorpusChunk]:
        """Read a text with two models and compare them row by row.

        Raises:
            UsageError: the text is too short, or the store is not of this text or vocabulary.
            EngineError: the child crashed, hung, ran out of memory or refused a file.
        """
        yield from _do("corpus", job)

    def read_tint(self, job: TintJob) -> Iterator[Loading | ReadContexts]:
        """Read contexts with one model and keep what it expects after each of their tokens.

        Raises:
            EngineError: the child crashed, hung, ran out of memory or refused the file.
        """
        yield from _do("tint", job)

    def judge(self, job: JudgeJob) -> Iterator[Loading | JudgeAnswered]:
        """Answer questions within a grammar.

        Raises:
            EngineError: the child crashed, hung, ran out of memory or refused the file. What it answered before stays
                valid.
        """
        n_missing = len(job.questions)
        for event in _do("judge", job):
            n_missing -= isinstance(event, JudgeAnswered)
            yield event
        if n_missing:
            raise EngineError(f"the child process ended as if it had finished; {n_missing} replies are missing.")


def _do(command: str, job: VariantJob | CorpusJob | TintJob | JudgeJob) -> Iterator[Any]:
    with job.log_path.open("ab") as log:
        log_start = log.tell()
        process = _start(command, log)
    with _reaped(process):
        _send_job(process, job)
        yield from _events(process, job.settings.stall_timeout_s)
        if process.wait() != 0:
            raise _death(process, _last_words(job.log_path, log_start))


def _describe() -> EngineBuild:
    process = _start("describe", subprocess.DEVNULL)
    cast("IO[str]", process.stdin).close()
    with _reaped(process):
        for event in _events(process, DESCRIBE_TIMEOUT_S):
            if isinstance(event, EngineBuild):
                return event
    raise EngineError(
        f"llama-cpp-python cannot be loaded: {_death(process)} See what is wrong with: python -c 'import llama_cpp'"
    )


class _reaped:  # noqa: N801 - reads as a word at its place of use
    """Leaves no child behind, whatever ends the block."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, *_: object) -> None:
        """Kill the child if it still runs, and collect it."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def _start(command: str, stderr: int | IO[bytes]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "evalkit.engine.worker", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        encoding="utf-8",
        env=ENVIRONMENT | dict(os.environ),  # What the user has set wins.
    )


def _send_job(process: subprocess.Popen[str], job: VariantJob | CorpusJob | TintJob | JudgeJob) -> None:
    stdin = cast("IO[str]", process.stdin)
    try:
        stdin.write(TypeAdapter(type(job)).dump_json(job).decode() + "\n")
        stdin.flush()  # Left open: its end tells the child that the parent is gone.
    except BrokenPipeError:
        raise _death(process) from None


def _events(process: subprocess.Popen[str], stall_timeout_s: float) -> Iterator[Any]:
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_pump, args=(process.stdout, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=stall_timeout_s)
        except queue.Empty:
            process.kill()
            raise EngineError(
                f"no progress for {stall_timeout_s:.0f} s: the child was taken for hung and stopped. "
                "A slow disk or a huge prompt may need a longer --stall-timeout."
            ) from None
        if line is None:
            return
        yield _parse_event(line)


def _pump(stdout: IO[str], lines: queue.Queue[str | None]) -> None:
    for line in stdout:
        lines.put(line)
    lines.put(None)


def _parse_event(line: str) -> Any:
    try:
        message = json.loads(line)
        kind, data = message["event"], message["data"]
        if kind == "Failed":
            raise (UsageError if data["is_usage"] else EngineError)(str(data["cause"]))
        return _EVENTS[kind].validate_python(data)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise EngineError(f"the child sent what is not an event ({line[:80]!r}): its memory is damaged.") from error


def _death(process: subprocess.Popen[str], last_words: str = "") -> EngineError:
    status = process.wait()
    if status >= 0:
        return EngineError(f"the child process ended with exit code {status}.{last_words}")
    dead_by = signal.Signals(-status)
    advice = _SIGNAL_ADVICE.get(dead_by, "")
    return EngineCrashError(f"the child process was killed by {dead_by.name}. {advice}{last_words}".strip())


def _last_words(log_path: Path, start: int) -> str:
    with log_path.open("rb") as log:
        log.seek(max(start, log_path.stat().st_size - 4096))
        lines = [line.strip() for line in log.read().decode("utf-8", errors="replace").splitlines() if line.strip()]
    return f" Its last words: {lines[-1][:300]}" if lines else ""
