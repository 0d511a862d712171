"""The place where an answer leaves the reference's, in words: how close the choice was, and what either preferred."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.records.divergence import Fork, ForkKind, ForkToken
from evalkit.records.generation import Generation
from evalkit.records.scores import Metric
from evalkit.report.format import count, margin, probability
from evalkit.report.lookup import Lookup
from evalkit.report.view import Fact
from evalkit.report.visible import shortened, visible, visible_name

_KINDS = {
    ForkKind.NEAR_TIE: ("near tie", "a near tie: other kernels alone could have turned it"),
    ForkKind.CHANGE_OF_MIND: ("change of mind", "a change of mind: no kernel moves a margin so far"),
}
_TOKEN_LIMIT = 24
NAME_LIMIT = 12


def fork_token(answer: Generation, lookup: Lookup) -> int | None:
    """0-based index of the first token that is not the reference's; None where that is not known, or never."""
    figure = lookup.figures.get((answer.label, answer.prompt_id, Metric.COMMON_PREFIX_TOKENS))
    return None if figure is None or figure.value is None else round(figure.value)


def reference_margin(answer: Generation, reference: Generation, lookup: Lookup) -> str:
    """The gap by which the reference chose the token that the answer does not have; empty where that is not known."""
    fork = fork_token(answer, lookup)
    if fork is None or fork >= len(reference.margins_nats):
        return ""
    return margin(reference.margins_nats[fork])


def fork_margins(answer: Generation, reference: Generation, lookup: Lookup) -> str:
    """How close the choice was in both models, or in the reference where only that is known; empty where neither is."""
    fork = lookup.forks.get((answer.label, answer.prompt_id))
    if fork is None or fork.reference_margin_nats is None or fork.variant_margin_nats is None:
        gap = reference_margin(answer, reference, lookup)
        return f"margin {gap}" if gap else ""
    name = visible_name(reference.label, NAME_LIMIT)
    return f"margin {margin(fork.reference_margin_nats)} in {name}, {margin(fork.variant_margin_nats)} in this"


def fork_note(answer: Generation, reference: Generation, lookup: Lookup) -> str:
    """What stands at the mark where the two texts part."""
    name = visible_name(reference.label, NAME_LIMIT)
    token = fork_token(answer, lookup)
    place = "" if token is None else f" after {count(token, 'token')}"
    words = [f"leaves {name} here{place}"]
    if margins := fork_margins(answer, reference, lookup):
        words.append(margins)
    fork = lookup.forks.get((answer.label, answer.prompt_id))
    words += [f"{fact.name} {fact.value}" for fact in fork_facts(fork, name)]
    if fork and fork.kind in _KINDS:
        words.append(_KINDS[fork.kind][1])
    return "; ".join(words)


def fork_kind(answer: Generation, lookup: Lookup) -> str:
    """Near tie or change of mind, in as many words; empty where that is not known."""
    fork = lookup.forks.get((answer.label, answer.prompt_id))
    return _KINDS[fork.kind][0] if fork and fork.kind in _KINDS else ""


def fork_facts(fork: Fork | None, reference: str) -> Iterator[Fact]:
    """Both continuations with their probabilities in either model."""
    if fork is None or fork.reference is None or fork.variant is None:
        return
    yield Fact(name=f"{reference} wrote", value=_continuation(fork.reference, reference))
    yield Fact(name="This wrote", value=_continuation(fork.variant, reference))
    if fork.contradiction:
        yield Fact(name="Contradiction", value=fork.contradiction)


def _continuation(token: ForkToken, reference: str) -> str:
    return f"{_quoted(token)} ({probability(token.p_reference)} in {reference}, {probability(token.p_variant)} in this)"


def _quoted(token: ForkToken) -> str:
    if token.ends_turn:
        return "the end"
    return f"“{visible(shortened(token.text, _TOKEN_LIMIT)).replace(chr(10), '⏎')}”"
