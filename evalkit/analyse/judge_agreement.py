"""How far judges agree, with each other and with themselves, beyond what chance gives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations

from evalkit.records.blind import ItemKind, Outcome, RevealedVote
from evalkit.records.errors import NotMeasuredError
from evalkit.records.preferences import Agreement, Comparison
from evalkit.records.scores import Figure

MIN_SHARED = 5
"""Fewer pairs in common say nothing: one changed vote would move alpha by a fifth and more."""

Pair = tuple[str, str, str]
"""Prompt id and the two labels, in alphabetical order."""


def agreements_between(comparisons: Sequence[Comparison]) -> tuple[Agreement, ...]:
    """One line per two judges, on the pairs of variants and prompts that both voted on."""
    votes: dict[str, dict[Pair, str]] = defaultdict(dict)
    for one in comparisons:
        pair, answer = _as_answer(one.prompt_id, one.label_left, one.label_right, one.outcome)
        votes[one.judge].setdefault(pair, answer)
    return tuple(
        _agreement(a, b, [(votes[a][pair], votes[b][pair]) for pair in votes[a] if pair in votes[b]])
        for a, b in combinations(sorted(votes), 2)
    )


def agreements_with_themselves(votes: Iterable[RevealedVote]) -> tuple[Agreement, ...]:
    """One line per judge who was shown a pair again with the sides swapped."""
    votes = tuple(votes)
    first = {(vote.judge, vote.item_id): vote for vote in votes}
    twice: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for vote in votes:
        if vote.kind is ItemKind.REPEAT and (original := first.get((vote.judge, vote.repeats or ""))):
            twice[vote.judge].append((_answer_of(original), _answer_of(vote)))
    return tuple(_agreement(judge, judge, answers) for judge, answers in sorted(twice.items()))


def krippendorff_alpha(units: Iterable[Sequence[Hashable]]) -> float:
    """1 - observed over expected disagreement, nominal data, any number of ratings per unit.

    Args:
        units: per thing that was rated, the ratings that it got; units with fewer than two do not count.

    Returns:
        1 for full agreement, 0 for what chance would give; below 0 is worse than chance.

    Raises:
        NotMeasuredError: no unit has two ratings, or all ratings are the same, so that chance alone agrees fully.

    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability".
    """
    rated = [list(unit) for unit in units if len(unit) > 1]
    totals = Counter(rating for unit in rated for rating in unit)
    n = sum(totals.values())
    expected = n * n - sum(count * count for count in totals.values())
    if not rated:
        raise NotMeasuredError("Nothing was rated twice.")
    if expected == 0:
        raise NotMeasuredError("Every answer is the same, so chance alone would agree fully.")
    observed = sum(
        (len(unit) ** 2 - sum(count * count for count in Counter(unit).values())) / (len(unit) - 1) for unit in rated
    )
    return 1 - (n - 1) * observed / expected


def _agreement(judge_a: str, judge_b: str, answers: Sequence[tuple[str, str]]) -> Agreement:
    if len(answers) < MIN_SHARED:
        nothing = Figure.not_measured(f"Only {len(answers)} pairs in common; at least {MIN_SHARED} are needed.")
        return Agreement(judge_a=judge_a, judge_b=judge_b, alpha=nothing, agreement=nothing)
    share = sum(first == second for first, second in answers) / len(answers)
    try:
        alpha = Figure(value=krippendorff_alpha(answers), n=len(answers))
    except NotMeasuredError as reason:
        alpha = Figure.not_measured(str(reason))
    return Agreement(judge_a=judge_a, judge_b=judge_b, alpha=alpha, agreement=Figure(value=share, n=len(answers)))


def _answer_of(vote: RevealedVote) -> str:
    return _as_answer(vote.prompt_id, vote.label_left, vote.label_right, vote.outcome)[1]


def _as_answer(prompt_id: str, left: str, right: str, outcome: Outcome) -> tuple[Pair, str]:
    """The pair and the answer without its sides."""
    winners: Mapping[Outcome, str] = {Outcome.LEFT: left, Outcome.RIGHT: right}
    first, second = sorted((left, right))
    return (prompt_id, first, second), winners.get(outcome, "tie")
