"""One answer in the making, however its logits are come by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from evalkit.engine.greedy import Logits, choose_greedily, penalty_window
from evalkit.engine.prompts import PreparedPrompt
from evalkit.records.decoding import Decoding
from evalkit.records.generation import StopReason

RowReader = Callable[[int, Logits], None]
"""Told of every row of an answer: the index of the token that the row predicts, and the raw logits."""


@dataclass(slots=True, kw_only=True)
class Stream:
    """The tokens chosen so far; the last one is not yet in the model's memory."""

    prepared: PreparedPrompt
    decoding: Decoding
    ends_turn: Callable[[int], bool]
    output: list[int] = field(default_factory=list)
    margins_nats: list[float] = field(default_factory=list)
    stop_reason: StopReason | None = None
    n_drafted: int = 0
    """Tokens that were taken over from a draft after the model had chosen each of them itself."""
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0

    @property
    def has_ended(self) -> bool:
        """Whether the answer is complete."""
        return self.stop_reason is not None

    @property
    def next_position(self) -> int:
        """Where the last chosen token goes."""
        return len(self.prepared.token_ids) + len(self.output) - 1

    def take(self, logits: Logits) -> None:
        """Choose the next token."""
        window = penalty_window(self.decoding, self.prepared.token_ids, self.output)
        choice = choose_greedily(logits, window, self.decoding.repeat_penalty)
        if self.ends_turn(choice.token_id):
            self.stop_reason = StopReason.END_OF_TURN
            return
        self.output.append(choice.token_id)
        self.margins_nats.append(choice.margin_nats)
        if len(self.output) == self.prepared.prompt.max_tokens:
            self.stop_reason = StopReason.MAX_TOKENS

    def follow(self, draft: Sequence[int], rows: Iterable[Logits], read_row: RowReader) -> None:
        """Choose along a draft for as long as the model's own choice is the draft's next token.

        Args:
            draft: token ids that were fed to the model after the prompt.
            rows: logits after the prompt, then after each token of the draft.
            read_row: told of all rows, also of those past the fork.
        """
        is_following = True
        for index, row in enumerate(rows):
            read_row(index, row)
            if is_following and not self.has_ended:
                self.take(row)
                agreed = index < len(draft) and len(self.output) > index and self.output[index] == draft[index]
                self.n_drafted += agreed
                is_following = agreed

    def twin(self) -> Stream:
        """Another answer that has come as far."""
        return replace(self, output=list(self.output), margins_nats=list(self.margins_nats))
