"""Who stands left: counterbalanced within every pair of variants and for every variant, and still unforeseeable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from random import Random
from typing import TypeVar

Vertex = TypeVar("Vertex", bound=Hashable)
_Edge = tuple[int, Hashable, Hashable]
_NOBODY = object()


def choose_sides(pairs: Sequence[tuple[Vertex, Vertex]], chance: Random) -> list[bool]:
    """For each pair, whether its first member stands left.

    Equal pairs come out half and half; what is odd is balanced so that every variant stands left as often as right, to
    within one. Each single answer is left with probability 1/2.

    The balance is an Eulerian orientation: pairs are edges, and whoever walks along them enters every variant as
    often as it leaves it.
    """
    sides: dict[int, bool] = {}
    by_pair: defaultdict[frozenset[Vertex], list[int]] = defaultdict(list)
    for index, pair in enumerate(pairs):
        by_pair[frozenset(pair)].append(index)
    odd: list[_Edge] = []
    for members, indices in by_pair.items():
        chance.shuffle(indices)
        if len(indices) % 2:
            odd.append((index := indices.pop(), *pairs[index]))
        first = pairs[indices[0]][0] if indices else None
        for number, index in enumerate(indices):
            sides[index] = (pairs[index][0] == first) == (number % 2 == 0)
        assert len(members) <= 2  # noqa: S101 - our own mistake otherwise
    sides |= _orient(odd, chance)
    return [sides[index] for index in range(len(pairs))]


def _orient(edges: Sequence[_Edge], chance: Random) -> dict[int, bool]:
    neighbours: defaultdict[Hashable, list[_Edge]] = defaultdict(list)
    for edge in edges:
        for vertex in edge[1:]:
            neighbours[vertex].append(edge)
    uneven = [vertex for vertex, touching in neighbours.items() if len(touching) % 2]
    for number, vertex in enumerate(uneven, start=1):
        edge = (-number, vertex, _NOBODY)
        neighbours[vertex].append(edge)
        neighbours[_NOBODY].append(edge)
    for touching in neighbours.values():
        chance.shuffle(touching)
    directed: dict[int, bool] = {}
    for start in list(neighbours):
        is_reversed = bool(chance.getrandbits(1))
        _walk(start, neighbours, directed, is_reversed)
    return {index: is_left for index, is_left in directed.items() if index >= 0}


def _walk(
    start: Hashable, neighbours: dict[Hashable, list[_Edge]], directed: dict[int, bool], is_reversed: bool
) -> None:
    """Follow unused edges until none is left at `start`: every degree is even, so each walk ends where it began."""
    here = start
    while touching := neighbours[here]:
        index, one, other = touching.pop()
        if index in directed:
            continue
        leaves_one = here == one
        directed[index] = leaves_one != is_reversed
        here = other if leaves_one else one
