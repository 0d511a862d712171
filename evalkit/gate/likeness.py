"""Is a variant still the author that was accepted? Read from how it re-weighs the reference's own words.

Where a variant's log-probability of the reference's tokens lies above or below the reference's is decided by how its
weights were rounded. Siblings share a part of that, the same recipe repeats it. So the profile of one file along
one answer is a fingerprint of its behaviour which survives a rebuild and which no name in its header can forge.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import StatisticsError, correlation, fmean

from evalkit.analyse.intervals import holm_adjusted
from evalkit.gate.case import Case, in_answers, no_baseline, not_measured, state_of
from evalkit.records.family import file_key
from evalkit.records.gate import Evidence, Observation, ReleaseVariant, State
from evalkit.records.positions import PositionScores
from evalkit.records.scores import ALL_PROMPTS, Figure

RULE = "regression.likeness"

SIGNIFICANCE = 0.05
Z_95 = 1.959964
"""Half the width of a 95 % interval, in standard errors."""
LARGEST = 1 - 1e-12
LEAST_PARTS = 4
"""Fisher's z has a variance from four values on."""
N_PARTS = 16
"""Per answer: what a baseline can hold and a reviewer skip."""
_DIGITS = 4


def profile_of(positions: PositionScores) -> tuple[float, ...]:
    """Mean change of the log-probability of the reference's tokens in equal parts of its answer, nats.

    Parts are shorter by one token where the answer does not divide; a short answer has fewer. Rounded to four digits
    after the point, far below what other kernels move. Empty where a value is not finite.
    """
    changes = [ours - theirs for ours, theirs in zip(positions.log_p_variant, positions.log_p_reference, strict=True)]
    if not changes or not all(map(math.isfinite, changes)):
        return ()
    n_parts = min(N_PARTS, len(changes))
    bounds = [len(changes) * part // n_parts for part in range(n_parts + 1)]
    return tuple(round(fmean(changes[start:end]), _DIGITS) for start, end in pairwise(bounds))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """One rebuilt variant and its accepted file."""

    variant: ReleaseVariant
    correlation: float | None = None
    n_parts: int = 0
    reason: str = ""
    """Why there is no correlation."""

    def p_below(self, limit: float) -> float | None:
        """Two-sided p that the true correlation is the limit, 1 above it; Fisher's z, of variance 1 / (n - 3)."""
        if self.correlation is None:
            return None
        distance = (_fisher_z(limit) - _fisher_z(self.correlation)) * math.sqrt(self.n_parts - 3)
        return math.erfc(max(distance, 0.0) / math.sqrt(2))

    @property
    def figure(self) -> Figure:
        """The correlation with its 95 % interval."""
        if self.correlation is None:
            return Figure.not_measured(self.reason)
        z, half_width = _fisher_z(self.correlation), Z_95 / math.sqrt(self.n_parts - 3)
        low, high = math.tanh(z - half_width), math.tanh(z + half_width)
        return Figure(value=self.correlation, low=low, high=high, n=self.n_parts)


def check_likeness(case: Case) -> Iterator[Observation]:
    """A variant no longer behaves like the accepted file, and no notice announced it: it is another author.

    Figure: correlation of how both re-weigh the reference's answers (log-probability of its tokens against the
    reference's own, in 16 parts per answer) with its 95 % interval; 1 is the same, siblings lie lower. Broken below
    `limit` when Holm's adjusted p over all rebuilt variants is under 5 %. Finds a wrong importance matrix whose name is
    right. Remedy: quantise again, or announce the new payload in `notices`.
    """
    if case.accepted is None:
        yield no_baseline()
        return
    pairs = [pair for pair in case.pairs() if pair[0].label != case.release.reference.label]
    rebuilt = {
        variant.label: _compare(case, variant, before)
        for variant, before in pairs
        if _identity(variant) != _identity(before)
    }
    p_values = {
        label: p for label, one in rebuilt.items() if (p := one.p_below(case.policy.limit(RULE, label))) is not None
    }
    adjusted = holm_adjusted(p_values)
    for variant, _ in pairs:
        if variant.label in rebuilt:
            yield _observe(case, rebuilt[variant.label], adjusted.get(variant.label, 1.0))
        else:
            yield _unchanged(case, variant)


def _compare(case: Case, variant: ReleaseVariant, before: ReleaseVariant) -> _Comparison:
    now, then = _paired_profiles(case, variant, before)
    if len(now) < LEAST_PARTS:
        return _Comparison(variant=variant, reason="On no prompt did both read the same answer of the reference.")
    try:
        return _Comparison(variant=variant, correlation=correlation(now, then), n_parts=len(now))
    except StatisticsError:
        return _Comparison(variant=variant, reason="It leaves the reference's words as they are.")


def _observe(case: Case, one: _Comparison, adjusted_p: float) -> Observation:
    limit = case.policy.limit(RULE, one.variant.label)
    evidence = _evidence(case, one.variant)
    if one.correlation is None:
        return not_measured(one.variant.label, one.reason, evidence, limit=limit)
    is_announced = case.has_notice(one.variant)
    is_other = one.correlation < limit and adjusted_p < SIGNIFICANCE
    words = f"Its behaviour correlates {one.correlation:.3f} with the accepted file's; adjusted p {adjusted_p:.2g}."
    return Observation(
        label=one.variant.label,
        state=state_of(is_other and not is_announced),
        figure=one.figure,
        limit=limit,
        message=f"{words} It was announced." if is_announced else words,
        evidence=evidence,
    )


def _unchanged(case: Case, variant: ReleaseVariant) -> Observation:
    return Observation(
        label=variant.label,
        state=State.KEPT,
        figure=Figure(value=1.0),
        limit=case.policy.limit(RULE, variant.label),
        message="It is the accepted file.",
        evidence=_evidence(case, variant),
    )


def _evidence(case: Case, variant: ReleaseVariant) -> Evidence:
    key = file_key(variant.payload_hash, variant.chat_template_hash)
    return in_answers(case.release, variant.label, ALL_PROMPTS, f"positions/{key}/")


def _identity(variant: ReleaseVariant) -> tuple[str, str | None]:
    # Another template is another prompt: the same tensors then behave otherwise.
    return variant.payload_hash, variant.chat_template_hash


def _fisher_z(value: float) -> float:
    # Equal profiles correlate 1, whose z is infinite.
    return math.atanh(max(-LARGEST, min(LARGEST, value)))


def _paired_profiles(
    case: Case, variant: ReleaseVariant, before: ReleaseVariant
) -> tuple[Sequence[float], Sequence[float]]:
    """Both profiles, end to end, over prompts to which the reference still gives the accepted answer."""
    now: list[float] = []
    then: list[float] = []
    for prompt_id, record in variant.prompts.items():
        old = before.prompts.get(prompt_id)
        if old is not None and _same_answer(case, prompt_id) and len(record.profile) == len(old.profile):
            now += record.profile
            then += old.profile
    return now, then


def _same_answer(case: Case, prompt_id: str) -> bool:
    if case.accepted is None:
        return False
    answers = (release.reference.prompts.get(prompt_id) for release in (case.release, case.accepted))
    hashes = [answer.answer_hash if answer else None for answer in answers]
    return hashes[0] is not None and hashes[0] == hashes[1]
