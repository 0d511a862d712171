"""What a judge's votes say about the judge: position, length, and texts that were equal."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.records.blind import ItemKind, Outcome, RevealedVote
from evalkit.records.preferences import JudgeCheck
from evalkit.records.scores import Figure

DECIDED = (Outcome.LEFT, Outcome.RIGHT)


def check_judge(judge: str, votes: Sequence[RevealedVote]) -> JudgeCheck:
    """One judge's biases; repeated pairs do not count twice."""
    own = [vote for vote in votes if vote.judge == judge]
    pairs = [vote for vote in own if vote.kind is ItemKind.PAIR]
    decided = [vote for vote in pairs if vote.outcome in DECIDED]
    left = [vote.outcome is Outcome.LEFT for vote in decided]
    longer = [
        (vote.outcome is Outcome.LEFT) == (vote.n_words_left > vote.n_words_right)
        for vote in decided
        if vote.n_words_left != vote.n_words_right
    ]
    identical = [vote.outcome is Outcome.TIE for vote in own if vote.kind is ItemKind.IDENTICAL]
    return JudgeCheck(
        judge=judge,
        n_votes=len(pairs),
        n_ties=len(pairs) - len(decided),
        left_share=share(left, "No vote was decided."),
        left_p=_p_of_half(left),
        longer_share=share(longer, "No vote was decided between texts of different length."),
        longer_p=_p_of_half(longer),
        identical_ties=share(identical, "No text was shown against itself."),
    )


def share(hits: Sequence[bool], reason: str) -> Figure:
    """A share with its 95 % Wilson interval.

    Source: Wilson 1927; scipy's `proportion_ci`.
    """
    if not hits:
        return Figure.not_measured(reason)
    from scipy.stats import binomtest

    interval = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return Figure(value=sum(hits) / len(hits), low=float(interval.low), high=float(interval.high), n=len(hits))


def _p_of_half(hits: Sequence[bool]) -> float | None:
    if not hits:
        return None
    from scipy.stats import binomtest

    return float(binomtest(sum(hits), len(hits), 0.5).pvalue)
