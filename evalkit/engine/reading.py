"""Reading the reference's answers for what their logits say: its own distributions, a variant's distance, the noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.engine.fast import force, read_nothing
from evalkit.engine.greedy import Logits
from evalkit.engine.memory import Memory, Run
from evalkit.engine.prompts import PreparedPrompt
from evalkit.engine.protocol import VariantJob
from evalkit.engine.recorder import DivergenceRecorder, Recorder, ReferenceRecorder
from evalkit.engine.stream import RowReader
from evalkit.records.run import RowClass

if TYPE_CHECKING:
    from evalkit.engine.context import LlamaContext
    from evalkit.engine.llama import LlamaModel

N_ROWS = 63
"""Rows per batch: those of the fast way, so that reference and variants go through the same kernels."""

N_NOISE_TOKENS = 64
"""The noise is a property of kernels and weights; the beginning of each answer shows it as well as the whole."""


class Reading:
    """One job's recorders, one per prompt."""

    def __init__(self, job: VariantJob, model: LlamaModel, n_ctx: int) -> None:
        self._job = job
        self._model = model
        self._n_ctx = n_ctx
        self._recorders: dict[str, Recorder] = {}
        self._noise_context: LlamaContext | None = None

    def reader(self, prompt_id: str) -> RowReader:
        """Who measures a variant along the reference's answer; nobody where the reference left no record."""
        reference = self._job.reference_folder / f"{prompt_id}.npz"
        if not reference.exists():
            return read_nothing
        self._recorders[prompt_id] = DivergenceRecorder(self._job.positions_folder / reference.name, reference)
        return self._recorders[prompt_id].read

    def recorder(self, prompt_id: str, answer: Sequence[int]) -> RowReader:
        """Who records the reference along its answer."""
        path = self._job.reference_folder / f"{prompt_id}.npz"
        self._recorders[prompt_id] = ReferenceRecorder(path, answer)
        return self._recorders[prompt_id].read

    def save(self, prompt_id: str) -> None:
        """Keep what was read of a prompt; nothing where nobody read."""
        if prompt_id in self._recorders:
            self._recorders.pop(prompt_id).save()

    def read_alone(self, memory: Memory, prepared: PreparedPrompt, own_answer: Sequence[int]) -> None:
        """A pass for reading only, where no other pass goes along the reference's answer."""
        prompt_id = prepared.prompt.id
        if self._job.is_reference:
            answer, read_row = own_answer, self.recorder(prompt_id, own_answer)
        else:
            answer, read_row = self._job.drafts.get(prompt_id, ()), self.reader(prompt_id)
        self._read(memory, prepared, answer, read_row)
        self.save(prompt_id)
        if self._job.is_reference:
            self.read_noise(prepared, own_answer)

    def read_noise(self, prepared: PreparedPrompt, answer: Sequence[int]) -> None:
        """The reference's distance from itself: prompt in one batch, then row by row, as plain llama.cpp would.

        Where it has several threads, it is read with one less.
        """
        if self._noise_context is None:
            other = replace(self._job.settings, n_threads=max(1, self._job.settings.n_threads - 1))
            self._noise_context = self._model.open_context(self._n_ctx, 1, other)
        read_row = self.reader(prepared.prompt.id)
        for index, row in enumerate(self._plain_rows(self._noise_context, prepared, answer[:N_NOISE_TOKENS])):
            read_row(index, row)
        self.save(prepared.prompt.id)

    def _plain_rows(self, memory: Memory, prepared: PreparedPrompt, answer: Sequence[int]) -> Iterator[Logits]:
        prompt = prepared.token_ids
        memory.clear()
        yield from force(memory, RowClass(low=1, high=self._job.settings.n_batch), 0, prompt, len(prompt) - 1)
        for position, token in enumerate(answer[:-1], start=len(prompt)):
            yield from memory.decode([Run(sequence=0, position=position, token_ids=(token,), wanted=range(1))])

    def _read(self, memory: Memory, prepared: PreparedPrompt, answer: Sequence[int], read_row: RowReader) -> None:
        prompt = prepared.token_ids
        row_class = RowClass(low=1, high=min(N_ROWS, self._job.settings.n_batch))
        memory.clear()
        for index, row in enumerate(force(memory, row_class, 0, (*prompt, *answer[:-1]), len(prompt) - 1)):
            read_row(index, row)
