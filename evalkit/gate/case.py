"""What a rule is asked about, and the words in which it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.gate.policy import Policy
from evalkit.records.gate import WHOLE_FAMILY, Baseline, Evidence, Observation, Release, ReleaseVariant, State
from evalkit.records.scores import ALL_PROMPTS, METRICS, Figure, Metric

NO_BASELINE = "There is no baseline to compare with."
SUMMARY_ANCHOR = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A release before the gate."""

    release: Release
    baseline: Baseline | None
    policy: Policy

    @property
    def accepted(self) -> Release | None:
        """The release that was accepted before."""
        return self.baseline.release if self.baseline else None

    def pairs(self) -> Iterator[tuple[ReleaseVariant, ReleaseVariant]]:
        """Every variant that both releases have: now, then."""
        for variant in self.release.variants:
            before = self.accepted.find(variant.label) if self.accepted else None
            if before is not None:
                yield variant, before

    def has_notice(self, variant: ReleaseVariant) -> bool:
        """Whether the policy announced this very payload."""
        return any(
            notice.variant == variant.label and variant.payload_hash.startswith(notice.payload)
            for notice in self.policy.notices
        )


def in_manifest(label: str) -> Evidence:
    """A fact of the file itself."""
    return Evidence(file="manifest.json", row=f"config.family.variants: {label}", anchor="provenance")


def in_scores(release: Release, label: str, prompt_id: str, metric: Metric) -> Evidence:
    """A figure, and the prompt's answers where it is of one prompt."""
    anchor = _anchor(release, label, prompt_id)
    anchor = f"{anchor}-{metric}" if prompt_id == ALL_PROMPTS and anchor != SUMMARY_ANCHOR else anchor
    return Evidence(file="scores.csv", row=f"{label},{prompt_id},{metric}", anchor=anchor)


def in_answers(release: Release, label: str, prompt_id: str, file: str) -> Evidence:
    """Lines about one answer."""
    return Evidence(file=file, row=f"{label},{prompt_id}", anchor=_anchor(release, label, prompt_id))


def _anchor(release: Release, label: str, prompt_id: str) -> str:
    """The variant's trace in the report, or its answer; the report numbers both from 1, in the run's order."""
    number = next((n for n, variant in enumerate(release.variants, start=1) if variant.label == label), None)
    if number is None:
        return SUMMARY_ANCHOR
    if prompt_id in release.prompt_ids:
        return f"answer-{release.prompt_ids.index(prompt_id) + 1}-{number}"
    return f"trace-{number}"


def state_of(is_broken: bool) -> State:
    """Broken or kept."""
    return State.BROKEN if is_broken else State.KEPT


def fact(label: str, is_broken: bool, message: str, evidence: Evidence) -> Observation:
    """A finding that is true or not: figure 1 where the rule is broken, limit 0."""
    return Observation(
        label=label,
        state=state_of(is_broken),
        figure=Figure(value=float(is_broken)),
        limit=0.0,
        message=message,
        evidence=evidence,
    )


def not_measured(
    label: str, reason: str, evidence: Evidence, prompt_id: str = ALL_PROMPTS, limit: float | None = None
) -> Observation:
    """The figure that a rule needs is not there."""
    return Observation(
        label=label,
        prompt_id=prompt_id,
        state=State.NOT_MEASURED,
        figure=Figure.not_measured(reason),
        limit=limit,
        message=reason,
        evidence=evidence,
    )


def no_baseline() -> Observation:
    """What every rule against the baseline says where there is none."""
    return not_measured(WHOLE_FAMILY, NO_BASELINE, Evidence(file="manifest.json"))


def figure_of(variant: ReleaseVariant, metric: Metric, prompt_id: str = ALL_PROMPTS) -> Figure:
    """The figure, or that the run has none."""
    figures = variant.figures if prompt_id == ALL_PROMPTS else variant.prompts[prompt_id].figures
    return figures.get(metric) or Figure.not_measured(f"The run has no {METRICS[metric].title.lower()} for it.")


def measured_values(variant: ReleaseVariant, metric: Metric) -> dict[str, float]:
    """The variant's values by prompt, without what was not measured."""
    figures = {prompt_id: figure_of(variant, metric, prompt_id) for prompt_id in variant.prompts}
    return {prompt_id: figure.value for prompt_id, figure in figures.items() if figure.value is not None}
