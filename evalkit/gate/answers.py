"""Hard rules on the answers: all there, reproducible, finite, undamaged."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.gate.case import Case, figure_of, in_answers, in_scores, not_measured, state_of
from evalkit.records.gate import Evidence, Observation, PromptRecord, ReleaseVariant
from evalkit.records.generation import CertificateState
from evalkit.records.scores import Figure, Metric

_WORDS = {
    Metric.LOOP: "It repeats itself.",
    Metric.EMPTY: "It has no word.",
    Metric.REFUSAL: "It declines the task.",
    Metric.TEMPLATE_LEAK: "Chat-template tokens stand in the text.",
    Metric.FOREIGN_SCRIPT: "It slips into a script that the prompt does not use.",
}


def check_answered(case: Case) -> Iterator[Observation]:
    """An answer that was asked for is missing.

    Figure: regenerations that exist; broken below the number that the run asked for. Remedy: run the same command
    again; it goes on where it stopped.
    """
    asked = case.release.n_regenerations
    for variant, prompt_id, record in _records(case):
        yield Observation(
            label=variant.label,
            prompt_id=prompt_id,
            state=state_of(record.n_answers < asked),
            figure=Figure(value=float(record.n_answers)),
            limit=float(asked),
            message=f"{record.n_answers} of {asked} regenerations exist.",
            evidence=in_answers(case.release, variant.label, prompt_id, "generations.jsonl"),
        )


def check_reproducible(case: Case) -> Iterator[Observation]:
    """Regenerations of one answer differ: what the reader gets is not what was measured.

    Reads the certificates; figure 1 where a regeneration left the first answer. Needs at least two regenerations.
    Remedy: `docs/engine.md` says what makes greedy decoding fork; a small margin points at numerics.
    """
    for variant, prompt_id, record in _records(case):
        evidence = in_answers(case.release, variant.label, prompt_id, "certificates.jsonl")
        if record.certificate is CertificateState.NOT_MEASURED:
            yield not_measured(variant.label, record.certificate_note, evidence, prompt_id, limit=0.0)
            continue
        has_forked = record.certificate is CertificateState.FORKED
        yield Observation(
            label=variant.label,
            prompt_id=prompt_id,
            state=state_of(has_forked),
            figure=Figure(value=float(has_forked)),
            limit=0.0,
            message=f"A regeneration forked {record.certificate_note}." if has_forked else "All regenerations agree.",
            evidence=evidence,
        )


def check_finite(case: Case) -> Iterator[Observation]:
    """A figure of a variant is NaN or infinite: its weights or the kernels are broken.

    Figure: how many such figures. Looks at every figure per prompt and at the margins of every answer.
    """
    for variant in case.release.variants:
        n_found = len(variant.not_finite)
        named = ", ".join(variant.not_finite[:5]) + (" and more" if n_found > 5 else "")
        yield Observation(
            label=variant.label,
            state=state_of(n_found > 0),
            figure=Figure(value=float(n_found)),
            limit=0.0,
            message=f"Not finite: {named}{' and more' if n_found > 5 else ''}."
            if n_found
            else "Every figure is finite.",
            evidence=Evidence(file="scores.csv", row=variant.label, anchor="summary"),
        )


def check_loops(case: Case) -> Iterator[Observation]:
    """An answer repeats itself.

    Per prompt; figure 1 where the damage flag `loop` is set. Remedy: read the answer; where the reference loops on the
    same prompt, the prompt is at fault: waive it there, with a reason.
    """
    yield from _flags(case, "hard.loops", Metric.LOOP)


def check_empty(case: Case) -> Iterator[Observation]:
    """An answer has no word. Per prompt; figure 1 where the damage flag `empty` is set."""
    yield from _flags(case, "hard.empty", Metric.EMPTY)


def check_refusals(case: Case) -> Iterator[Observation]:
    """An answer declines the task. Per prompt; figure 1 where the damage flag `refusal` is set; English only."""
    yield from _flags(case, "hard.refusals", Metric.REFUSAL)


def check_template_leak(case: Case) -> Iterator[Observation]:
    """Chat-template tokens stand in an answer. Per prompt; figure 1 where the damage flag `template_leak` is set."""
    yield from _flags(case, "hard.template-leak", Metric.TEMPLATE_LEAK)


def check_foreign_script(case: Case) -> Iterator[Observation]:
    """An answer slips into a script that its prompt does not use. Per prompt; figure 1 where the flag is set."""
    yield from _flags(case, "hard.foreign-script", Metric.FOREIGN_SCRIPT)


def _flags(case: Case, rule: str, flag: Metric) -> Iterator[Observation]:
    for variant, prompt_id, _ in _records(case):
        figure = figure_of(variant, flag, prompt_id)
        limit = case.policy.limit(rule, variant.label, prompt_id)
        evidence = in_scores(case.release, variant.label, prompt_id, flag)
        if figure.value is None:
            yield not_measured(variant.label, figure.reason or "", evidence, prompt_id, limit)
            continue
        is_set = figure.value > limit
        yield Observation(
            label=variant.label,
            prompt_id=prompt_id,
            state=state_of(is_set),
            figure=figure,
            limit=limit,
            message=_WORDS[flag] if is_set else "Not so.",
            evidence=evidence,
        )


def _records(case: Case) -> Iterator[tuple[ReleaseVariant, str, PromptRecord]]:
    for variant in case.release.variants:
        for prompt_id in case.release.prompt_ids:
            yield variant, prompt_id, variant.prompts[prompt_id]
