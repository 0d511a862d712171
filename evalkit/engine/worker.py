"""The child process: one model, one job, events as JSON lines.

`python -m evalkit.engine.worker answer` reads a `VariantJob` from the first line of stdin; so do `smoke`, which only
tries whether decoding survives, and `fit`, which asks what fits the GPU. `corpus` reads a `CorpusJob`, `tint` a
`TintJob`, `judge` a `JudgeJob`. `describe` needs no input and tells the engine build. The parent may die at any
moment: the end of stdin ends the child.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from evalkit.engine.capacity import MIN_STREAMS, layers_that_fit
from evalkit.engine.corpus import read_corpus
from evalkit.engine.corpus_protocol import CorpusJob
from evalkit.engine.judge import judge_questions
from evalkit.engine.judge_protocol import JudgeJob
from evalkit.engine.memory import Run
from evalkit.engine.prompts import prepare_prompts
from evalkit.engine.protocol import FellBack, GpuFit, Proven, ReadContexts, Ready, TintJob, VariantJob
from evalkit.engine.reading import N_ROWS, Reading
from evalkit.engine.tint_recorder import TintRecorders
from evalkit.engine.ways import SignsOfLife, Way, answer_fast, answer_plainly, find_row_class
from evalkit.records.errors import EngineError, UsageError
from evalkit.records.run import EngineBuild, EngineSettings, RegenMode, RowClass

if TYPE_CHECKING:
    from evalkit.engine.llama import LlamaModel

Send = Callable[[Any], None]
Job = TypeVar("Job", VariantJob, CorpusJob, TintJob, JudgeJob)

SMOKE_N_CTX = 256


def main() -> None:
    """Run the command named on the command line; every failure leaves as an event, never as a traceback."""
    out = _claim_stdout()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent decides what Ctrl-C means.

    def send(event: Any) -> None:
        out.write(json.dumps({"event": type(event).__name__, "data": asdict(event)}) + "\n")
        out.flush()

    try:
        if sys.argv[1] == "describe":
            send(describe_build())
            return
        if sys.argv[1] == "corpus":
            corpus_job = _read_job(CorpusJob)
            _die_with_parent()
            read_corpus(corpus_job, send)
            return
        if sys.argv[1] == "tint":
            tint_job = _read_job(TintJob)
            _die_with_parent()
            read_tint(tint_job, send)
            return
        if sys.argv[1] == "judge":
            judge_job = _read_job(JudgeJob)
            _die_with_parent()
            judge_questions(judge_job, send)
            return
        job = _read_job(VariantJob)
        _die_with_parent()
        if sys.argv[1] == "smoke":
            smoke(job)
        elif sys.argv[1] == "fit":
            send(fit_gpu(job))
        elif sys.argv[1] == "read":
            read_answers(job, send)
        else:
            answer_cells(job, send)
    except (EngineError, UsageError) as error:
        failure = {"cause": str(error), "is_usage": isinstance(error, UsageError)}
        out.write(json.dumps({"event": "Failed", "data": failure}) + "\n")
        out.flush()
        sys.exit(1)


def _claim_stdout() -> TextIO:
    # Libraries print where they please; what they print must not mix with the events.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return channel


def _read_job(kind: type[Job]) -> Job:
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_json(sys.stdin.readline())


def _die_with_parent() -> None:
    def wait() -> None:
        # Not sys.stdin: a thread that waits in its lock keeps the interpreter from ending.
        os.read(0, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def describe_build() -> EngineBuild:
    """The library that computes the logits, its compiled-in features and the hash of its files."""
    import llama_cpp

    llama_cpp.llama_backend_init()
    digest = hashlib.sha256()
    libraries = Path(llama_cpp.__file__).parent / "lib"
    for path in sorted(libraries.iterdir()):
        if path.is_file() and not path.is_symlink():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return EngineBuild(
        llama_cpp_python=version("llama-cpp-python"),
        system_info=llama_cpp.llama_print_system_info().decode(errors="replace").strip(),
        library_hash=digest.hexdigest(),
        gpu_offload=bool(llama_cpp.llama_supports_gpu_offload()),
    )


def smoke(job: VariantJob) -> None:
    """Decode many rows at once, then one: whatever kernel faults do, they do here."""
    from evalkit.engine.llama import LlamaModel, LogTail

    model = LlamaModel(job.path, job.settings, LogTail(), lambda _fraction: None)
    context = model.open_context(SMOKE_N_CTX, 1, job.settings)
    for position, n_rows in ((0, min(64, job.settings.n_batch)), (64, 1)):
        tokens = [index % model.n_vocab for index in range(n_rows)]
        context.decode([Run(sequence=0, position=position, token_ids=tokens, wanted=range(n_rows))])


def fit_gpu(job: VariantJob) -> GpuFit:
    """How many layers go to the GPU with the KV memory of this job; the weights are only mapped for it."""
    from evalkit.engine.gpu import free_gpu_bytes
    from evalkit.engine.llama import LlamaModel, LogTail

    model = LlamaModel(job.path, replace(job.settings, n_gpu_layers=0), LogTail(), lambda _fraction: None)
    kv_bytes = MIN_STREAMS * model.context_size(prepare_prompts(job, model)) * model.kv_bytes_per_token
    return GpuFit(n_gpu_layers=layers_that_fit(model.n_layers, model.weight_bytes, kv_bytes, free_gpu_bytes()))


def answer_cells(job: VariantJob, send: Send) -> None:
    """Load the variant, prepare its prompts, and answer its cells in the way that the settings ask for."""
    from evalkit.engine.llama import LlamaModel, LogTail

    signs = SignsOfLife(job.label, send)
    model = LlamaModel(job.path, job.settings, LogTail(), signs.loading)
    prepared = prepare_prompts(job, model)
    send(Ready(label=job.label, load_seconds=model.load_seconds))
    # The contexts first: a variant that was interrupted still has cells to do, so that it comes back for them.
    if job.tint is not None:
        _read_contexts(job.label, model, TintRecorders(job.tint, model), job.settings, send)
    for generation in _choose_way(job, model, send)(job, model, prepared, signs):
        send(generation)


def read_answers(job: VariantJob, send: Send) -> None:
    """Read the reference's answers with a model that answers nothing: record it there, or measure it."""
    from evalkit.engine.llama import LlamaModel, LogTail

    signs = SignsOfLife(job.label, send)
    model = LlamaModel(job.path, job.settings, LogTail(), signs.loading)
    prepared = prepare_prompts(job, model)
    send(Ready(label=job.label, load_seconds=model.load_seconds))
    n_ctx = model.context_size(prepared)
    if job.tint is not None:
        _read_contexts(job.label, model, TintRecorders(job.tint, model), job.settings, send)
    memory = model.open_context(n_ctx, 1, job.settings)
    reading = Reading(job, model, n_ctx, RowClass(low=1, high=min(N_ROWS, job.settings.n_batch)))
    for cell in job.cells:
        reading.read_given(memory, prepared[cell.prompt_id], job.drafts[cell.prompt_id], partial(signs.answering, cell))


def read_tint(job: TintJob, send: Send) -> None:
    """Load a model and read its contexts."""
    from evalkit.engine.llama import LlamaModel, LogTail

    model = LlamaModel(job.path, job.settings, LogTail(), SignsOfLife(job.label, send).loading)
    _read_contexts(job.label, model, TintRecorders(job.tint, model), job.settings, send)


def _read_contexts(
    label: str, model: LlamaModel, recorders: TintRecorders, settings: EngineSettings, send: Send
) -> None:
    def on_context(n_read: int, n_contexts: int) -> None:
        send(ReadContexts(label=label, n_read=n_read, n_contexts=n_contexts))

    recorders.read_contexts(model, settings, on_context)


def _choose_way(job: VariantJob, model: LlamaModel, send: Send) -> Way:
    if job.settings.regen_mode is not RegenMode.FAST:
        return answer_plainly
    verdict = job.row_class or find_row_class(model, job.settings)
    if isinstance(verdict, str):
        send(FellBack(label=job.label, reason=verdict))
        return answer_plainly
    send(Proven(label=job.label, row_class=verdict))
    return partial(answer_fast, row_class=verdict)


if __name__ == "__main__":
    main()
