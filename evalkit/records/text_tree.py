"""Which variants write alike: the distances of all pairs of texts, and the tree that they make."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.divergence import TreeNode
from evalkit.records.scores import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPair:
    """Two variants' answers to the same prompts."""

    first: str
    second: str
    word_js_bits: Figure
    """Jensen-Shannon divergence of word frequencies, mean over prompts: 0 is equal, 1 no shared word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTree:
    """`text_tree.json`: average linkage of the pairs. With few prompts its branches are chance."""

    labels: tuple[str, ...]
    pairs: tuple[TextPair, ...]
    tree: TreeNode
    """Heights in bits."""
    newick: str
