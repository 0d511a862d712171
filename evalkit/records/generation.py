"""Answers, and what their regenerations proved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalkit.records.errors import NotMeasuredError
from evalkit.records.run import RowClass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cell:
    """One unit of work; done when its line stands in `generations.jsonl`."""

    label: str
    prompt_id: str
    regeneration_index: int


class StopReason(StrEnum):
    """Why an answer ended."""

    END_OF_TURN = "end-of-turn"
    MAX_TOKENS = "max-tokens"
    UNKNOWN = "unknown"
    """The text was made elsewhere."""


class Method(StrEnum):
    """How an answer came about; each but `WARM` begins with cleared memory."""

    SEQUENTIAL = "sequential"
    """Alone, one row at a time: what plain llama.cpp does."""
    PARALLEL = "parallel"
    """Beside other answers; copies of one prompt share its prefill."""
    VERIFICATION = "verification"
    """The first answer was read again on a fresh memory, and every token chosen anew."""
    WARM = "warm"
    """The prompt was still in memory but for its last token, as in an app that reuses prefixes. No regeneration."""
    IMPORTED = "imported"
    """The text was made elsewhere: it has no tokens, margins or times, and nothing says whether it comes out again."""


class TemplateSource(StrEnum):
    """Whose chat template made the prompt."""

    OWN = "own"
    REFERENCE = "reference"
    """The variant's file has none; the reference's was used so that the answers compare."""
    NONE = "none"
    """Neither has one: the model got the bare prompt text."""
    UNKNOWN = "unknown"
    """The text was made elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One answer, as it was made."""

    label: str
    payload_hash: str
    prompt_id: str
    prompt_hash: str
    regeneration_index: int
    text: str
    """The answer only: never the prompt, never the end-of-turn token."""
    token_ids: tuple[int, ...]
    """Generated tokens without the end-of-turn token; empty for a text that was made elsewhere."""
    margins_nats: tuple[float, ...]
    """Per generated token: log-prob gap of the best two after the repeat penalty; 0 is an exact tie."""
    stop_reason: StopReason
    method: Method
    n_drafted: int
    """Tokens that were chosen while reading a draft (the reference's answer, or the first one), not decoded singly."""
    n_prompt_tokens: int
    prompt_tokens_hash: str
    """sha256 over the prompt's token ids, hex: equal means that two variants read the same prompt."""
    template_source: TemplateSource
    prefill_seconds: float
    """Reading the prompt and the draft."""
    decode_seconds: float
    """Decoding the other tokens; of a step that several answers share, this one's part."""
    made_in: str | None = None
    """The earlier run that this answer was taken over from; None where it was made in its own."""
    row_class: RowClass | None = None
    """Rows per batch, between which this machine gives the same bits; None where the answer was made elsewhere."""

    @property
    def cell(self) -> Cell:
        """The unit of work that this answer finishes."""
        return Cell(label=self.label, prompt_id=self.prompt_id, regeneration_index=self.regeneration_index)

    @property
    def n_tokens(self) -> int:
        """Number of generated tokens.

        Raises:
            NotMeasuredError: the text was made elsewhere.
        """
        if self.method is Method.IMPORTED:
            raise NotMeasuredError("The text was made elsewhere, and came without its tokens.")
        return len(self.token_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmFinding:
    """What an app that reuses the prompt's prefix would have printed, beside the answer from cleared memory."""

    fork_token: int | None
    """0-based index of the first token that differs; None when the answers are equal."""
    fork_margin_nats: float | None
    """The cold answer's margin there."""


class CertificateState(StrEnum):
    """What the regenerations of one (variant, prompt) proved."""

    IDENTICAL = "identical"
    FORKED = "forked"
    NOT_MEASURED = "not-measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The proof of one (variant, prompt): every regeneration alike, or where two of them parted."""

    label: str
    prompt_id: str
    state: CertificateState
    n_regenerations: int
    fork_token: int | None = None
    """0-based index of the first token in which a regeneration differs from the first one."""
    fork_margin_nats: float | None = None
    """The first regeneration's margin there; small means that numerics alone could have turned it."""
    row_class: RowClass | None = None
    """The numeric regime: rows per batch of the first answer."""
    warm: WarmFinding | None = None
    """None where no warm answer was asked for."""
    reason: str | None = None
    """Why it was not measured."""
