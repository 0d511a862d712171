"""Short names of variants, from the names of their files."""

from __future__ import annotations

import re
from collections.abc import Sequence

_M_TOKEN = re.compile(r"(?<![^\-_. ])[mM]([0-9]{1,6})(?![^\-_. ])")
_BOUNDARIES = "-_. "


def canonical_label(label: str) -> str:
    """The one spelling of a label: `m07` is `M7`; any other label loses what cannot be printed."""
    token = _M_TOKEN.fullmatch(label)
    return f"M{int(token[1])}" if token else printable(label)


def printable(name: str) -> str:
    """`name` with `_` for every character that cannot be printed.

    Labels and family names go into files, tables and pages: no control, direction or broken character of a
    stranger's file name may travel in one.
    """
    return "".join(character if character.isprintable() else "_" for character in name)


def labels_of(stems: Sequence[str]) -> tuple[str, ...]:
    """One label per stem, in order: its last `M<number>`, else what sets it apart from the others without one.

    `Rings-M7-IQ4_XS` is `M7`. `Rings-neo-IQ4_XS` beside `Rings-horror-IQ4_XS` is `neo`.
    """
    tokens = [_M_TOKEN.findall(stem) for stem in stems]
    unlabelled = [stem for stem, found in zip(stems, tokens, strict=True) if not found]
    cores = iter(_cores(unlabelled))
    return tuple(canonical_label(f"M{found[-1]}" if found else next(cores)) for found in tokens)


def _cores(stems: Sequence[str]) -> list[str]:
    """The stems without their common prefix and suffix; whole where nothing would be left of one."""
    if len(set(stems)) < 2:
        return list(stems)
    n_prefix = _common_length(stems)
    n_suffix = _common_length([stem[::-1] for stem in stems])
    cores = [stem[n_prefix : len(stem) - n_suffix] for stem in stems]
    return cores if all(cores) else list(stems)


def _common_length(stems: Sequence[str]) -> int:
    """How many leading characters all stems share, cut after the last boundary among them."""
    n_shared = 0
    for characters in zip(*stems, strict=False):
        if len(set(characters)) > 1:
            break
        n_shared += 1
    shared = stems[0][:n_shared]
    return max(shared.rfind(boundary) for boundary in _BOUNDARIES) + 1
