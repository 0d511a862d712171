"""The ways in which a loaded model answers a job's cells: plain, one after another, or fast, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from evalkit.engine.fast import MAX_STREAMS, FastAnswerer, Wanted
from evalkit.engine.plain import PlainAnswerer
from evalkit.engine.probe import CANDIDATE, probe_row_class
from evalkit.engine.prompts import PreparedPrompt
from evalkit.engine.protocol import Advanced, Loading, VariantJob
from evalkit.engine.stream import Stream
from evalkit.records.generation import Cell, Generation, Method, StopReason
from evalkit.records.run import EngineSettings, RowClass

if TYPE_CHECKING:
    from evalkit.engine.llama import LlamaModel

PROGRESS_INTERVAL_S = 0.2
PROBE_N_CTX = 256

Prepared = Mapping[str, PreparedPrompt]


class Way(Protocol):
    """Answers a job's cells."""

    def __call__(
        self, job: VariantJob, model: LlamaModel, prepared: Prepared, signs: SignsOfLife
    ) -> Iterator[Generation]:
        """Every cell's answer, as it is finished."""


class SignsOfLife:
    """Tells the parent that the child lives, at most every `PROGRESS_INTERVAL_S`."""

    def __init__(self, label: str, send: Callable[[Any], None]) -> None:
        self._label = label
        self._send = send
        self._next = 0.0

    def loading(self, fraction: float) -> None:
        """The weights are read so far."""
        if self._is_due():
            self._send(Loading(label=self._label, fraction=fraction))

    def answering(self, cell: Cell, n_tokens: int) -> None:
        """The answer is so long."""
        if self._is_due():
            self._send(Advanced(cell=cell, n_tokens=n_tokens))

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + PROGRESS_INTERVAL_S
        return True


def answer_plainly(job: VariantJob, model: LlamaModel, prepared: Prepared, signs: SignsOfLife) -> Iterator[Generation]:
    """One cell after another, each from cleared memory, one row at a time."""
    context = model.open_context(_longest(prepared), 1, job.settings)
    answerer = PlainAnswerer(context, job.settings.n_batch, job.decoding, model.ends_turn)
    for cell in job.cells:

        def on_token(n_tokens: int, cell: Cell = cell) -> None:
            signs.answering(cell, n_tokens)

        stream = answerer.answer(prepared[cell.prompt_id], on_token)
        yield _generation(job, model, cell, stream, Method.SEQUENTIAL)


def answer_fast(
    job: VariantJob, model: LlamaModel, prepared: Prepared, signs: SignsOfLife, *, row_class: RowClass
) -> Iterator[Generation]:
    """All regenerations but the last side by side, the last by verification of the first."""
    last = job.n_regenerations - 1
    verified = [cell for cell in job.cells if cell.regeneration_index == last > 0]
    parallel = [cell for cell in job.cells if cell not in verified]
    n_sequences = min(MAX_STREAMS, max(len(parallel), 1))
    context = model.open_context(_longest(prepared), n_sequences, job.settings)
    answerer = FastAnswerer(context, row_class, job.decoding, model.ends_turn, n_sequences)
    answered = dict(job.answered)
    left = {id_: [cell for cell in parallel if cell.prompt_id == id_] for id_ in prepared}
    wanted = [one for id_, cells in left.items() for one in _portions(prepared[id_], job, len(cells), n_sequences)]

    def on_step(stream: Stream) -> None:
        cell = next(cell for cell in job.cells if cell.prompt_id == stream.prepared.prompt.id)
        signs.answering(cell, len(stream.output))

    for stream in answerer.generate(wanted, {}, on_step):
        cell = left[stream.prepared.prompt.id].pop(0)
        if cell.regeneration_index == 0:
            answered[cell.prompt_id] = tuple(stream.output)
        yield _generation(job, model, cell, stream, Method.PARALLEL)
    for cell in verified:
        stream = answerer.verify(prepared[cell.prompt_id], answered[cell.prompt_id], lambda _index, _row: None, on_step)
        yield _generation(job, model, cell, stream, Method.VERIFICATION)


def probe_model(model: LlamaModel, settings: EngineSettings) -> RowClass | str:
    """The row class that holds on this machine with this model, or why there is none."""
    if min(settings.n_batch, settings.n_ubatch) < CANDIDATE.high:
        return f"-b and -ub must be at least {CANDIDATE.high}"
    context = model.open_context(PROBE_N_CTX, CANDIDATE.low, settings)
    try:
        return probe_row_class(context, model.n_vocab)
    finally:
        context.close()


def _portions(prepared: PreparedPrompt, job: VariantJob, n_copies: int, n_sequences: int) -> Iterator[Wanted]:
    draft = job.drafts.get(prepared.prompt.id, ())
    while n_copies > 0:
        yield Wanted(prepared=prepared, n_copies=min(n_copies, n_sequences), draft=draft)
        n_copies -= n_sequences


def _longest(prepared: Prepared) -> int:
    from evalkit.engine.llama import context_size

    return context_size(max(one.n_positions for one in prepared.values()))


def _generation(job: VariantJob, model: LlamaModel, cell: Cell, stream: Stream, method: Method) -> Generation:
    return Generation(
        label=job.label,
        payload_hash=job.payload_hash,
        prompt_id=cell.prompt_id,
        prompt_hash=stream.prepared.prompt.content_hash,
        regeneration_index=cell.regeneration_index,
        text=model.text_of(stream.output),
        token_ids=tuple(stream.output),
        margins_nats=tuple(stream.margins_nats),
        stop_reason=stream.stop_reason or StopReason.MAX_TOKENS,
        method=method,
        n_drafted=stream.n_drafted,
        n_prompt_tokens=len(stream.prepared.token_ids),
        prompt_tokens_hash=stream.prepared.tokens_hash,
        template_source=stream.prepared.template_source,
        prefill_seconds=stream.prefill_seconds,
        decode_seconds=stream.decode_seconds,
    )
