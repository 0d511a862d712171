"""Every rule of the gate, in the order in which decisions list them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evalkit.gate import answers, cost, files, identity, intent, likeness, regression, tint_order
from evalkit.gate.case import Case
from evalkit.records.gate import Observation, RuleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: what it is called and how it is checked."""

    id: str
    check: Callable[[Case], Iterable[Observation]]
    needs_baseline: bool = False

    @property
    def kind(self) -> RuleKind:
        """The part of the id before the dot."""
        return RuleKind(self.id.partition(".")[0])

    @property
    def title(self) -> str:
        """The first sentence of its explanation."""
        return self.explanation.partition("\n\n")[0].replace("\n", " ")

    @property
    def explanation(self) -> str:
        """What it reads, when it is broken, and what to do."""
        return inspect.getdoc(self.check) or ""


RULES = (
    Rule(id="hard.missing", check=files.check_missing),
    Rule(id="hard.loads", check=files.check_loads),
    Rule(id="hard.metadata", check=files.check_metadata),
    Rule(id="hard.imatrix", check=files.check_imatrix),
    Rule(id="hard.template", check=files.check_template),
    Rule(id="hard.quant-type", check=files.check_quant_type),
    Rule(id="hard.bits", check=files.check_bits),
    Rule(id="hard.reference-payload", check=identity.check_reference_payload, needs_baseline=True),
    Rule(id="hard.variant-payload", check=identity.check_variant_payload, needs_baseline=True),
    Rule(id="hard.swapped", check=identity.check_swapped, needs_baseline=True),
    Rule(id="hard.imatrix-changed", check=identity.check_imatrix_changed, needs_baseline=True),
    Rule(id="hard.reference-store", check=identity.check_reference_store, needs_baseline=True),
    Rule(id="hard.answered", check=answers.check_answered),
    Rule(id="hard.reproducible", check=answers.check_reproducible),
    Rule(id="hard.finite", check=answers.check_finite),
    Rule(id="hard.loops", check=answers.check_loops),
    Rule(id="hard.empty", check=answers.check_empty),
    Rule(id="hard.refusals", check=answers.check_refusals),
    Rule(id="hard.template-leak", check=answers.check_template_leak),
    Rule(id="hard.foreign-script", check=answers.check_foreign_script),
    Rule(id="intent.no-op", check=intent.check_no_op),
    Rule(id="intent.duplicate", check=intent.check_duplicate),
    Rule(id="intent.same-behaviour", check=intent.check_same_behaviour),
    Rule(id="intent.stray", check=intent.check_stray),
    Rule(id="intent.stray-prompt", check=intent.check_stray_prompt),
    Rule(id="intent.tint-order", check=tint_order.check_tint_order),
    Rule(id="intent.expected-tint-order", check=tint_order.check_expected_tint_order),
    Rule(id="regression.divergence", check=regression.check_divergence, needs_baseline=True),
    Rule(id="regression.top-token", check=regression.check_top_token, needs_baseline=True),
    Rule(id="regression.perplexity", check=regression.check_perplexity, needs_baseline=True),
    Rule(id="regression.damage", check=regression.check_damage, needs_baseline=True),
    Rule(id="regression.likeness", check=likeness.check_likeness, needs_baseline=True),
    Rule(id="cost.size", check=cost.check_size),
    Rule(id="cost.speed", check=cost.check_speed),
)


def find_rules(word: str) -> tuple[Rule, ...]:
    """The rules of this id or of this kind; empty when there is none."""
    return tuple(rule for rule in RULES if word in (rule.id, rule.kind.value))
