"""The child's side of `evalkit diverge`: both models read the text step by step, and each row is compared at once.

As in llama-perplexity, several chunks are read side by side, as many as `-b` has room for, since that picks the
kernels: the figures differ in the fourth digit between one chunk at a time and four. But where that program hands
llama.cpp all of them at once and gets all logits back, here each physical batch (`-ub`) is handed over alone, which
computes the same rows and holds no more logits than one physical batch has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from evalkit.engine.corpus_protocol import CorpusChunk, CorpusJob, CorpusPlan
from evalkit.engine.corpus_reference import LiveReference, SavedLogits, StoredChunks, check_numbers
from evalkit.engine.corpus_text import Chunk, read_text
from evalkit.engine.greedy import Logits
from evalkit.engine.memory import Memory, Run
from evalkit.engine.protocol import Loading
from evalkit.measure.corpus import Position, as_positions
from evalkit.records.corpus import CorpusMode

if TYPE_CHECKING:
    from evalkit.engine.corpus_text import CorpusText

Send = Callable[[Any], None]


class ReferenceSide(Protocol):
    """Where the reference's distributions come from."""

    def begin(self, group: Sequence[Chunk]) -> None:
        """These chunks are about to be read side by side."""

    def read(self, runs: Sequence[Run]) -> None:
        """The variant has read these runs, and its rows are there."""

    def compare(self, chunk: Chunk, index: int, row: int, variant: Logits) -> Position:
        """One scored position.

        Args:
            index: which of the chunk's scored positions it is.
            row: which of the rows wanted by the runs just read.
            variant: the variant's row.
        """

    def end(self, group: Sequence[Chunk]) -> None:
        """The chunks were read."""


def read_corpus(job: CorpusJob, send: Send) -> None:
    """Load, read, compare, and send each chunk's positions.

    Raises:
        UsageError: the text is too short, or the store is not of this text, these chunks or this vocabulary.
        EngineError: a model is refused or its logits are no numbers.
    """
    from evalkit.engine.llama import LlamaModel, LogTail

    log = LogTail()

    def loading(label: str) -> Callable[[float], None]:
        return lambda fraction: send(Loading(label=label, fraction=fraction))

    variant = LlamaModel(job.variant, job.settings, log, loading(job.variant.name))
    text = read_text(job.text, variant, job.n_ctx, job.n_chunks)
    shape = (job.n_ctx, min(job.n_side_by_side, text.n_chunks))
    if job.reference_is_model:
        model = LlamaModel(job.reference, job.settings, log, loading(job.reference.name))
        side: ReferenceSide = LiveReference(model.open_context(*shape, job.settings), job.mode, job.keep_in)
    else:
        side = _kept_reference(job, variant.n_vocab, text)
    send(CorpusPlan(n_tokens=len(text.token_ids), n_chunks=text.n_chunks, tokens_hash=text.tokens_hash))
    memory = variant.open_context(*shape, job.settings)
    for group in text.groups(job.n_side_by_side):
        for index, positions in _read_group(group, memory, side, job.settings.n_ubatch).items():
            send(CorpusChunk(index=index, positions=as_positions(positions)))


def _kept_reference(job: CorpusJob, n_vocab: int, text: CorpusText) -> ReferenceSide:
    if job.mode is CorpusMode.STORE:
        return StoredChunks(job.reference)
    return SavedLogits.open(job.reference, n_vocab, text)


def _read_group(
    group: Sequence[Chunk], memory: Memory, side: ReferenceSide, n_ubatch: int
) -> dict[int, list[Position]]:
    """The scored positions of every chunk of the group, by the chunk's index."""
    memory.clear()
    side.begin(group)
    found: dict[int, list[Position]] = {chunk.index: [] for chunk in group}
    for runs in steps(group, n_ubatch):
        rows = memory.decode(runs)
        check_numbers(rows, "variant")
        side.read(runs)
        wanted = [(chunk, run.position + place) for chunk, run in zip(group, runs, strict=True) for place in run.wanted]
        for number, (chunk, position) in enumerate(wanted):
            index = position - chunk.first_scored
            if index < chunk.n_scored:
                found[chunk.index].append(side.compare(chunk, index, number, rows[number]))
    side.end(group)
    return found


def steps(group: Sequence[Chunk], n_ubatch: int) -> Iterator[list[Run]]:
    """The group's tokens as llama.cpp cuts them into physical batches: equal shares of every chunk.

    Wanted are all rows of the chunks' second halves. The very last one predicts nothing, but llama-perplexity asks for
    it, and the last layer's kernels follow the number of rows asked for.
    """
    n_tokens = n_ubatch // len(group)
    for start in range(0, len(group[0].token_ids), n_tokens):
        runs = []
        for sequence, chunk in enumerate(group):
            tokens = chunk.token_ids[start : start + n_tokens]
            first = min(max(chunk.first_scored - start, 0), len(tokens))
            runs.append(Run(sequence=sequence, position=start, token_ids=tokens, wanted=range(first, len(tokens))))
        yield runs
