"""The publisher's claims, each with the test that answers it."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.claims import ClaimAnswer, ClaimVerdict
from evalkit.records.scores import METRICS
from evalkit.report.format import DASH, count, plain_number
from evalkit.report.material import Material

_LOOKS = {
    ClaimVerdict.SUPPORTED: "is-good",
    ClaimVerdict.NOT_SUPPORTED: "is-bad",
    ClaimVerdict.CANNOT_TELL: "is-open",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """One claim, answered."""

    text: str
    metric: str
    metric_anchor: str
    verdict: str
    look: str
    """Class of the verdict's colour."""
    effect: str
    test: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsView:
    """The section; without claims it says how to state them."""

    claims: tuple[ClaimView, ...]


def build_claims(material: Material) -> ClaimsView:
    """Every claim in the publisher's order."""
    return ClaimsView(claims=tuple(_claim(answer) for answer in material.run.summary.claims))


def _claim(answer: ClaimAnswer) -> ClaimView:
    return ClaimView(
        text=answer.claim.text,
        metric=METRICS[answer.claim.metric].title,
        metric_anchor=f"definition-{answer.claim.metric.value}",
        verdict=answer.verdict.value,
        look=_LOOKS[answer.verdict],
        effect=_effect(answer),
        test=_test(answer),
        reason=answer.reason,
    )


def _effect(answer: ClaimAnswer) -> str:
    if answer.effect is None:
        return DASH
    interval = "" if answer.low is None or answer.high is None else f" ({_short(answer.low)} to {_short(answer.high)})"
    return f"{_short(answer.effect)}{interval} {answer.unit}".strip()


def _test(answer: ClaimAnswer) -> str:
    if not answer.test:
        return "not tested"
    p = "" if answer.p is None else f", p = {plain_number(float(f'{answer.p:.2g}'))}"
    return f"{answer.test}{p}, {count(answer.n_prompts, 'prompt')}"


def _short(value: float) -> str:
    return f"{value:+.3g}".replace("-", "\N{MINUS SIGN}")
