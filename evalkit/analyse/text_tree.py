"""The family's tree from its texts, for runs with and without models."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from evalkit.analyse.family_tree import ByPair, average_linkage, newick
from evalkit.analyse.intervals import mean_with_interval
from evalkit.records.text_tree import TextPair, TextTree


def build_text_tree(by_pair: ByPair, labels: Sequence[str]) -> TextTree | None:
    """The pairs and their tree; None where fewer than two variants have a prompt in common with all others.

    Args:
        by_pair: word divergences in bits, by two labels in alphabetical order and prompt.
        labels: every variant, the reference included.
    """
    known: list[str] = []
    for label in sorted(labels):
        has_any = any(label in pair for pair in by_pair)
        if has_any and all(by_pair.get((other, label)) for other in known):
            known.append(label)
    if len(known) < 2:
        return None
    figures = {
        pair: mean_with_interval({prompt_id: (value,) for prompt_id, value in by_pair[pair].items()})
        for pair in combinations(known, 2)
    }
    tree = average_linkage({pair: figure.value or 0.0 for pair, figure in figures.items()}, known)
    return TextTree(
        labels=tuple(label for label in labels if label in known),
        pairs=tuple(TextPair(first=pair[0], second=pair[1], word_js_bits=figure) for pair, figure in figures.items()),
        tree=tree,
        newick=f"{newick(tree)};",
    )
