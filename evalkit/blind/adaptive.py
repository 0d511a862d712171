"""Which pair a server asks about next: the one whose answer is least foreseeable from the votes so far.

For each pair of variants the votes (a tie counts half to each) leave a Beta(1 + wins, 1 + losses) belief about how
often the first is preferred. The pair with the largest variance of that belief is asked: few votes and an even score
both raise it. Equal variances go in the judge's own random order. Catch trials are never chosen or moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from evalkit.records.blind import ItemKind, KeyEntry, Outcome

_SHARE_LEFT = {Outcome.LEFT: 1.0, Outcome.RIGHT: 0.0, Outcome.TIE: 0.5, Outcome.BOTH_BAD: 0.5}


class Tally:
    """Votes per pair of variants, whatever their sides."""

    def __init__(self) -> None:
        self._wins: defaultdict[tuple[str, str], float] = defaultdict(float)

    def add(self, entry: KeyEntry, outcome: Outcome) -> None:
        """Count one vote; catch trials say nothing of the variants."""
        if entry.kind is ItemKind.PAIR:
            share = _SHARE_LEFT[outcome]
            self._wins[entry.label_left, entry.label_right] += share
            self._wins[entry.label_right, entry.label_left] += 1 - share

    def variance(self, entry: KeyEntry) -> float:
        """Of the belief about this pair of variants: 1/12 without any vote, towards 0 with many."""
        a = 1 + self._wins[entry.label_left, entry.label_right]
        b = 1 + self._wins[entry.label_right, entry.label_left]
        return a * b / ((a + b) ** 2 * (a + b + 1))


def choose_next(candidates: Sequence[KeyEntry], tally: Tally) -> KeyEntry:
    """The candidate to ask about, of at least one."""
    return max(candidates, key=tally.variance)


class JudgeDeck:
    """One judge's deck on a server: what stays in its place, and what may be chosen."""

    def __init__(self, entries: Sequence[KeyEntry]) -> None:
        originals = {entry.repeats for entry in entries}
        ballot = [entry for entry in entries if not entry.is_reserve]
        self.fixed = tuple(
            (place, entry)
            for place, entry in enumerate(ballot)
            if entry.kind is not ItemKind.PAIR or entry.item_id in originals
        )
        held = {entry.item_id for _, entry in self.fixed}
        self.free = tuple(entry for entry in entries if entry.item_id not in held)

    def next_entry(self, seen: Iterable[str], tally: Tally) -> KeyEntry | None:
        """The pair that comes after these; catch trials and what they repeat keep their places."""
        met = set(seen)
        held = [(place, entry) for place, entry in self.fixed if entry.item_id not in met]
        if held and held[0][0] <= len(met):
            return held[0][1]
        if free := [entry for entry in self.free if entry.item_id not in met]:
            return choose_next(free, tally)
        return held[0][1] if held else None
