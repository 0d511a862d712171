"""A local model's verdicts as votes of their own, never among people's, and how far people agree with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from evalkit.analyse.judge_agreement import agreements_between, agreements_with_themselves
from evalkit.analyse.judge_bias import check_judge
from evalkit.analyse.preferences import as_comparisons, weigh_votes
from evalkit.records.blind import Darker, ItemKind, Outcome, RevealedVote
from evalkit.records.judgement import ExamKind, JudgedPair, Judgement, OrderedAnswer
from evalkit.records.preferences import ModelJudge, Question, UnreadableReply

_SWAPPED = {Outcome.LEFT: Outcome.RIGHT, Outcome.RIGHT: Outcome.LEFT}


def weigh_judge(
    judgement: Judgement, people: Sequence[RevealedVote], *, labels: Sequence[str], reference_label: str
) -> ModelJudge:
    """One model's ratings (a fit judge's only), biases and agreements.

    Both orders make one vote per pair; where they contradict each other it is a tie. Position and length bias are
    taken from the single replies, where they have not cancelled yet.
    """
    votes = tuple(_votes(judgement))
    singles = tuple(_single_votes(judgement))
    sittings = [pair.sitting for pair in judgement.pairs]
    comparisons = as_comparisons(Question.BETTER, (*people, *votes))
    with_people = [one for one in agreements_between(comparisons) if judgement.judge in (one.judge_a, one.judge_b)]
    weighed = weigh_votes(votes, judgement.unasked, labels=labels, reference_label=reference_label)
    return ModelJudge(
        judge=judgement.judge,
        model=judgement.model,
        payload_hash=judgement.payload_hash,
        exam=judgement.exam,
        n_pairs=len(sittings),
        n_swayed=sum(sitting.is_swayed for sitting in sittings),
        n_wavering=sum(sitting.is_readable and not sitting.is_steady and not sitting.is_swayed for sitting in sittings),
        n_unreadable=sum(not sitting.is_readable for sitting in sittings),
        unreadable=tuple(_unreadable(judgement)),
        check=check_judge(judgement.judge, singles),
        results=weighed.results if judgement.exam.is_fit else (),
        agreements=(*agreements_with_themselves(_both_orders(judgement)), *with_people),
    )


def _votes(judgement: Judgement) -> Iterator[RevealedVote]:
    for pair in judgement.pairs:
        if (better := pair.sitting.better) is not None:
            yield _vote(judgement.judge, pair, better, pair.sitting.darker)


def _single_votes(judgement: Judgement) -> Iterator[RevealedVote]:
    """Every single reply as it was shown: left is what stood first."""
    for pair in judgement.pairs:
        yield from _as_shown(judgement.judge, pair, pair.sitting.first, swapped=False)
        yield from _as_shown(judgement.judge, pair, pair.sitting.swapped, swapped=True)
    for item in judgement.exam.items:
        if item.kind is ExamKind.IDENTICAL:
            pair = JudgedPair(
                prompt_id=item.prompt_id, label_left="", label_right="", n_words_left=0, n_words_right=0,
                sitting=item.sitting,
            )  # fmt: skip
            for answer in (item.sitting.first, item.sitting.swapped):
                yield from _as_shown(judgement.judge, pair, answer, swapped=False, kind=ItemKind.IDENTICAL)


def _unreadable(judgement: Judgement) -> Iterator[UnreadableReply]:
    for pair in judgement.pairs:
        shown = ((pair.sitting.first, pair.label_left, pair.label_right),
                 (pair.sitting.swapped, pair.label_right, pair.label_left))  # fmt: skip
        for answer, a, b in shown:
            if answer.better is None:
                yield UnreadableReply(
                    prompt_id=pair.prompt_id, label_a=a, label_b=b, raw=answer.raw, problem=answer.problem
                )


def _both_orders(judgement: Judgement) -> Iterator[RevealedVote]:
    """The second order as a repeat of the first, sides already put back."""
    for number, pair in enumerate(judgement.pairs):
        first, swapped = pair.sitting.first.better, pair.sitting.swapped.better
        if first is not None and swapped is not None:
            yield _vote(judgement.judge, pair, first, None, item_id=str(number))
            yield _vote(judgement.judge, pair, swapped, None, kind=ItemKind.REPEAT, repeats=str(number))


def _as_shown(
    judge: str, pair: JudgedPair, answer: OrderedAnswer, *, swapped: bool, kind: ItemKind = ItemKind.PAIR
) -> Iterator[RevealedVote]:
    if answer.better is None:
        return
    if not swapped:
        yield _vote(judge, pair, answer.better, None, kind=kind)
        return
    turned = replace(
        pair,
        label_left=pair.label_right,
        label_right=pair.label_left,
        n_words_left=pair.n_words_right,
        n_words_right=pair.n_words_left,
    )
    yield _vote(judge, turned, _SWAPPED.get(answer.better, answer.better), None, kind=kind)


def _vote(
    judge: str,
    pair: JudgedPair,
    outcome: Outcome,
    darker: Darker | None,
    *,
    kind: ItemKind = ItemKind.PAIR,
    item_id: str = "",
    repeats: str | None = None,
) -> RevealedVote:
    return RevealedVote(
        judge=judge,
        item_id=item_id,
        kind=kind,
        repeats=repeats,
        prompt_id=pair.prompt_id,
        label_left=pair.label_left,
        label_right=pair.label_right,
        outcome=outcome,
        darker=darker,
        seconds=0.0,
        n_words_left=pair.n_words_left,
        n_words_right=pair.n_words_right,
        note="",
    )
