"""The ways in which a loaded model answers a job's cells: plain, one after another, or fast, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from evalkit.engine.capacity import MAX_STREAMS, free_memory_bytes, streams_that_fit
from evalkit.engine.fast import FastAnswerer, Wanted, read_nothing
from evalkit.engine.plain import PlainAnswerer
from evalkit.engine.probe import CANDIDATE, probe_row_class
from evalkit.engine.prompts import PreparedPrompt
from evalkit.engine.protocol import Advanced, Loading, VariantJob
from evalkit.engine.reading import ONE_ROW, Reading
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


def find_row_class(model: LlamaModel, settings: EngineSettings) -> RowClass | str:
    """The row class that this machine has with this model, or why the fast way is not to be had."""
    if min(settings.n_batch, settings.n_ubatch) < CANDIDATE.high:
        return f"-b and -ub must be at least {CANDIDATE.high}"
    context = model.open_context(PROBE_N_CTX, MAX_STREAMS, settings)
    try:
        return probe_row_class(context, model.n_vocab)
    finally:
        context.close()


def answer_plainly(job: VariantJob, model: LlamaModel, prepared: Prepared, signs: SignsOfLife) -> Iterator[Generation]:
    """One cell after another, one row at a time, memory cleared before each; the reference's answers are read, too."""
    n_ctx = model.context_size(prepared)
    context = model.open_context(n_ctx, 1, job.settings)
    answerer = PlainAnswerer(context, job.settings.n_batch, job.decoding, model.ends_turn)
    reading = Reading(job, model, n_ctx, ONE_ROW)
    for cell in job.cells:

        def on_token(n_tokens: int, cell: Cell = cell) -> None:
            signs.answering(cell, n_tokens)

        if cell.regeneration_index == job.n_regenerations:
            stream = answerer.answer_warm(prepared[cell.prompt_id], on_token)
            yield generation_of(job, model, cell, stream, Method.WARM)
            continue
        stream = answerer.answer(prepared[cell.prompt_id], on_token)
        if cell.regeneration_index == 0:
            reading.read_alone(context, prepared[cell.prompt_id], stream.output, on_token)
        yield generation_of(job, model, cell, stream, Method.SEQUENTIAL)


def answer_fast(
    job: VariantJob, model: LlamaModel, prepared: Prepared, signs: SignsOfLife, *, row_class: RowClass
) -> Iterator[Generation]:
    """All regenerations but the last side by side, the last by verification of the first."""
    way = FastWay(job, model, prepared, signs, row_class)
    yield from way.generate()
    yield from way.verify()
    way.read_unverified()


class FastWay:
    """One job, answered fast."""

    def __init__(
        self, job: VariantJob, model: LlamaModel, prepared: Prepared, signs: SignsOfLife, row_class: RowClass
    ) -> None:
        self._job = job
        self._model = model
        self._prepared = prepared
        self._signs = signs
        self._row_class = row_class
        last = job.n_regenerations - 1
        self._verified = [cell for cell in job.cells if cell.regeneration_index == last > 0]
        self._parallel = [cell for cell in job.cells if cell not in self._verified]
        n_ctx = model.context_size(prepared)
        self._n_sequences = streams_that_fit(len(self._parallel), n_ctx * model.kv_bytes_per_token, free_memory_bytes())
        self._context = model.open_context(n_ctx, self._n_sequences, job.settings)
        self._answerer = FastAnswerer(self._context, row_class, job.decoding, model.ends_turn, self._n_sequences)
        self._reading = Reading(job, model, n_ctx, row_class)
        self._answered = dict(job.answered)

    def generate(self) -> Iterator[Generation]:
        """The cells that are made side by side; a variant reads the reference's answers first."""
        left = {id_: [cell for cell in self._parallel if cell.prompt_id == id_] for id_ in self._prepared}
        wanted = [one for id_, cells in left.items() for one in self._portions(id_, len(cells))]
        readers = {id_: self._reading.reader(self._prepared[id_]) for id_ in left} if not self._job.is_reference else {}
        for stream in self._answerer.generate(wanted, readers, self._on_step):
            cell = left[stream.prepared.prompt.id].pop(0)
            if cell.regeneration_index == 0:
                self._answered[cell.prompt_id] = tuple(stream.output)
                self._reading.save(cell.prompt_id)
            yield generation_of(self._job, self._model, cell, stream, Method.PARALLEL, self._row_class)

    def verify(self) -> Iterator[Generation]:
        """The cells that prove the others; the reference's distributions are recorded on the way."""
        for cell in self._verified:
            prepared, answer = self._prepared[cell.prompt_id], self._answered[cell.prompt_id]
            read_row = self._reading.recorder(cell.prompt_id, answer) if self._job.is_reference else read_nothing
            stream = self._answerer.verify(prepared, answer, read_row, self._on_step)
            if self._job.is_reference:
                self._reading.save(cell.prompt_id)
                self._reading.read_noise(prepared, answer)
            yield generation_of(self._job, self._model, cell, stream, Method.VERIFICATION, self._row_class)

    def read_unverified(self) -> None:
        """Record a reference of which one regeneration was asked for, so that no verification passes along it."""
        if self._job.is_reference and not self._verified:
            for prompt_id, prepared in self._prepared.items():
                cell = Cell(label=self._job.label, prompt_id=prompt_id, regeneration_index=0)
                on_row = partial(self._signs.answering, cell)
                self._reading.read_alone(self._context, prepared, self._answered[prompt_id], on_row)

    def _portions(self, prompt_id: str, n_copies: int) -> Iterator[Wanted]:
        draft = self._job.drafts.get(prompt_id, ())
        while n_copies > 0:
            n_now = min(n_copies, self._n_sequences)
            yield Wanted(prepared=self._prepared[prompt_id], n_copies=n_now, draft=draft)
            n_copies -= n_now

    def _on_step(self, stream: Stream) -> None:
        cell = next(cell for cell in self._job.cells if cell.prompt_id == stream.prepared.prompt.id)
        self._signs.answering(cell, len(stream.output))


def generation_of(
    job: VariantJob, model: LlamaModel, cell: Cell, stream: Stream, method: Method, row_class: RowClass = ONE_ROW
) -> Generation:
    """The record of a finished answer."""
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
        row_class=row_class,
    )
