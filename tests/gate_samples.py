"""Small releases for the gate's tests: three variants, four prompts, every figure sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from evalkit.gate.case import Case
from evalkit.gate.decide import Terms, decide
from evalkit.gate.policy import Policy, RuleSettings, default_policy
from evalkit.gate.rules import find_rules
from evalkit.records.family import Imatrix, Role
from evalkit.records.gate import Baseline, Decision, Observation, PromptRecord, Release, ReleaseVariant, State
from evalkit.records.generation import CertificateState
from evalkit.records.run import RunStatus
from evalkit.records.scores import Figure, Metric

TODAY = date(2026, 11, 24)
PROMPTS = ("inn", "sky", "well", "mill")
NOISE = 0.001
PROFILE = (-0.1, 0.3, 0.2, -0.4)
FLAGS = (
    Metric.LOOP, Metric.EMPTY, Metric.REFUSAL, Metric.TEMPLATE_LEAK, Metric.FOREIGN_SCRIPT, Metric.DAMAGE,
)  # fmt: skip


def release(prompt_ids: tuple[str, ...] = PROMPTS, **changes: Any) -> Release:
    """M1 without imatrix, M2 by Neo, M3 by Horror."""
    sound = Release(
        run_id="20261124T120000Z-aaaa0000",
        created_utc="2026-11-24T12:00:00Z",
        status=RunStatus.COMPLETE,
        n_regenerations=3,
        prompt_ids=prompt_ids,
        signature={"suite": "s", "build.library_hash": "l"},
        reference_digest="d" * 64,
        variants=(
            variant("M1", prompt_ids),
            variant("M2", prompt_ids, imatrix=imatrix("neo")),
            variant("M3", prompt_ids, imatrix=imatrix("horror")),
        ),
    )
    return replace(expecting(expecting(sound, "M2", 0.0), "M3", 0.3), **changes)


def imatrix(dataset: str) -> Imatrix:
    return Imatrix(file=f"{dataset}.dat", dataset=dataset, entries_count=42, chunks_count=7)


def variant(label: str, prompt_ids: tuple[str, ...] = PROMPTS, **changes: Any) -> ReleaseVariant:
    """A sound file; its divergence from the reference differs from prompt to prompt."""
    is_reference = label == "M1"
    sound = ReleaseVariant(
        label=label,
        role=Role.REFERENCE if is_reference else Role.VARIANT,
        payload_hash=label.lower() * 32,
        size_bytes=1_000,
        n_parameters=2_000,
        quant_type="IQ4_XS",
        name="Sample",
        n_ctx_train=8192,
        chat_template_hash="t" * 64,
        prompts={
            prompt_id: PromptRecord(
                n_answers=3,
                answer_hash=f"{label} on {prompt_id}",
                certificate=CertificateState.IDENTICAL,
                profile=() if is_reference else PROFILE,
                figures=_figures(is_reference, number),
            )
            for number, prompt_id in enumerate(prompt_ids)
        },
    )
    return replace(with_means(sound), **changes)


def _figures(is_reference: bool, number: int) -> dict[Metric, Figure]:
    divergence = NOISE if is_reference else 0.01 * (number + 1)
    values = {
        Metric.KL_DIVERGENCE: divergence,
        Metric.TOP1_AGREEMENT: 0.99 if is_reference else 0.93 - 0.01 * number,
        Metric.LN_PPL_RATIO: 0.0005 if is_reference else 0.01 * (number + 1),
        Metric.TOKENS_PER_SECOND: 20.0,
        **dict.fromkeys(FLAGS, 0.0),
    }
    if not is_reference:
        values[Metric.DELTA_TINT] = float(number)
    return {metric: Figure(value=value) for metric, value in values.items()}


def expecting(base: Release, label: str, value: float | None, half_width: float = 0.1) -> Release:
    """One variant's tint in the distribution, over answers and contexts."""
    figure = Figure.not_measured("It was not read.")
    if value is not None:
        figure = Figure(value=value, low=value - half_width, high=value + half_width, n=52)
    return change(base, label, lambda one: replace(one, figures=one.figures | {Metric.DISTRIBUTION_TINT: figure}))


def with_means(one: ReleaseVariant) -> ReleaseVariant:
    """The figures over all prompts made again from those per prompt."""
    metrics = dict.fromkeys(metric for record in one.prompts.values() for metric in record.figures)
    means = {}
    for metric in metrics:
        values = [record.figures[metric].value for record in one.prompts.values() if metric in record.figures]
        known = [value for value in values if value is not None]
        means[metric] = Figure(value=sum(known) / len(known), n=len(known)) if known else Figure.not_measured("none")
    return replace(one, figures=one.figures | means)


def with_values(base: Release, label: str, metric: Metric, values: Mapping[str, float | None]) -> Release:
    """One variant's figures by prompt replaced; None is "not measured"."""

    def changed(one: ReleaseVariant) -> ReleaseVariant:
        prompts = dict(one.prompts)
        for prompt_id, value in values.items():
            figure = Figure(value=value) if value is not None else Figure.not_measured("It was lost.")
            prompts[prompt_id] = replace(prompts[prompt_id], figures=prompts[prompt_id].figures | {metric: figure})
        return with_means(replace(one, prompts=prompts))

    return change(base, label, changed)


def with_record(base: Release, label: str, prompt_id: str, **changes: Any) -> Release:
    """One variant's record of one prompt changed."""
    return change(
        base,
        label,
        lambda one: replace(one, prompts=one.prompts | {prompt_id: replace(one.prompts[prompt_id], **changes)}),
    )


def with_facts(base: Release, label: str, **changes: Any) -> Release:
    """One variant's facts changed."""
    return change(base, label, lambda one: replace(one, **changes))


def change(base: Release, label: str, how: Any) -> Release:
    return replace(base, variants=tuple(how(one) if one.label == label else one for one in base.variants))


def values_of(base: Release, label: str, metric: Metric) -> dict[str, float]:
    one = base.find(label)
    assert one is not None
    found = {prompt_id: record.figures[metric].value for prompt_id, record in one.prompts.items()}
    return {prompt_id: value for prompt_id, value in found.items() if value is not None}


def baseline(accepted: Release | None = None) -> Baseline:
    return Baseline(
        reason="first", blessed_by="tester", blessed_utc="2026-11-01T00:00:00Z", release=accepted or release()
    )


def policy(**rules: Any) -> Policy:
    """The default policy, without the demand for both kinds of tint, and with these rules' settings."""
    default = default_policy()
    settings = dict(default.rules)
    for order in ("intent.tint-order", "intent.expected-tint-order"):
        settings[order] = settings[order].model_copy(update={"darker": ("M3",), "than": ("M2",)})
    for name, changes in rules.items():
        rule = name.replace("__", ".", 1).replace("_", "-")
        settings[rule] = RuleSettings.model_validate(settings[rule].model_dump() | changes)
    return default.model_copy(update={"rules": settings})


def observe(
    rule: str, current: Release, accepted: Release | None = None, terms: Policy | None = None
) -> dict[tuple[str, str], Observation]:
    """What one rule finds, by label and prompt."""
    case = Case(release=current, baseline=baseline(accepted) if accepted else None, policy=terms or policy())
    (found,) = find_rules(rule)
    return {(one.label, one.prompt_id): one for one in found.check(case)}


def state(rule: str, current: Release, accepted: Release | None = None, label: str = "M3", prompt: str = "*") -> State:
    """What one rule finds of one subject."""
    return observe(rule, current, accepted)[label, prompt].state


def judge(current: Release, accepted: Baseline | None, terms: Policy | None = None, **changes: Any) -> Decision:
    settings = Terms(policy=terms or policy(), baseline=accepted, is_baseline_needed=True, today=TODAY)
    return decide(current, replace(settings, **changes))
