"""The ways in which a loaded model answers a job's cells: plain, one after another, or fast, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from evalkit.engine.fast import MAX_STREAMS, FastAnswerer, Wanted, force, read_nothing
from evalkit.engine.memory import Memory
from evalkit.engine.plain import PlainAnswerer
from evalkit.engine.probe import CANDIDATE, probe_row_class
from evalkit.engine.prompts import PreparedPrompt
from evalkit.engine.protocol import Advanced, Loading, VariantJob
from evalkit.engine.recorder import DivergenceRecorder, Recorder, ReferenceRecorder
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
    """One cell after another, each from cleared memory, one row at a time; then the reference's answers are read."""
    context = model.open_context(_longest(prepared), 1, job.settings)
    answerer = PlainAnswerer(context, job.settings.n_batch, job.decoding, model.ends_turn)
    answered = dict(job.answered)
    for cell in sorted(job.cells, key=lambda cell: cell.regeneration_index > 0):

        def on_token(n_tokens: int, cell: Cell = cell) -> None:
            signs.answering(cell, n_tokens)

        stream = answerer.answer(prepared[cell.prompt_id], on_token)
        if cell.regeneration_index == 0:
            answered[cell.prompt_id] = tuple(stream.output)
            record(job, context, prepared[cell.prompt_id], answered)
        yield _generation(job, model, cell, stream, Method.SEQUENTIAL)


def record(job: VariantJob, context: Memory, prepared: PreparedPrompt, answered: Mapping[str, Sequence[int]]) -> None:
    """Read the reference's answer to one prompt and keep what its logits say."""
    recorder = _recorder(job, prepared.prompt.id, answered)
    draft = answered[prepared.prompt.id] if job.is_reference else job.drafts.get(prepared.prompt.id, ())
    if recorder is None or not draft:
        return
    row_class = RowClass(low=1, high=min(CANDIDATE.high, job.settings.n_batch))
    prompt = prepared.token_ids
    context.clear()
    rows = force(context, row_class, 0, (*prompt, *draft[:-1]), first_wanted=len(prompt) - 1)
    for index, row in enumerate(rows):
        recorder.read(index, row)
    recorder.save()


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
    recorders = {id_: recorder for id_ in job.drafts if (recorder := _recorder(job, id_, answered)) is not None}

    def on_step(stream: Stream) -> None:
        cell = next(cell for cell in job.cells if cell.prompt_id == stream.prepared.prompt.id)
        signs.answering(cell, len(stream.output))

    for stream in answerer.generate(wanted, {id_: one.read for id_, one in recorders.items()}, on_step):
        cell = left[stream.prepared.prompt.id].pop(0)
        if cell.regeneration_index == 0:
            answered[cell.prompt_id] = tuple(stream.output)
            if cell.prompt_id in recorders:
                recorders[cell.prompt_id].save()
        yield _generation(job, model, cell, stream, Method.PARALLEL)
    for cell in verified:
        one = prepared[cell.prompt_id]
        recorder = _recorder(job, cell.prompt_id, answered) if job.is_reference else None
        stream = answerer.verify(one, answered[cell.prompt_id], recorder.read if recorder else read_nothing, on_step)
        if recorder:
            recorder.save()
        yield _generation(job, model, cell, stream, Method.VERIFICATION)
    if job.is_reference and not verified:
        for one in prepared.values():
            record(job, context, one, answered)


def probe_model(model: LlamaModel, settings: EngineSettings) -> RowClass | str:
    """The row class that holds on this machine with this model, or why there is none."""
    if min(settings.n_batch, settings.n_ubatch) < CANDIDATE.high:
        return f"-b and -ub must be at least {CANDIDATE.high}"
    context = model.open_context(PROBE_N_CTX, CANDIDATE.low, settings)
    try:
        return probe_row_class(context, model.n_vocab)
    finally:
        context.close()


def _recorder(job: VariantJob, prompt_id: str, answered: Mapping[str, Sequence[int]]) -> Recorder | None:
    """Who reads along; nobody where the reference left nothing to compare with."""
    reference = job.reference_folder / f"{prompt_id}.npz"
    if job.is_reference:
        return ReferenceRecorder(reference, answered[prompt_id])
    if reference.exists():
        return DivergenceRecorder(job.positions_folder / f"{prompt_id}.npz", reference)
    return None


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
