"""Where each variant's answer leaves the reference's, what both models wanted there, and whether it was a near tie.

The scoring pass reads the reference's answer in the kernels in which the answers were made, so the first token that a
variant would not have chosen is the token at which its own answers part. That is checked here against every answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from evalkit.measure.certificates import first_difference, group_regenerations
from evalkit.records.divergence import Fork, ForkKind, ForkToken, NearTieRule
from evalkit.records.generation import Generation, StopReason
from evalkit.records.positions import PositionScores

NEAR_TIE_SHARE = 0.99

NOT_READ = "The reference's answer was not read with this variant."
OTHER_ANSWER = "The record is of another answer than the reference's: delete the run's positions, or use --fresh."

ByCell = Mapping[tuple[str, str], Sequence[Generation]]


def near_tie_rule(
    positions: Iterable[PositionScores], generations: Iterable[Generation], reference_label: str
) -> NearTieRule:
    """How far other kernels move a margin of the reference's, so that a smaller one says nothing of the weights.

    A margin that turned, so that another token won, has moved by both margins together.
    """
    import numpy as np

    answers = group_regenerations(generations)
    shifts: list[float] = []
    for noise in positions:
        first = _first(answers, noise.label, noise.prompt_id)
        if noise.label != reference_label or first is None or not _is_of(noise, first):
            continue
        for flipped, other, own in zip(noise.flips, noise.margins_nats, first.margins_nats, strict=False):
            shifts.append(other + own if flipped else abs(other - own))
    limit = float(np.quantile(shifts, NEAR_TIE_SHARE)) if shifts else None
    return NearTieRule(limit_nats=limit, n=len(shifts))


def find_forks(
    positions: Iterable[PositionScores],
    generations: Iterable[Generation],
    rule: NearTieRule,
    *,
    labels: Sequence[str],
    prompt_ids: Sequence[str],
    reference_label: str,
) -> tuple[Fork, ...]:
    """One record per prompt and label but the reference's, unmeasured ones included."""
    found = {(one.label, one.prompt_id): one for one in positions}
    answers = group_regenerations(generations)
    return tuple(
        _fork(label, prompt_id, found.get((label, prompt_id)), answers, reference_label, rule)
        for label in labels
        if label != reference_label
        for prompt_id in prompt_ids
    )


def _fork(
    label: str,
    prompt_id: str,
    read: PositionScores | None,
    answers: ByCell,
    reference_label: str,
    rule: NearTieRule,
) -> Fork:
    reference = _first(answers, reference_label, prompt_id)
    if read is None or not read.choices:
        return Fork(label=label, prompt_id=prompt_id, token_index=None, n_agreed=0, reason=NOT_READ)
    if reference is not None and not _is_of(read, reference):
        return Fork(label=label, prompt_id=prompt_id, token_index=None, n_agreed=0, reason=OTHER_ANSWER)
    at = read.fork_token
    own = answers.get((label, prompt_id), ())
    contradiction = _contradiction(at, len(read.choices), reference, own)
    if at is None:
        return Fork(
            label=label, prompt_id=prompt_id, token_index=None, n_agreed=read.n_read, contradiction=contradiction
        )
    is_end = at == read.n_read
    reference_margin = _at(reference.margins_nats, at) if reference is not None else None
    variant_margin = read.end_margin_nats if is_end else read.margins_nats[at]
    return Fork(
        label=label,
        prompt_id=prompt_id,
        token_index=at,
        n_agreed=at,
        reference=_reference_token(read, at),
        variant=_variant_token(read, at, own),
        reference_margin_nats=reference_margin,
        variant_margin_nats=variant_margin,
        kind=fork_kind(reference_margin, variant_margin, rule),
        contradiction=contradiction,
    )


def fork_kind(reference_margin: float | None, variant_margin: float | None, rule: NearTieRule) -> ForkKind:
    """A near tie where either model's margin is one that other kernels may turn; else a change of mind."""
    known = [margin for margin in (reference_margin, variant_margin) if margin is not None]
    if rule.limit_nats is None:
        return ForkKind.NOT_KNOWN
    if any(margin <= rule.limit_nats for margin in known):
        return ForkKind.NEAR_TIE
    return ForkKind.CHANGE_OF_MIND if len(known) == 2 else ForkKind.NOT_KNOWN


def _contradiction(at: int | None, n_seen: int, reference: Generation | None, own: Sequence[Generation]) -> str | None:
    """What the answers say otherwise; a fork behind all that was read contradicts nothing."""
    if reference is None:
        return None
    forks = {one.regeneration_index: first_difference(reference, one) for one in own}
    wrong = {
        index: fork
        for index, fork in forks.items()
        if fork != at and not (at is None and fork is not None and fork >= n_seen)
    }
    if not wrong:
        return None
    told = ", ".join(f"regeneration {index + 1} {_place(fork)}" for index, fork in wrong.items())
    return f"The scoring pass leaves the reference's answer {_place(at)}, {told}."


def _place(fork: int | None) -> str:
    return "nowhere" if fork is None else f"at token {fork}"


def _reference_token(read: PositionScores, at: int) -> ForkToken:
    if at == read.n_read:
        return ForkToken(token_id=None, text="", ends_turn=True, p_reference=None, p_variant=None)
    return ForkToken(
        token_id=read.answer[at],
        text=read.pieces[at],
        ends_turn=False,
        p_reference=math.exp(read.log_p_reference[at]),
        p_variant=math.exp(read.log_p_variant[at]),
    )


def _variant_token(read: PositionScores, at: int, own: Sequence[Generation]) -> ForkToken:
    log_p_reference, log_p_variant = _at(read.log_p_choice_reference, at), _at(read.log_p_choice_variant, at)
    ended = [one for one in own if one.stop_reason is StopReason.END_OF_TURN and one.n_tokens == at]
    return ForkToken(
        token_id=read.choices[at],
        text=read.fork_piece or "",
        ends_turn=bool(ended),
        p_reference=None if log_p_reference is None else math.exp(log_p_reference),
        p_variant=None if log_p_variant is None else math.exp(log_p_variant),
    )


def _at(values: Sequence[float | None], index: int) -> float | None:
    return values[index] if index < len(values) else None


def _first(answers: ByCell, label: str, prompt_id: str) -> Generation | None:
    made = answers.get((label, prompt_id), ())
    return made[0] if made and made[0].regeneration_index == 0 else None


def _is_of(read: PositionScores, answer: Generation) -> bool:
    return answer.token_ids[: read.n_read] == read.answer
