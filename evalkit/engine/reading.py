"""Reading the reference's answers for what their logits say: its own distributions, a variant's distance, the noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from evalkit.engine.fast import force, read_nothing
from evalkit.engine.greedy import Logits
from evalkit.engine.memory import Memory
from evalkit.engine.plain import read_plainly
from evalkit.engine.prompts import PreparedPrompt
from evalkit.engine.protocol import VariantJob
from evalkit.engine.recorder import Chooser, DivergenceRecorder, Recorder, ReferenceRecorder
from evalkit.engine.stream import RowReader
from evalkit.engine.tint_recorder import TintRecorders
from evalkit.records.run import RowClass

if TYPE_CHECKING:
    from evalkit.engine.context import LlamaContext
    from evalkit.engine.llama import LlamaModel

ONE_ROW = RowClass(low=1, high=1)
"""Of plain decoding; its prompt is read in batches of `-b`."""

N_ROWS = 63
"""Rows per batch where the noise of plain decoding is read: other kernels than those of one row."""

NOISE_SHARE = 8
MIN_NOISE_TOKENS, MAX_NOISE_TOKENS = 32, 64
"""The noise is a property of kernels and weights: an eighth of each answer shows it as well as the whole."""


class Reading:
    """One job's recorders, one per prompt.

    Whatever is read goes through the kernels that the job's answers go through, so that the token at which a variant
    would leave the reference's answer is the one at which its own answer leaves it.
    """

    def __init__(self, job: VariantJob, model: LlamaModel, n_ctx: int, row_class: RowClass) -> None:
        self._job = job
        self._model = model
        self._n_ctx = n_ctx
        self._rows = row_class
        self._recorders: dict[str, Recorder] = {}
        self._noise_context: LlamaContext | None = None
        self._tint = TintRecorders(job.tint, model) if job.tint is not None else None

    def reader(self, prepared: PreparedPrompt) -> RowReader:
        """Who measures a variant along the reference's answer; nobody where the reference left no record."""
        prompt_id = prepared.prompt.id
        reference = self._job.reference_folder / f"{prompt_id}.npz"
        if not reference.exists():
            return read_nothing
        chooser = Chooser(
            prompt=prepared.token_ids,
            decoding=self._job.decoding,
            ends_turn=self._model.ends_turn,
            spell=lambda token_id: self._model.text_of([token_id]),
        )
        recorder = DivergenceRecorder(self._job.positions_folder / reference.name, reference, chooser)
        self._recorders[prompt_id] = recorder
        # The reference comes here for its noise: another pass, and not a whole one.
        return recorder.read if self._job.is_reference else self._with_tint(recorder.read, prompt_id, recorder.answer)

    def recorder(self, prompt_id: str, answer: Sequence[int]) -> RowReader:
        """Who records the reference along its answer."""
        path = self._job.reference_folder / f"{prompt_id}.npz"
        self._recorders[prompt_id] = ReferenceRecorder(path, answer)
        return self._with_tint(self._recorders[prompt_id].read, prompt_id, answer)

    def _with_tint(self, read_row: RowReader, prompt_id: str, answer: Sequence[int]) -> RowReader:
        """A reader that also records what begins the next word."""
        if self._tint is None:
            return read_row
        read_tint = self._tint.along(prompt_id, len(answer)).read

        def read_both(index: int, row: Logits) -> None:
            read_row(index, row)
            read_tint(index, row)

        return read_both

    def save(self, prompt_id: str) -> None:
        """Keep what was read of a prompt; nothing where nobody read."""
        if prompt_id in self._recorders:
            self._recorders.pop(prompt_id).save()
        if self._tint is not None:
            self._tint.save(prompt_id)

    def read_alone(
        self, memory: Memory, prepared: PreparedPrompt, own_answer: Sequence[int], on_row: Callable[[int], None]
    ) -> None:
        """A pass for reading only, where no other pass goes along the reference's answer.

        Args:
            on_row: told how far it is, as a sign of life.
        """
        answer = own_answer if self._job.is_reference else self._job.drafts.get(prepared.prompt.id, ())
        self.read_given(memory, prepared, answer, on_row)
        if self._job.is_reference:
            self.read_noise(prepared, own_answer)

    def read_given(
        self, memory: Memory, prepared: PreparedPrompt, answer: Sequence[int], on_row: Callable[[int], None]
    ) -> None:
        """Record the model along a given answer, or measure it there against what was recorded before."""
        prompt_id = prepared.prompt.id
        read_row = self.recorder(prompt_id, answer) if self._job.is_reference else self.reader(prepared)
        for index, row in enumerate(self._read(memory, self._rows, prepared, answer)):
            read_row(index, row)
            on_row(index)
        self.save(prompt_id)

    def read_noise(self, prepared: PreparedPrompt, answer: Sequence[int]) -> None:
        """The reference's distance from itself: row by row where it was answered in batches, in batches where not.

        Where it has several threads, it is read with one less.
        """
        if self._noise_context is None:
            other = replace(self._job.settings, n_threads=max(1, self._job.settings.n_threads - 1))
            self._noise_context = self._model.open_context(self._n_ctx, 1, other)
        batches = RowClass(low=1, high=min(N_ROWS, self._job.settings.n_batch))
        other_class = batches if self._rows == ONE_ROW else ONE_ROW
        n_read = min(max(MIN_NOISE_TOKENS, len(answer) // NOISE_SHARE), MAX_NOISE_TOKENS)
        read_row = self.reader(prepared)
        rows = self._read(self._noise_context, other_class, prepared, answer)
        for index, row in enumerate(islice(rows, min(n_read, len(answer)))):
            read_row(index, row)
        self.save(prepared.prompt.id)

    def _read(
        self, memory: Memory, row_class: RowClass, prepared: PreparedPrompt, answer: Sequence[int]
    ) -> Iterator[Logits]:
        """The rows that predict the answer's tokens, and its end where the model ended it."""
        prompt, fed = prepared.token_ids, answer[: prepared.prompt.max_tokens - 1]
        if row_class == ONE_ROW:
            return read_plainly(memory, self._job.settings.n_batch, prompt, fed)
        memory.clear()
        return force(memory, row_class, 0, (*prompt, *fed), len(prompt) - 1)
