"""The child process: one model, one job, events as JSON lines.

`python -m evalkit.engine.worker answer` reads a `VariantJob` from the first line of stdin; `describe` needs no input
and tells the engine build. The parent may die at any moment: the end of stdin ends the child.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from evalkit.engine.chat_template import render_chat
from evalkit.engine.greedy import choose_greedily, penalty_window
from evalkit.engine.protocol import Advanced, Loading, Ready, VariantJob
from evalkit.records.errors import EngineError
from evalkit.records.generation import Cell, Generation, StopReason, TemplateSource
from evalkit.records.run import EngineBuild
from evalkit.records.suite import Prompt

PROGRESS_INTERVAL_S = 0.2

Send = Callable[[Any], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPrompt:
    """A prompt as this variant reads it."""

    prompt: Prompt
    token_ids: tuple[int, ...]
    template_source: TemplateSource


class Throttle:
    """Lets a sign of life through at most every `PROGRESS_INTERVAL_S`."""

    def __init__(self) -> None:
        self._next = 0.0

    def is_due(self) -> bool:
        """True when the last sign of life is old enough; that one then counts as sent."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + PROGRESS_INTERVAL_S
        return True


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
        else:
            job = _read_job()
            _die_with_parent()
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
        sys.stdin.read()
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


def answer_cells(job: VariantJob, send: Send) -> None:
    """Load the variant, then answer its cells one after another, each from cleared KV memory."""
    from evalkit.engine.llama import LlamaModel, LogTail, context_size

    throttle = Throttle()

    def on_load(fraction: float) -> None:
        if throttle.is_due():
            send(Loading(label=job.label, fraction=fraction))

    model = LlamaModel(job.path, job.settings, LogTail(), on_load)
    wanted = {cell.prompt_id for cell in job.cells}
    prepared = {p.id: prepare_prompt(job, p, model) for p in job.suite.prompts if p.id in wanted}
    n_ctx = context_size(max(_n_positions(job, one) for one in prepared.values()))
    context = model.open_context(n_ctx, job.settings)
    send(Ready(label=job.label, n_ctx=n_ctx, load_seconds=model.load_seconds))
    for cell in job.cells:

        def on_token(n_tokens: int, cell: Cell = cell) -> None:
            if throttle.is_due():
                send(Advanced(cell=cell, n_tokens=n_tokens))

        send(answer_cell(job, cell, prepared[cell.prompt_id], model, context, on_token))


def prepare_prompt(job: VariantJob, prompt: Prompt, model: Any) -> PreparedPrompt:
    """Render and tokenize one prompt the way this variant's users would have it.

    A template writes BOS itself; the tokenizer adds one only where the template did not, or it would stand twice.
    """
    template = job.own_template or job.reference_template
    if template is None:
        text = f"{job.suite.system}\n\n{prompt.text}" if job.suite.system else prompt.text
        token_ids = model.tokenize(text, add_special=True, parse_special=False)
        source = TemplateSource.NONE
    else:
        text = render_chat(template, user=prompt.text, system=job.suite.system, bos=model.bos, eos=model.eos)
        add_bos = not (model.bos and text.startswith(model.bos))
        token_ids = model.tokenize(text, add_special=add_bos, parse_special=True)
        source = TemplateSource.OWN if job.own_template else TemplateSource.REFERENCE
    if not token_ids:
        raise EngineError(f"prompt {prompt.id} has no token in this variant's vocabulary.")
    return PreparedPrompt(prompt=prompt, token_ids=tuple(token_ids), template_source=source)


def _n_positions(job: VariantJob, prepared: PreparedPrompt) -> int:
    n_positions = len(prepared.token_ids) + prepared.prompt.max_tokens
    if job.n_ctx_train is not None and n_positions > job.n_ctx_train:
        raise EngineError(
            f"prompt {prepared.prompt.id} and its answer need {n_positions} positions "
            f"({len(prepared.token_ids)} + {prepared.prompt.max_tokens}); the model was trained for "
            f"{job.n_ctx_train}. Lower --max-tokens."
        )
    return n_positions


def answer_cell(
    job: VariantJob, cell: Cell, prepared: PreparedPrompt, model: Any, context: Any, on_token: Callable[[int], None]
) -> Generation:
    """One cold answer: clear, prefill, then greedy choices until the model ends its turn or the limit is reached."""
    started = time.perf_counter()
    context.clear()
    logits = context.prefill(prepared.token_ids, lambda: on_token(0))
    prefilled = time.perf_counter()
    output: list[int] = []
    margins: list[float] = []
    stop_reason = StopReason.MAX_TOKENS
    while True:
        window = penalty_window(job.decoding, prepared.token_ids, output)
        choice = choose_greedily(logits, window, job.decoding.repeat_penalty)
        if model.ends_turn(choice.token_id):
            stop_reason = StopReason.END_OF_TURN
            break
        output.append(choice.token_id)
        margins.append(choice.margin_nats)
        if len(output) == prepared.prompt.max_tokens:
            break
        on_token(len(output))
        logits = context.advance(choice.token_id)
    return Generation(
        label=job.label,
        payload_hash=job.payload_hash,
        prompt_id=cell.prompt_id,
        prompt_hash=prepared.prompt.content_hash,
        regeneration_index=cell.regeneration_index,
        text=model.text_of(output),
        token_ids=tuple(output),
        margins_nats=tuple(margins),
        stop_reason=stop_reason,
        n_prompt_tokens=len(prepared.token_ids),
        prompt_tokens_hash=hashlib.sha256(json.dumps(prepared.token_ids).encode()).hexdigest(),
        template_source=prepared.template_source,
        prefill_seconds=prefilled - started,
        decode_seconds=time.perf_counter() - prefilled,
    )


if __name__ == "__main__":
    main()
