"""From votes with named sides to what may be said of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

from evalkit.analyse.judge_agreement import agreements_between, agreements_with_themselves
from evalkit.analyse.judge_bias import check_judge
from evalkit.analyse.ratings import rate
from evalkit.records.blind import Darker, ItemKind, Outcome, RevealedVote, UnaskedPair
from evalkit.records.preferences import Comparison, Preferences, Question, QuestionResult, WinCell

FEW_PROMPTS = 5
FEW_JUDGES = 3

_OUTCOME_OF = {Darker.LEFT: Outcome.LEFT, Darker.RIGHT: Outcome.RIGHT, Darker.SAME: Outcome.TIE}


def weigh_votes(
    votes: Sequence[RevealedVote], unasked: Sequence[UnaskedPair], *, labels: Sequence[str], reference_label: str
) -> Preferences:
    """Everything that the votes of one or several reveals of one family say.

    Args:
        votes: catch trials included; only votes of kind `pair` count for ratings.
        unasked: pairs that no judge was asked about.
        labels: every variant asked about, the reference among them.
    """
    results = tuple(
        _result(question, as_comparisons(question, votes), votes, unasked, labels, reference_label)
        for question in Question
    )
    judges = sorted({vote.judge for vote in votes})
    checks = tuple(check_judge(judge, votes) for judge in judges)
    return Preferences(
        reference_label=reference_label,
        kit_ids=(),
        results=tuple(result for result in results if result.n_votes),
        checks=checks,
        notes=tuple(_notes(results[0])),
    )


def as_comparisons(question: Question, votes: Iterable[RevealedVote]) -> tuple[Comparison, ...]:
    """The votes that count for one question, catch trials left out."""
    return tuple(
        Comparison(
            judge=vote.judge,
            prompt_id=vote.prompt_id,
            label_left=vote.label_left,
            label_right=vote.label_right,
            outcome=outcome,
            n_words_left=vote.n_words_left,
            n_words_right=vote.n_words_right,
        )
        for vote in votes
        if vote.kind is ItemKind.PAIR and (outcome := _outcome(question, vote)) is not None
    )


def _outcome(question: Question, vote: RevealedVote) -> Outcome | None:
    if question is Question.BETTER:
        return vote.outcome
    return None if vote.darker is None else _OUTCOME_OF[vote.darker]


def _result(
    question: Question,
    comparisons: Sequence[Comparison],
    votes: Sequence[RevealedVote],
    unasked: Sequence[UnaskedPair],
    labels: Sequence[str],
    reference_label: str,
) -> QuestionResult:
    with_themselves = agreements_with_themselves(votes) if question is Question.BETTER else ()
    return QuestionResult(
        question=question,
        n_votes=len(comparisons),
        n_judges=len({one.judge for one in comparisons}),
        n_prompts=len({one.prompt_id for one in comparisons}),
        ratings=rate(comparisons, labels=labels, reference_label=reference_label),
        wins=_win_matrix(comparisons, unasked, labels),
        agreements=(*agreements_between(comparisons), *with_themselves),
    )


def _win_matrix(
    comparisons: Sequence[Comparison], unasked: Sequence[UnaskedPair], labels: Sequence[str]
) -> tuple[WinCell, ...]:
    wins = Counter(winner for one in comparisons if (winner := _winner_and_loser(one)))
    undecided = Counter((frozenset((one.label_left, one.label_right)), one.outcome) for one in comparisons)
    equal = Counter(frozenset((pair.label_a, pair.label_b)) for pair in unasked if pair.is_equal)
    return tuple(
        WinCell(
            label_a=a,
            label_b=b,
            n_a=wins[a, b],
            n_b=wins[b, a],
            n_ties=undecided[frozenset((a, b)), Outcome.TIE],
            n_both_bad=undecided[frozenset((a, b)), Outcome.BOTH_BAD],
            n_unasked_equal=equal[frozenset((a, b))],
        )
        for a, b in combinations(labels, 2)
    )


def _winner_and_loser(one: Comparison) -> tuple[str, str] | None:
    if one.outcome is Outcome.LEFT:
        return one.label_left, one.label_right
    if one.outcome is Outcome.RIGHT:
        return one.label_right, one.label_left
    return None


def _notes(result: QuestionResult) -> Iterable[str]:
    if 0 < result.n_prompts < FEW_PROMPTS:
        prompts = "one prompt" if result.n_prompts == 1 else f"{result.n_prompts} prompts"
        yield (
            f"The votes are on {prompts}: what holds for these need not hold for others, and the "
            "intervals cannot know it."
        )
    if 0 < result.n_judges < FEW_JUDGES:
        who = "One judge" if result.n_judges == 1 else f"{result.n_judges} judges"
        yield f"{who} voted: the intervals say what they prefer, not what readers prefer."
