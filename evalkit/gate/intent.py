"""Intent: each variant differs from the reference and from its siblings, not too far, and in the direction claimed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from evalkit.gate.case import (
    Case,
    fact,
    figure_of,
    in_manifest,
    in_scores,
    measured_values,
    not_measured,
    state_of,
)
from evalkit.records.gate import Observation, ReleaseVariant
from evalkit.records.scores import ALL_PROMPTS, Figure, Metric

SIGNIFICANCE = 0.05


def check_no_op(case: Case) -> Iterator[Observation]:
    """A variant's tensors are byte for byte the reference's: it is a copy under another name.

    Compares payload hashes. Remedy: quantise the variant; the file was copied or the imatrix not applied.
    """
    reference = case.release.reference
    for variant in case.release.others:
        is_copy = variant.payload_hash == reference.payload_hash
        message = f"Its tensors {'are' if is_copy else 'are not'} {reference.label}'s."
        yield fact(variant.label, is_copy, message, in_manifest(variant.label))


def check_duplicate(case: Case) -> Iterator[Observation]:
    """Two variants hold the same tensors: one was overwritten, or made from the other's imatrix.

    Compares payload hashes among all variants but the reference. Remedy: build the one that is wrong.
    """
    for variant in case.release.others:
        twins = [
            other.label
            for other in case.release.others
            if other is not variant and other.payload_hash == variant.payload_hash
        ]
        message = f"It holds the tensors of {', '.join(twins)}." if twins else "No sibling holds its tensors."
        yield fact(variant.label, bool(twins), message, in_manifest(variant.label))


def check_same_behaviour(case: Case) -> Iterator[Observation]:
    """A variant's behaviour is the reference's: other kernels would make it stray as far.

    Figure: its mean KL divergence from the reference over the noise floor, on prompts where both are known. Broken at
    or below `limit`, or when every answer equals the reference's. Remedy: the imatrix did nothing; check that it was
    read and belongs to this model.
    """
    reference = case.release.reference
    for variant in case.release.others:
        limit = case.policy.limit("intent.same-behaviour", variant.label)
        evidence = in_scores(case.release, variant.label, ALL_PROMPTS, Metric.KL_DIVERGENCE)
        if _answers_alike(variant, reference):
            yield fact(variant.label, True, f"Every answer equals {reference.label}'s.", evidence)
            continue
        own, noise = (measured_values(one, Metric.KL_DIVERGENCE) for one in (variant, reference))
        shared = [prompt_id for prompt_id in own if prompt_id in noise]
        if not shared:
            reason = figure_of(variant if not own else reference, Metric.KL_DIVERGENCE).reason
            yield not_measured(variant.label, reason or "No prompt was measured.", evidence, limit=limit)
            continue
        strays, floor = (fmean(values[prompt_id] for prompt_id in shared) for values in (own, noise))
        multiple = strays / floor if floor else math.inf
        yield Observation(
            label=variant.label,
            state=state_of(strays <= floor * limit),
            # Without any noise there is no multiple of it: the divergence itself is the figure.
            figure=Figure(value=multiple if floor else strays, n=len(shared)),
            limit=limit if floor else 0.0,
            message=f"It strays {strays:.2g} nats/token; the noise floor is {floor:.2g}.",
            evidence=evidence,
        )


def check_stray(case: Case) -> Iterator[Observation]:
    """A variant strays too far from the reference.

    Figure: mean KL divergence over all prompts, nats/token; broken above `limit`. Remedy: read its answers in the
    report; to accept it, raise the limit for its label in an override, and say why.
    """
    for variant in case.release.others:
        yield _stray(case, "intent.stray", variant, ALL_PROMPTS)


def check_stray_prompt(case: Case) -> Iterator[Observation]:
    """A variant strays too far from the reference on one prompt.

    Figure: mean KL divergence along the reference's answer to that prompt, nats/token; broken above `limit`.
    """
    for variant in case.release.others:
        for prompt_id in case.release.prompt_ids:
            yield _stray(case, "intent.stray-prompt", variant, prompt_id)


def _stray(case: Case, rule: str, variant: ReleaseVariant, prompt_id: str) -> Observation:
    figure = figure_of(variant, Metric.KL_DIVERGENCE, prompt_id)
    limit = case.policy.limit(rule, variant.label, prompt_id)
    evidence = in_scores(case.release, variant.label, prompt_id, Metric.KL_DIVERGENCE)
    if figure.value is None:
        return not_measured(variant.label, figure.reason or "", evidence, prompt_id, limit)
    n_above = sum(value > limit for value in measured_values(variant, Metric.KL_DIVERGENCE).values())
    spread = f" {n_above} of {len(variant.prompts)} prompts are above the limit." if prompt_id == ALL_PROMPTS else ""
    return Observation(
        label=variant.label,
        prompt_id=prompt_id,
        state=state_of(figure.value > limit),
        figure=figure,
        limit=limit,
        message=f"It strays {figure.value:.4g} nats/token from {case.release.reference.label}.{spread}",
        evidence=evidence,
    )


def _answers_alike(variant: ReleaseVariant, reference: ReleaseVariant) -> bool:
    pairs = [
        (record.answer_hash, reference.prompts[prompt_id].answer_hash) for prompt_id, record in variant.prompts.items()
    ]
    return bool(pairs) and all(own is not None and own == other for own, other in pairs)
