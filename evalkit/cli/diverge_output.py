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
    """One line per figure, with what it means."""
    from evalkit.report.visible import visible_line

    reference, n = outcome.reference, outcome.divergence.n_positions
    click.echo(f"{visible_line(outcome.variant.path.name)} against {visible_line(reference.path.name)}")
    click.echo(
        f"{n:,} positions of {visible_line(outcome.text.name)}, in {outcome.plan.n_chunks} chunks of {outcome.n_ctx} "
        f"tokens; the reference {_MODE_WORDS[outcome.mode]}"
    )
    click.echo()
    for figure in outcome.divergence.figures:
        error = "" if figure.uncertainty is None else f"± {_number(figure.uncertainty)}"
        click.echo(f"{figure.name:<13} {_number(figure.value):>12} {error:<12} {_MEANINGS[figure.name]}")
    click.echo()
    click.echo(f"{_UNCERTAINTY_WORDS}{_bound_words(outcome)}")


def _number(value: float) -> str:
    # Not "-0.000000".
    return f"{round(value, 6) + 0.0:.6f}"


def _bound_words(outcome: Outcome) -> str:
    bound = outcome.divergence.mean_error_bound_nats
    if bound is None:
        return ""
    size = f"at most {bound:.1e}" if bound > _ROUNDING_NATS else f"less than {_ROUNDING_NATS:.0e}"
    return f"\nFrom a store, each KL divergence is a lower bound: mean_kld is {size} nats too low."


_ROUNDING_NATS = 1e-6

_MODE_WORDS = {
    "compat": "kept in 16 bits as llama-perplexity does",
    "exact": "kept as it is",
    "store": "from a store",
}

_UNCERTAINTY_WORDS = (
    "± is one standard error, by llama-perplexity's formulas. They take neighbouring positions for independent, so it\n"
    "is somewhat too small."
)

_MEANINGS = {
    "mean_kld": "nats per token: how far the variant strays from the reference on average",
    "median_kld": "nats: half of the positions stray no further",
    "kld_90": "nats: 90 % of the positions stray no further",
    "kld_95": "nats: 95 %",
    "kld_99": "nats: 99 %",
    "kld_99_9": "nats: 99.9 %",
    "max_kld": "nats: the position that strays furthest",
    "rms_delta_p": "percentage points: typical change of the probability of the text's next token",
    "mean_delta_p": "percentage points: its mean change; below 0, the variant expects the text less",
    "same_top_p": "% of the positions where both think the same token most likely",
    "ppl_reference": "perplexity of the text to the reference; lower is less surprised",
    "ppl_variant": "perplexity of the text to the variant",
    "ln_ppl_ratio": "ln(ppl_variant / ppl_reference); above 0, the variant is more surprised",
}


def outcome_document(outcome: Outcome) -> dict[str, object]:
    """Flat: each figure under llama-perplexity's name, its uncertainty beside it; `null` where there is none.

    `mean_kld_error_bound` is how far `mean_kld` may lie below the true one with a reference from a store.
    """
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
        "mean_kld_error_bound": outcome.divergence.mean_error_bound_nats,
    } | figures
