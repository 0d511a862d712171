"""How the next token is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PenaltyScope(StrEnum):
    """Which tokens the repeat penalty looks back on."""

    PROMPT_AND_OUTPUT = "prompt+output"
    """llama.cpp's own programs: the window starts in the prompt."""
    OUTPUT = "output"
    """llama-cpp-python's high-level API: only generated tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """One way to choose tokens; its defaults are the settings of the family's model card.

    At temperature 0 the choice is: apply the repeat penalty, then take the highest logit. top-k, top-p and
    min-p always keep that maximum, so they are recorded and change nothing.
    """

    temperature: float = 0.0
    repeat_penalty: float = 1.1
    repeat_last_n: int = 64
    penalty_scope: PenaltyScope = PenaltyScope.PROMPT_AND_OUTPUT
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05


CARD_DECODING = Decoding()
