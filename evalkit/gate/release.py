"""A run reduced to what the gate reads: facts and figures, by variant and prompt."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping

from evalkit.gate.likeness import profile_of
from evalkit.gate.signature import signature_of
from evalkit.records.family import Role, Variant
from evalkit.records.gate import PromptRecord, Release, ReleaseVariant
from evalkit.records.generation import Certificate, CertificateState, Generation, Method
from evalkit.records.positions import PositionScores
from evalkit.records.run_data import RunData
from evalkit.records.scores import ALL_PROMPTS, Figure, Metric, Score

FLAGS = (Metric.LOOP, Metric.EMPTY, Metric.REFUSAL, Metric.TEMPLATE_LEAK, Metric.FOREIGN_SCRIPT)

GATE_METRICS = (
    Metric.KL_DIVERGENCE,
    Metric.TOP1_AGREEMENT,
    Metric.LN_PPL_RATIO,
    Metric.DELTA_TINT,
    Metric.DISTRIBUTION_TINT,
    Metric.TOKENS_PER_SECOND,
    Metric.DAMAGE,
    *FLAGS,
)
"""The figures that rules read; a baseline keeps these and no others."""

_BY_LABEL_AND_PROMPT = tuple[str, str]


def release_of(run: RunData, positions: Iterable[PositionScores], reference_digest: str | None) -> Release:
    """What the gate reads of a scored run.

    Args:
        run: the run, whole.
        positions: every variant along the reference's answers.
        reference_digest: sha256 over the reference's stored distributions; None where there are none.
    """
    config = run.manifest.config
    prompt_ids = tuple(prompt.id for prompt in config.suite.prompts)
    figures = _figures(run.measurement.scores)
    answers = _by_prompt(run.generations)
    certificates = {(one.label, one.prompt_id): one for one in run.measurement.certificates}
    profiles = {(one.label, one.prompt_id): profile_of(one) for one in positions}
    return Release(
        run_id=run.manifest.run_id,
        created_utc=run.manifest.created_utc,
        status=run.manifest.status,
        n_regenerations=config.n_regenerations,
        prompt_ids=prompt_ids,
        signature=signature_of(run.manifest),
        reference_digest=reference_digest,
        variants=tuple(
            _variant(variant, prompt_ids, figures, answers, certificates, profiles)
            for variant in config.family.variants
        ),
        failed=run.failed,
    )


def _variant(
    variant: Variant,
    prompt_ids: tuple[str, ...],
    figures: Mapping[_BY_LABEL_AND_PROMPT, Mapping[Metric, Figure]],
    answers: Mapping[_BY_LABEL_AND_PROMPT, tuple[Generation, ...]],
    certificates: Mapping[_BY_LABEL_AND_PROMPT, Certificate],
    profiles: Mapping[_BY_LABEL_AND_PROMPT, tuple[float, ...]],
) -> ReleaseVariant:
    header, label = variant.header, variant.label
    own_answers = [answer for prompt_id in prompt_ids for answer in answers.get((label, prompt_id), ())]
    return ReleaseVariant(
        label=label,
        role=variant.role,
        payload_hash=variant.payload_hash,
        size_bytes=header.size_bytes,
        n_parameters=header.n_parameters,
        quant_type=header.quant_type,
        name=header.name,
        n_ctx_train=header.n_ctx_train,
        chat_template_hash=header.chat_template_hash,
        imatrix=header.imatrix,
        not_finite=tuple(_not_finite(label, prompt_ids, figures, own_answers)),
        made_in=tuple(sorted({answer.made_in for answer in own_answers if answer.made_in})),
        figures=_finite(figures.get((label, ALL_PROMPTS), {})),
        prompts={
            prompt_id: _prompt(
                answers.get((label, prompt_id), ()),
                certificates.get((label, prompt_id)),
                () if variant.role is Role.REFERENCE else profiles.get((label, prompt_id), ()),
                _finite(figures.get((label, prompt_id), {})),
            )
            for prompt_id in prompt_ids
        },
    )


def _prompt(
    answers: tuple[Generation, ...],
    certificate: Certificate | None,
    profile: tuple[float, ...],
    figures: dict[Metric, Figure],
) -> PromptRecord:
    first = next((answer for answer in answers if answer.regeneration_index == 0), None)
    state = certificate.state if certificate else CertificateState.NOT_MEASURED
    return PromptRecord(
        n_answers=len(answers),
        answer_hash=_answer_hash(first) if first else None,
        certificate=state,
        certificate_note=_certificate_note(certificate),
        profile=profile,
        figures=figures,
    )


def _certificate_note(certificate: Certificate | None) -> str:
    if certificate is None:
        return "The run has no certificate for it."
    if certificate.state is CertificateState.FORKED:
        margin = certificate.fork_margin_nats
        return f"at token {certificate.fork_token}" + ("" if margin is None else f", margin {margin:.2g} nats")
    return certificate.reason or ""


def _answer_hash(answer: Generation) -> str:
    tokens = ",".join(map(str, answer.token_ids))
    return hashlib.sha256(f"{tokens};{answer.stop_reason}".encode()).hexdigest()


def _by_prompt(generations: Iterable[Generation]) -> dict[_BY_LABEL_AND_PROMPT, tuple[Generation, ...]]:
    found: dict[_BY_LABEL_AND_PROMPT, tuple[Generation, ...]] = {}
    for answer in generations:
        if answer.method is not Method.WARM:
            key = (answer.label, answer.prompt_id)
            found[key] = (*found.get(key, ()), answer)
    return found


def _figures(scores: Iterable[Score]) -> dict[_BY_LABEL_AND_PROMPT, dict[Metric, Figure]]:
    found: dict[_BY_LABEL_AND_PROMPT, dict[Metric, Figure]] = {}
    for score in scores:
        if score.metric in GATE_METRICS:
            found.setdefault((score.label, score.prompt_id), {})[score.metric] = score.figure
    return found


def _finite(figures: Mapping[Metric, Figure]) -> dict[Metric, Figure]:
    """In the order of `GATE_METRICS`; NaN and infinity are no values, so they become reasons."""
    return {
        metric: figures[metric] if _is_finite(figures[metric]) else Figure.not_measured("It is not a finite number.")
        for metric in GATE_METRICS
        if metric in figures
    }


def _is_finite(figure: Figure) -> bool:
    return all(math.isfinite(value) for value in (figure.value, figure.low, figure.high) if value is not None)


def _not_finite(
    label: str,
    prompt_ids: tuple[str, ...],
    figures: Mapping[_BY_LABEL_AND_PROMPT, Mapping[Metric, Figure]],
    answers: Iterable[Generation],
) -> Iterable[str]:
    for prompt_id in prompt_ids:
        for metric, figure in figures.get((label, prompt_id), {}).items():
            if not _is_finite(figure):
                yield f"{metric} on {prompt_id}"
    for answer in answers:
        if not all(map(math.isfinite, answer.margins_nats)):
            yield f"margins on {answer.prompt_id}, regeneration {answer.regeneration_index}"
