"""What a rule checks and how the policy applies it, for `--explain`."""

from __future__ import annotations

from evalkit.gate.policy import Policy, RuleSettings
from evalkit.gate.rules import RULES, Rule, find_rules
from evalkit.records.errors import UsageError

ALL = "all"


def explain(word: str, policy: Policy) -> str:
    """The explanation of one rule, of every rule of a kind, or of all.

    Raises:
        UsageError: there is no such rule.
    """
    rules = RULES if word == ALL else find_rules(word)
    if not rules:
        known = ", ".join(rule.id for rule in RULES)
        raise UsageError(f"there is no rule {word!r}. Rules: {known}. Kinds: hard, intent, regression, cost.")
    return "\n\n".join(_explained(rule, policy) for rule in rules)


def _explained(rule: Rule, policy: Policy) -> str:
    lines = [rule.id, *(f"  {line}".rstrip() for line in rule.explanation.splitlines()), ""]
    lines.append(f"  Here: {_words(policy, policy.settings(rule.id))}.")
    for override in policy.overrides:
        own = {pattern: settings for pattern, settings in override.rules.items() if rule in find_matching(pattern)}
        for settings in own.values():
            whose = f"variants {', '.join(override.variants)}, prompts {', '.join(override.prompts)}"
            lines.append(f"  For {whose}: {_words(policy, settings)}.")
    lines += [
        f"  Waived for {', '.join(waiver.variants)}, prompts {', '.join(waiver.prompts)}, until {waiver.until}: "
        f"{waiver.reason}"
        for waiver in policy.waivers
        if rule in find_matching(waiver.rule)
    ]
    if rule.needs_baseline:
        lines.append("  Compares with the baseline.")
    return "\n".join(lines)


def find_matching(pattern: str) -> tuple[Rule, ...]:
    """The rules that a policy's glob names."""
    from fnmatch import fnmatchcase

    return tuple(rule for rule in RULES if fnmatchcase(rule.id, pattern))


def _words(policy: Policy, settings: RuleSettings) -> str:
    stated = settings.model_dump(exclude_none=True, mode="json")
    stated.setdefault("not_measured", policy.not_measured.value)
    return ", ".join(
        f"{key} {', '.join(value) if isinstance(value, list) else f'{value:g}' if isinstance(value, float) else value}"
        for key, value in stated.items()
    )
