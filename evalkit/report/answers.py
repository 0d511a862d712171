"""The answers side by side: one column per variant, the reference's first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.records.family import Role, Variant
from evalkit.records.generation import Certificate, CertificateState, Generation, Method, StopReason, TemplateSource
from evalkit.records.run_data import RunData
from evalkit.records.scores import METRICS, Metric
from evalkit.records.suite import Prompt
from evalkit.report.format import DASH, NBSP, TIMES, count, margin, share, written
from evalkit.report.lookup import Lookup
from evalkit.report.passage import CHARACTER_LIMIT, cut_passage
from evalkit.report.view import AnswerView, Fact, PromptView, Regeneration, VariantChoice
from evalkit.report.visible import visible_label
from evalkit.report.word_diff import SHARE_LIMIT, WordDiff, word_diff

_DAMAGE = (Metric.LOOP, Metric.EMPTY, Metric.REFUSAL, Metric.TEMPLATE_LEAK, Metric.FOREIGN_SCRIPT)
_STOPS = {StopReason.END_OF_TURN: "end of turn", StopReason.MAX_TOKENS: "cut by the token limit"}
_TEMPLATE_NOTES = {
    TemplateSource.REFERENCE: "This file has no chat template: the reference's was used.",
    TemplateSource.NONE: "No file has a chat template: the model got the bare prompt.",
}


def build_choices(run: RunData) -> tuple[VariantChoice, ...]:
    """The check boxes, in the order of the columns."""
    return tuple(
        VariantChoice(variant=number, label=variant.label, is_reference=variant.role is Role.REFERENCE)
        for number, variant in _columns(run)
    )


def build_prompts(run: RunData, lookup: Lookup) -> tuple[PromptView, ...]:
    """Lay out every prompt of the suite, answered or not."""
    columns = _columns(run)
    reference = run.manifest.config.family.reference.label
    return tuple(
        PromptView(
            number=number,
            title=prompt.title,
            prompt_id=prompt.id,
            limit=f"at most {count(prompt.max_tokens, 'token')}",
            text=prompt.text,
            answers=tuple(_answer(index, variant, prompt, reference, lookup) for index, variant in columns),
        )
        for number, prompt in enumerate(run.manifest.config.suite.prompts, start=1)
    )


def _columns(run: RunData) -> list[tuple[int, Variant]]:
    """Variants with their number in the family, the reference moved to the front, where it is pinned."""
    numbered = list(enumerate(run.manifest.config.family.variants, start=1))
    return sorted(numbered, key=lambda pair: pair[1].role is not Role.REFERENCE)


def _answer(number: int, variant: Variant, prompt: Prompt, reference: str, lookup: Lookup) -> AnswerView:
    key = (variant.label, prompt.id)
    is_reference = variant.label == reference
    regenerations = lookup.generations.get(key, ())
    if not regenerations:
        failed = lookup.failed.get(variant.label)
        cause = failed.cause if failed else "The run was stopped before it."
        return AnswerView(
            variant=number, label=variant.label, is_reference=is_reference, description=variant.description,
            missing=f"No answer. {cause}",
        )  # fmt: skip
    first = regenerations[0]
    text = first.text[:CHARACTER_LIMIT]
    compared = None if is_reference else lookup.generations.get((reference, prompt.id))
    diff = word_diff(compared[0].text[:CHARACTER_LIMIT], text) if compared else None
    return AnswerView(
        variant=number,
        label=variant.label,
        is_reference=is_reference,
        description=variant.description,
        missing="",
        facts=tuple(_facts(first, is_reference, lookup)),
        flags=tuple(_flags(key, lookup)),
        notes=tuple(_notes(first, diff, visible_label(reference))),
        stretches=cut_passage(text, lookup.sentences.get(key, ()), diff, f"leaves {visible_label(reference)} here"),
        regenerations=tuple(_regenerations(regenerations)),
    )


def _facts(first: Generation, is_reference: bool, lookup: Lookup) -> Iterator[Fact]:
    tint = _figure(Metric.TINT, first, lookup)
    if is_reference:
        yield Fact(name="Tint", value=tint)
    else:
        yield Fact(name="Tint", value=f"{tint} (delta {_figure(Metric.DELTA_TINT, first, lookup)})")
        yield Fact(name="Fork", value=_fork(first, lookup))
    words = _figure(Metric.N_WORDS, first, lookup)
    yield Fact(
        name="Length",
        value=f"{words}{NBSP}{'word' if words == '1' else 'words'}, {count(first.n_tokens, 'token')}, "
        f"{_STOPS[first.stop_reason]}",
    )
    yield Fact(name="Repeated", value=_proof(lookup.certificates.get((first.label, first.prompt_id))))
    if warm := _warm(lookup.certificates.get((first.label, first.prompt_id))):
        yield Fact(name="Warm", value=warm)
    made = dict.fromkeys(row.method.value for row in lookup.generations[first.label, first.prompt_id])
    yield Fact(name="Made by", value=", ".join(made))


def _figure(metric: Metric, first: Generation, lookup: Lookup) -> str:
    return written(metric, lookup.figures.get((first.label, first.prompt_id, metric))).text


def _fork(first: Generation, lookup: Lookup) -> str:
    figure = lookup.figures.get((first.label, first.prompt_id, Metric.COMMON_PREFIX_TOKENS))
    if figure is None or figure.value is None:
        return (figure and figure.reason) or DASH
    return f"after {count(round(figure.value), 'token')}"


def _proof(certificate: Certificate | None) -> str:
    """What the regenerations proved, in words."""
    if certificate is None:
        return "not measured"
    if certificate.state is CertificateState.IDENTICAL:
        return f"identical {TIMES}{NBSP}{certificate.n_regenerations}"
    if certificate.state is CertificateState.FORKED:
        tokens = count(certificate.fork_token or 0, "token")
        return f"forked after {tokens}, margin {margin(certificate.fork_margin_nats)}"
    return f"not measured: {certificate.reason or 'no reason was kept'}"


def _warm(certificate: Certificate | None) -> str:
    """What a reused prefix would have changed; nothing where that was not asked."""
    if certificate is None or certificate.warm is None:
        return ""
    if certificate.warm.fork_token is None:
        return "the same"
    tokens = count(certificate.warm.fork_token, "token")
    return f"forks after {tokens}, margin {margin(certificate.warm.fork_margin_nats)}"


def _flags(key: tuple[str, str], lookup: Lookup) -> Iterator[str]:
    for metric in _DAMAGE:
        figure = lookup.figures.get((*key, metric))
        if figure is not None and figure.value:
            yield METRICS[metric].title


def _notes(first: Generation, diff: WordDiff | None, reference: str) -> Iterator[str]:
    if first.template_source in _TEMPLATE_NOTES:
        yield _TEMPLATE_NOTES[first.template_source]
    if first.regeneration_index:
        yield f"The first regeneration is missing; this is number {first.regeneration_index + 1}."
    if len(first.text) > CHARACTER_LIMIT:
        yield (
            f"Shown: the first {CHARACTER_LIMIT:,} of {len(first.text):,} characters. "
            "The whole answer stands in generations.jsonl."
        )
    if diff is not None:
        yield from _diff_notes(diff, reference)


def _diff_notes(diff: WordDiff, other: str) -> Iterator[str]:
    if diff.fork is None:
        yield f"The same text as {other}'s."
    elif not diff.is_marked:
        changed, limit = share(diff.changed_share), share(SHARE_LIMIT)
        yield f"{changed} of the words differ from {other}'s; above {limit} none is marked."


def _regenerations(regenerations: Sequence[Generation]) -> Iterator[Regeneration]:
    """Each later regeneration whose tokens are not the first one's, compared with it."""
    first = regenerations[0]
    for later in regenerations[1:]:
        if later.token_ids == first.token_ids and later.text == first.text:
            continue
        text = later.text[:CHARACTER_LIMIT]
        diff = word_diff(first.text[:CHARACTER_LIMIT], text)
        yield Regeneration(
            title="With a reused prefix it differs"
            if later.method is Method.WARM
            else f"Regeneration {later.regeneration_index + 1} differs",
            diff_note=" ".join(_diff_notes(diff, "the first")),
            stretches=cut_passage(text, (), diff, "leaves the first regeneration here"),
        )
