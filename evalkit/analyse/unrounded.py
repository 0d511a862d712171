"""Whether a variant moved or the reference did: both measured against the model before it was rounded."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from evalkit.analyse.intervals import mean_with_interval
from evalkit.analyse.table import FigureTable
from evalkit.records.metrics import Metric


def unrounded_notes(table: FigureTable, *, has_source: bool) -> tuple[str, ...]:
    """What the summary says of it, in words."""
    if not has_source:
        reference = table.reference_label
        return (
            f"Without the unrounded model (--source) it cannot be known whether a variant moved or {reference} did: "
            f"{reference} is rounded, too.",
        )
    return tuple(_notes(table))


def _notes(table: FigureTable) -> Iterator[str]:
    reference = table.reference_label
    own = table.values(reference, Metric.SOURCE_KL_DIVERGENCE)
    if not own:
        yield (
            f"{reference} was not measured against the unrounded model, so it cannot be known whether a variant moved "
            f"or {reference} did."
        )
        return
    sides: dict[int, list[str]] = {-1: [], 0: [], 1: []}
    for label in table.variants:
        side = _side(table, label)
        if side is not None:
            sides[side].append(label)
    yield (
        f"{reference} itself strays {statistics.fmean(own.values()):.4f} nats/token from the unrounded model. "
        + " ".join(_sentences(sides, reference))
    )


def _side(table: FigureTable, label: str) -> int | None:
    """-1: nearer to the unrounded model than the reference is; 1: further; 0: cannot be told; None: not measured.

    The difference is taken prompt by prompt, and its 95 % interval must leave out 0.
    """
    own = table.values(table.reference_label, Metric.SOURCE_KL_DIVERGENCE)
    theirs = table.values(label, Metric.SOURCE_KL_DIVERGENCE)
    differences = {prompt_id: (theirs[prompt_id] - own[prompt_id],) for prompt_id in theirs if prompt_id in own}
    if not differences:
        return None
    figure = mean_with_interval(differences)
    if figure.low is None or figure.high is None or figure.low <= 0 <= figure.high:
        return 0
    return 1 if figure.low > 0 else -1


def _sentences(sides: dict[int, list[str]], reference: str) -> Iterator[str]:
    if sides[-1]:
        yield f"{_listed(sides[-1])} nearer to it: where {_they(sides[-1])} from {reference}, {reference} moved more."
    if sides[1]:
        words = "it differs from {0}, it moved more" if len(sides[1]) == 1 else "they differ from {0}, they moved more"
        yield f"{_listed(sides[1])} further from it: where {words.format(reference)}."
    if sides[0]:
        yield f"{_listed(sides[0])} neither nearer nor further than {reference}, as far as these prompts can tell."


def _listed(labels: Sequence[str]) -> str:
    is_are = "is" if len(labels) == 1 else "are"
    names = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
    return f"{names} {is_are}"


def _they(labels: Sequence[str]) -> str:
    return "it differs" if len(labels) == 1 else "they differ"
