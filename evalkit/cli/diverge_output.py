"""What `evalkit diverge` prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evalkit.cli.diverge_models import ReferenceGiven
    from evalkit.engine.corpus_protocol import CorpusPlan
    from evalkit.records.corpus import CorpusDivergence, CorpusMode
    from evalkit.records.family import Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was compared, and what came out."""

    reference: ReferenceGiven
    variant: Variant
    text: Path
    n_ctx: int
    mode: CorpusMode
    plan: CorpusPlan
    divergence: CorpusDivergence


def print_outcome(outcome: Outcome) -> None:
    """One line per figure."""
    from evalkit.report.visible import visible_line

    reference, n = outcome.reference, outcome.divergence.n_positions
    click.echo(f"{visible_line(outcome.variant.path.name)} against {visible_line(reference.path.name)}")
    click.echo(
        f"{n:,} positions in {outcome.plan.n_chunks} chunks of {outcome.n_ctx} tokens, {_MODE_WORDS[outcome.mode]}"
    )
    for figure in outcome.divergence.figures:
        error = "" if figure.uncertainty is None else f" ± {figure.uncertainty:.6f}"
        click.echo(f"{figure.name:<14} {figure.value:>12.6f}{error} {figure.unit}")


_MODE_WORDS = {
    "compat": "kept in 16 bits as llama-perplexity does",
    "exact": "exact",
    "store": "from a store: each KL divergence is a lower bound",
}


def outcome_document(outcome: Outcome) -> dict[str, object]:
    """Flat: each figure under llama-perplexity's name, its uncertainty beside it; `null` where there is none."""
    reference, store = outcome.reference, outcome.reference.store
    known = reference.model.payload_hash if reference.model else store.reference.payload_hash if store else None
    figures: dict[str, object] = {}
    for figure in outcome.divergence.figures:
        figures[figure.name] = figure.value
        figures[f"{figure.name}_uncertainty"] = figure.uncertainty
    return {
        "reference": {"file": reference.path.name, "payload_hash": known},
        "variant": {"file": outcome.variant.path.name, "payload_hash": outcome.variant.payload_hash},
        "text": outcome.text.name,
        "tokens_hash": outcome.plan.tokens_hash,
        "mode": outcome.mode.value,
        "n_ctx": outcome.n_ctx,
        "n_chunks": outcome.plan.n_chunks,
        "n_positions": outcome.divergence.n_positions,
    } | figures
