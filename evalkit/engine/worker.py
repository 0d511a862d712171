"""The child process: one model, one job, events as JSON lines.

`python -m evalkit.engine.worker answer` reads a `VariantJob` from the first line of stdin; so does `smoke`, which only
tries whether decoding survives. `describe` needs no input and tells the engine build. The parent may die at any
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
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from evalkit.engine.memory import Run
from evalkit.engine.prompts import prepare_prompts
from evalkit.engine.protocol import FellBack, Ready, VariantJob
from evalkit.engine.ways import SignsOfLife, answer_plainly, choose_way
from evalkit.records.errors import EngineError
from evalkit.records.run import EngineBuild

Send = Callable[[Any], None]

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
        job = _read_job()
        _die_with_parent()
        if sys.argv[1] == "smoke":
            smoke(job)
        else:
            answer_cells(job, send)
    except EngineError as error:
        out.write(json.dumps({"event": "Failed", "data": {"cause": str(error)}}) + "\n")
        out.flush()
        sys.exit(1)


def _claim_stdout() -> TextIO:
    # Libraries print where they please; what they print must not mix with the events.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return channel


def _read_job() -> VariantJob:
    from pydantic import TypeAdapter

    return TypeAdapter(VariantJob).validate_json(sys.stdin.readline())


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


def answer_cells(job: VariantJob, send: Send) -> None:
    """Load the variant, prepare its prompts, and answer its cells in the way that the settings ask for."""
    from evalkit.engine.llama import LlamaModel, LogTail

    signs = SignsOfLife(job.label, send)
    model = LlamaModel(job.path, job.settings, LogTail(), signs.loading)
    prepared = prepare_prompts(job, model)
    send(Ready(label=job.label, load_seconds=model.load_seconds))
    way = choose_way(model, job.settings)
    if isinstance(way, str):
        send(FellBack(label=job.label, reason=way))
        way = answer_plainly
    for generation in way(job, model, prepared, signs):
        send(generation)


if __name__ == "__main__":
    main()
