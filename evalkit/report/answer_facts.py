"""What stands above an answer: its figures, its flags, and what changes how it reads."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.records.generation import Certificate, CertificateState, Generation, Method, StopReason, TemplateSource
from evalkit.records.scores import METRICS, Metric
from evalkit.report.fork_words import NAME_LIMIT, fork_facts, fork_kind, fork_margins, fork_token
from evalkit.report.format import DASH, NBSP, TIMES, count, margin, share, written
from evalkit.report.lookup import Lookup
from evalkit.report.passage import CHARACTER_LIMIT
from evalkit.report.view import Fact
from evalkit.report.visible import visible_name
from evalkit.report.word_diff import WordDiff

_DAMAGE = (Metric.LOOP, Metric.EMPTY, Metric.REFUSAL, Metric.TEMPLATE_LEAK, Metric.FOREIGN_SCRIPT)
_STOPS = {
    StopReason.END_OF_TURN: "end of turn",
    StopReason.MAX_TOKENS: "cut",
    StopReason.UNKNOWN: "made elsewhere",
}
_TEMPLATE_NOTES = {
    TemplateSource.REFERENCE: "This file has no chat template: the reference's was used.",
    TemplateSource.NONE: "No file has a chat template: the model got the bare prompt.",
}


def answer_facts(first: Generation, reference: Generation | None, lookup: Lookup) -> Iterator[Fact]:
    """Its figures in a few words; `reference` is the answer that it is compared with."""
    tint = _figure(Metric.TINT, first, lookup)
    if reference is None:
        yield Fact(name="Tint", value=tint)
    else:
        yield Fact(name="Tint", value=f"{tint} (delta {_figure(Metric.DELTA_TINT, first, lookup)})")
        closeness = ", ".join(filter(None, (fork_kind(first, lookup), fork_margins(first, reference, lookup))))
        yield Fact(name="Fork", value=f"{_fork(first, lookup)}{f' ({closeness})' if closeness else ''}")
        yield from fork_facts(
            lookup.forks.get((first.label, first.prompt_id)), visible_name(reference.label, NAME_LIMIT)
        )
    words = _figure(Metric.N_WORDS, first, lookup)
    tokens = "" if first.method is Method.IMPORTED else f"{count(first.n_tokens, 'token')}, "
    yield Fact(
        name="Length",
        value=f"{words}{NBSP}{'word' if words == '1' else 'words'}, {tokens}{_STOPS[first.stop_reason]}",
    )
    made = dict.fromkeys(row.method.value for row in lookup.generations[first.label, first.prompt_id])
    proof = _proof(lookup.certificates.get((first.label, first.prompt_id)))
    yield Fact(name="Repeats", value=f"{proof} ({', '.join(made)})")
    if warm := _warm(lookup.certificates.get((first.label, first.prompt_id))):
        yield Fact(name="Warm", value=warm)


def _figure(metric: Metric, first: Generation, lookup: Lookup) -> str:
    return written(metric, lookup.figures.get((first.label, first.prompt_id, metric))).text


def _fork(first: Generation, lookup: Lookup) -> str:
    fork = fork_token(first, lookup)
    if fork is not None:
        return f"after {count(fork, 'token')}"
    figure = lookup.figures.get((first.label, first.prompt_id, Metric.COMMON_PREFIX_TOKENS))
    return (figure and figure.reason) or DASH


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


def answer_flags(key: tuple[str, str], lookup: Lookup) -> Iterator[str]:
    """Its damage, in words."""
    for metric in _DAMAGE:
        figure = lookup.figures.get((*key, metric))
        if figure is not None and figure.value:
            yield METRICS[metric].title


def answer_notes(first: Generation, diff: WordDiff | None, reference: str, lookup: Lookup) -> Iterator[str]:
    """What else changes how it reads."""
    for finding in lookup.checks.get((first.label, first.prompt_id), ()):
        if finding.is_met is False:
            yield f"Asked for: {finding.needed}; found: {finding.found}."
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
        yield from diff_notes(diff, reference)


def diff_notes(diff: WordDiff, other: str) -> Iterator[str]:
    """Where marks say nothing: equal texts, and texts that have next to nothing in common."""
    if diff.fork is None:
        yield f"The same text as {other}'s."
    elif not diff.is_marked:
        yield f"{share(diff.changed_share)} of words differ from {other}'s: too many to mark."
