"""The forks of a run in a few words: one line per variant, and one on what the family has in common."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from evalkit.records.divergence import DivergenceAnalysis, Fork, ForkKind, ForkToken
from evalkit.report.format import count, probability

END = "the end"


def fork_lines(analysis: DivergenceAnalysis | None) -> tuple[str, ...]:
    """One line per variant: where its answers part, near ties or not, and the fork that is least a tie."""
    if analysis is None:
        return ()
    by_label: dict[str, list[Fork]] = {}
    for fork in analysis.forks:
        if fork.reason is None:
            by_label.setdefault(fork.label, []).append(fork)
    return tuple(f"{label}: {'; '.join(_parts(forks))}" for label, forks in by_label.items())


def _parts(forks: Sequence[Fork]) -> Iterator[str]:
    parted = [fork for fork in forks if fork.token_index is not None]
    if not parted:
        yield f"equal to the reference in all {len(forks)} answers"
        return
    median = statistics.median(fork.n_agreed for fork in parted)
    ties = sum(fork.kind is ForkKind.NEAR_TIE for fork in parted)
    minds = sum(fork.kind is ForkKind.CHANGE_OF_MIND for fork in parted)
    yield f"{len(parted)} of {len(forks)} answers part, after {median:g} token{'' if median == 1 else 's'} (median)"
    yield f"{ties} near {'tie' if ties == 1 else 'ties'}, {minds} {'change' if minds == 1 else 'changes'} of mind"
    clearest = max(parted, key=_clarity)
    if clearest.reference is not None and clearest.variant is not None:
        yield (
            f"the clearest in {clearest.prompt_id} after {count(clearest.n_agreed, 'token')}: "
            f"{_told(clearest.reference)} became {_told(clearest.variant)}"
        )


def _clarity(fork: Fork) -> float:
    """The smaller margin of the two: how far from a tie it is."""
    margins = [one for one in (fork.reference_margin_nats, fork.variant_margin_nats) if one is not None]
    return min(margins) if len(margins) == 2 else -1.0


def _told(token: ForkToken) -> str:
    """`" dread" (12 % > 3.1 %)`: the text, and how likely the reference and the variant found it."""
    text = END if token.ends_turn else f'"{token.text}"'
    chances = ["?" if one is None else probability(one) for one in (token.p_reference, token.p_variant)]
    return f"{text} ({' > '.join(chances)})"
