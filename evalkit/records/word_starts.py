"""What a model expects as the next word, over many contexts: the probabilities of the tokens that begin words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WordStarts:
    """Mean next-token probabilities of one model, context by context."""

    context_ids: tuple[str, ...]
    groups: tuple[str, ...]
    """One per context."""
    n_positions: tuple[int, ...]
    """Positions behind each context's means."""
    form_tokens: npt.NDArray[np.int32]
    """(n_forms,) per word form the index, in `token_ids`, of the token that begins it."""
    token_ids: npt.NDArray[np.int32]
    """(n_tokens,) ascending."""
    probabilities: npt.NDArray[np.float64]
    """(n_contexts, n_tokens) means over the context's positions."""
