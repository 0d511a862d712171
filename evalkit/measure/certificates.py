"""What the regenerations of one (variant, prompt) prove: identical, or forked at a token with a margin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from evalkit.records.errors import NotMeasuredError
from evalkit.records.generation import Certificate, CertificateState, Generation, Method, WarmFinding


def certify(
    generations: Iterable[Generation], *, labels: Sequence[str], prompt_ids: Sequence[str], n_regenerations: int
) -> tuple[Certificate, ...]:
    """One certificate per (variant, prompt) of a run that asked for `n_regenerations`, missing answers included.

    A fork that was seen stands, whatever else is missing; "identical" needs every regeneration that was asked for.
    """
    generations = tuple(generations)
    found = group_regenerations(generations)
    warm = {(one.label, one.prompt_id): one for one in generations if one.method is Method.WARM}
    return tuple(
        replace(
            _certify_one(label, prompt_id, found.get((label, prompt_id), ()), n_regenerations),
            warm=_compare_warm(found.get((label, prompt_id), ()), warm.get((label, prompt_id))),
        )
        for label in labels
        for prompt_id in prompt_ids
    )


def regeneration_agreement(regenerations: Sequence[Generation], certificate: Certificate) -> float:
    """Share of the later regenerations that equal the first; 1 is reproducible.

    Raises:
        NotMeasuredError: the certificate was not measured either.
    """
    if certificate.state is CertificateState.NOT_MEASURED:
        raise NotMeasuredError(certificate.reason or "There is no certificate.")
    first, *later = regenerations
    return sum(first_difference(first, other) is None for other in later) / len(later)


def group_regenerations(generations: Iterable[Generation]) -> dict[tuple[str, str], tuple[Generation, ...]]:
    """The regenerations of each (label, prompt id), in order; warm answers are none."""
    groups: dict[tuple[str, str], tuple[Generation, ...]] = {}
    for generation in sorted(generations, key=lambda generation: generation.cell):
        if generation.method is Method.WARM:
            continue
        key = (generation.label, generation.prompt_id)
        groups[key] = (*groups.get(key, ()), generation)
    return groups


def first_difference(first: Generation, other: Generation) -> int | None:
    """0-based index of the first token that differs; None when the answers are equal.

    An answer that goes on where the other ends differs there; so do two ends of different kinds.
    """
    for index, (token, other_token) in enumerate(zip_longest(first.token_ids, other.token_ids)):
        if token != other_token:
            return index
    return None if first.stop_reason == other.stop_reason else first.n_tokens


def _certify_one(label: str, prompt_id: str, regenerations: Sequence[Generation], n_asked: int) -> Certificate:
    reason = _why_not_comparable(regenerations, n_asked)
    forks = () if reason else [first_difference(regenerations[0], other) for other in regenerations[1:]]
    fork = min((fork for fork in forks if fork is not None), default=None)
    if reason is None and fork is None and len(regenerations) < n_asked:
        reason = f"Only {len(regenerations)} of {n_asked} regenerations exist."
    state = CertificateState.IDENTICAL if fork is None else CertificateState.FORKED
    return Certificate(
        label=label,
        prompt_id=prompt_id,
        state=CertificateState.NOT_MEASURED if reason else state,
        n_regenerations=len(regenerations),
        row_class=regenerations[0].row_class if regenerations else None,
        fork_token=fork,
        fork_margin_nats=None if fork is None else _margin(regenerations[0], fork),
        reason=reason,
    )


def _compare_warm(regenerations: Sequence[Generation], warm: Generation | None) -> WarmFinding | None:
    if warm is None or not regenerations:
        return None
    fork = first_difference(regenerations[0], warm)
    return WarmFinding(fork_token=fork, fork_margin_nats=None if fork is None else _margin(regenerations[0], fork))


def _why_not_comparable(regenerations: Sequence[Generation], n_asked: int) -> str | None:
    if not regenerations:
        return "There is no answer."
    if regenerations[0].method is Method.IMPORTED:
        return "The text was made elsewhere: nothing says whether it would come out again."
    if regenerations[0].regeneration_index != 0:
        return "The first regeneration, which the others are compared with, is missing."
    if len(regenerations) < 2:
        if n_asked < 2:
            return "One regeneration was asked for; a certificate needs at least 2."
        return f"Only 1 of {n_asked} regenerations exists."
    return None


def _margin(first: Generation, fork: int) -> float | None:
    """The end-of-turn token, where the first answer may have ended, has no margin on record."""
    return first.margins_nats[fork] if fork < len(first.margins_nats) else None
