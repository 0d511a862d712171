"""What a model expects to begin the next word: recorded along answers and contexts, reduced as the rows arrive.

Of every row the probabilities of the tokens that begin words are added up, some thousand numbers, whatever the number
of lexica that they are weighed with later: a lexicon's expectation is linear in them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from evalkit.engine.fast import force
from evalkit.engine.greedy import Logits
from evalkit.engine.recorder import save_arrays
from evalkit.records.axis import TintReading
from evalkit.records.errors import EngineError
from evalkit.records.run import EngineSettings, RowClass

if TYPE_CHECKING:
    from evalkit.engine.llama import LlamaModel

N_ROWS = 63
"""Rows per batch: the same kernels for reference and variants, and no more than 63 rows of logits in memory."""
N_CTX = 1024
SKIPPED = 8
"""Positions at a context's beginning: with hardly a word to go by, all models guess alike."""
CARRIER = "a"
"""A word is tokenised behind another, as in running text: many vocabularies begin words with their space."""

OnContext = Callable[[int, int], None]
"""Told how many contexts of how many are read."""


class Tokenizer(Protocol):
    """What finding the tokens that begin words needs of a model."""

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Text to token ids."""


class WordStartTokens:
    """The token that begins each word form."""

    def __init__(self, forms: Sequence[str], vocabulary: Tokenizer) -> None:
        carrier = vocabulary.tokenize(CARRIER, add_special=False, parse_special=False)
        firsts = [_first_token(form, carrier, vocabulary) for form in forms]
        self.token_ids, self.form_tokens = np.unique(np.array(firsts, dtype=np.int64), return_inverse=True)
        self._weights = np.empty(0, dtype=np.float32)

    def probabilities(self, row: Logits) -> npt.NDArray[np.float32]:
        """(n_tokens,) their probabilities after softmax over the whole row."""
        if len(self._weights) != len(row):
            # One megabyte at a large vocabulary: asking the system for it anew would cost as much as the exponentials.
            self._weights = np.empty(len(row), dtype=np.float32)
        np.subtract(row, row.max(), out=self._weights)
        np.exp(self._weights, out=self._weights)
        found: npt.NDArray[np.float32] = self._weights[self.token_ids] / self._weights.sum()
        return found


class WordStartRecorder:
    """Adds up the probabilities along one text."""

    def __init__(self, starts: WordStartTokens, n_positions: int) -> None:
        self._starts = starts
        self._n_wanted = n_positions
        self.sums = np.zeros(len(starts.token_ids))
        self.n_positions = 0

    def read(self, index: int, row: Logits) -> None:
        """See `Recorder.read`; rows past the text's last token are left out."""
        if index < self._n_wanted:
            self.sums += self._starts.probabilities(row)
            self.n_positions += 1

    def save(self, path: Path, context_id: str, group: str) -> None:
        """Write one context's means; nothing where nothing was read."""
        if self.n_positions:
            _save(path, self._starts, [(context_id, group, self)])


class TintRecorders:
    """One job's recorders along answers, one per prompt, and its pass over the contexts."""

    def __init__(self, reading: TintReading, vocabulary: Tokenizer) -> None:
        self._reading = reading
        self._starts = WordStartTokens(reading.material.forms, vocabulary)
        self._open: dict[str, WordStartRecorder] = {}
        reading.folder.mkdir(parents=True, exist_ok=True)

    def along(self, prompt_id: str, n_tokens: int) -> WordStartRecorder:
        """Who is told of the rows that predict an answer of so many tokens."""
        self._open[prompt_id] = WordStartRecorder(self._starts, n_tokens)
        return self._open[prompt_id]

    def save(self, prompt_id: str) -> None:
        """Keep what was read along an answer; nothing where nobody read."""
        if prompt_id in self._open:
            self._open.pop(prompt_id).save(self._reading.folder / f"{prompt_id}.npz", prompt_id, "answers")

    def read_contexts(self, model: LlamaModel, settings: EngineSettings, on_context: OnContext) -> None:
        """One pass over every context, each from cleared memory; nothing where an earlier job has done it."""
        path, contexts = self._reading.contexts_path, self._reading.material.contexts
        if not contexts or path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        memory = model.open_context(N_CTX, 1, settings)
        rows = RowClass(low=1, high=min(N_ROWS, settings.n_batch))
        read = []
        for number, context in enumerate(contexts, start=1):
            token_ids = model.tokenize(context.text, add_special=True, parse_special=False)[:N_CTX]
            recorder = WordStartRecorder(self._starts, len(token_ids))
            memory.clear()
            for index, row in enumerate(force(memory, rows, 0, token_ids, min(SKIPPED, len(token_ids) - 1))):
                recorder.read(index, row)
            read.append((context.id, context.group, recorder))
            on_context(number, len(contexts))
        memory.close()
        _save(path, self._starts, read)


def _first_token(form: str, carrier: Sequence[int], vocabulary: Tokenizer) -> int:
    tokens = vocabulary.tokenize(f"{CARRIER} {form}", add_special=False, parse_special=False)
    is_behind = len(tokens) > len(carrier) and tokens[: len(carrier)] == list(carrier)
    if is_behind:
        return tokens[len(carrier)]
    # A tokenizer that joins words; 0 where it knows none of the form's characters.
    return next(iter(vocabulary.tokenize(form, add_special=False, parse_special=False)), 0)


def _save(path: Path, starts: WordStartTokens, read: Sequence[tuple[str, str, WordStartRecorder]]) -> None:
    """Write one row per text.

    Raises:
        EngineError: a probability is not a number, as damaged weights give.
    """
    means = np.array([one.sums / max(one.n_positions, 1) for _, _, one in read], dtype=np.float32)
    if not np.isfinite(means).all():
        raise EngineError("logits are not finite: the weights are damaged. Download or quantise the file again.")
    save_arrays(
        path,
        contexts=np.frombuffer(json.dumps([(name, group) for name, group, _ in read]).encode(), dtype=np.uint8),
        n_positions=np.array([recorder.n_positions for _, _, recorder in read]),
        form_tokens=starts.form_tokens.astype(np.int32),
        token_ids=starts.token_ids.astype(np.int32),
        probabilities=means,
    )
