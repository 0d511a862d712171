"""All pairs of the family: distances, a tree, nearest neighbours, and recipes that gave the same model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from evalkit.analyse.intervals import mean_with_interval
from evalkit.records.divergence import FamilyDistances, Neighbour, PairDistance, TreeNode
from evalkit.records.scores import Figure

Pair = tuple[str, str]
ByPair = Mapping[Pair, Mapping[str, float]]
"""Per two labels, in alphabetical order, the mean distance on each prompt."""


def family_distances(
    by_pair: ByPair, noise_by_prompt: Mapping[str, float], labels: Sequence[str]
) -> FamilyDistances | None:
    """The pairwise view; None where there is no pair. Left out is who has no prompt in common with one before it.

    Args:
        by_pair: Jensen-Shannon divergences on the reference's partition, nats per token.
        noise_by_prompt: the same between the reference and itself in other kernels.
    """
    known: list[str] = []
    for label in labels:
        has_any = any(label in pair and values for pair, values in by_pair.items())
        if has_any and all(by_pair.get(_key(label, other)) for other in known):
            known.append(label)
    if len(known) < 2:
        return None
    figures = {
        pair: _within_bounds(mean_with_interval({id_: (value,) for id_, value in by_pair[pair].items()}))
        for pair in _pairs(known)
    }
    values = {pair: figure.value or 0.0 for pair, figure in figures.items()}
    noise = _within_bounds(mean_with_interval({id_: (value,) for id_, value in noise_by_prompt.items()}))
    tree = average_linkage(values, sorted(known))
    return FamilyDistances(
        labels=tuple(known),
        pairs=tuple(PairDistance(first=pair[0], second=pair[1], js_nats=figure) for pair, figure in figures.items()),
        noise=noise,
        tree=tree,
        newick=f"{newick(tree)};",
        neighbours=tuple(_neighbour(label, known, values, noise.value) for label in known),
        groups=tuple(_groups(values, sorted(known), noise.value or 0.0)),
    )


def newick(node: TreeNode) -> str:
    """A tree in Newick notation; a branch is as long as half of the distance that it bridges."""
    if node.label is not None:
        return re.sub(r"[^\w.+-]", "_", node.label)
    parts = (f"{newick(branch)}:{(node.height - branch.height) / 2:.6g}" for branch in node.branches)
    return f"({','.join(parts)})"


def distance_of(values: Mapping[Pair, float], first: str, second: str) -> float:
    """The distance of two labels in either order."""
    return values[_key(first, second)]


def _key(first: str, second: str) -> Pair:
    return (first, second) if first <= second else (second, first)


def _pairs(labels: Sequence[str]) -> Iterator[Pair]:
    return (_key(first, second) for first, second in combinations(labels, 2))


def _within_bounds(figure: Figure) -> Figure:
    return figure if figure.low is None else replace(figure, low=max(figure.low, 0.0))


def _condensed(values: Mapping[Pair, float], ordered: Sequence[str]) -> Any:
    import numpy as np

    return np.array([distance_of(values, first, second) for first, second in combinations(ordered, 2)])


def average_linkage(values: Mapping[Pair, float], ordered: Sequence[str]) -> TreeNode:
    """Average linkage, branches in the order of their first label, so that the order of the family changes nothing."""
    from scipy.cluster.hierarchy import linkage

    nodes: list[tuple[str, TreeNode]] = [(label, TreeNode(height=0.0, label=label)) for label in ordered]
    for left, right, height, _ in linkage(_condensed(values, ordered), method="average").tolist():
        (name, first), (_, second) = sorted((nodes[int(left)], nodes[int(right)]), key=lambda item: item[0])
        nodes.append((name, TreeNode(height=height, branches=(first, second))))
    return nodes[-1][1]


def _neighbour(label: str, known: Sequence[str], values: Mapping[Pair, float], noise: float | None) -> Neighbour:
    others = [other for other in known if other != label]
    nearest = min(others, key=lambda other: distance_of(values, label, other))
    distance = distance_of(values, label, nearest)
    within = True if distance == 0 else None if noise is None else distance <= noise
    return Neighbour(label=label, nearest=nearest, js_nats=distance, is_within_noise=within)


def _groups(values: Mapping[Pair, float], ordered: Sequence[str], limit: float) -> Iterator[tuple[str, ...]]:
    """Complete linkage cut at the noise: every two members of a group lie within it."""
    from scipy.cluster.hierarchy import fcluster, linkage

    numbers = fcluster(linkage(_condensed(values, ordered), method="complete"), t=limit, criterion="distance")
    members: dict[int, list[str]] = {}
    for label, number in zip(ordered, numbers.tolist(), strict=True):
        members.setdefault(number, []).append(label)
    return (tuple(group) for group in members.values() if len(group) > 1)
