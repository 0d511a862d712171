"""Position records for tests: short answers of numbered tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from evalkit.records.positions import PositionScores


def positions(
    label: str = "M2", prompt_id: str = "inn", kl_nats: Sequence[float] = (0.1, 0.2, 0.6), **changes: Any
) -> PositionScores:
    """A variant that agrees at every position; `changes` say where it does not."""
    n = len(kl_nats)
    answer = tuple(range(10, 10 + n))
    made = PositionScores(
        label=label,
        prompt_id=prompt_id,
        answer=answer,
        pieces=tuple(f" t{token}" for token in answer),
        kl_nats=tuple(kl_nats),
        reverse_kl_nats=tuple(2 * value for value in kl_nats),
        js_nats=tuple(value / 4 for value in kl_nats),
        same_top=(True,) * n,
        log_p_reference=(-1.0,) * n,
        log_p_variant=(-1.5,) * n,
        choices=answer,
        margins_nats=(1.0,) * n,
        log_p_choice_reference=(-1.0,) * n,
        log_p_choice_variant=(-1.5,) * n,
    )
    return replace(made, **changes)
