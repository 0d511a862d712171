"""gate.yaml: complete by default, strict, and exact about what applies to whom."""

import pytest

from evalkit.gate.explain import explain
from evalkit.gate.policy import Severity, default_policy, default_policy_text, parse_policy
from evalkit.gate.rules import RULES
from evalkit.records.errors import UsageError


def test_the_default_policy_knows_every_rule_and_no_other() -> None:
    assert set(default_policy().rules) == {rule.id for rule in RULES}
    assert all(settings.breach is not None for settings in default_policy().rules.values())


def test_the_printed_policy_is_the_default() -> None:
    assert parse_policy(default_policy_text(), "gate.yaml") == default_policy()


def test_an_empty_file_is_the_default() -> None:
    assert parse_policy("", "gate.yaml") == default_policy()


def test_a_rule_keeps_what_the_file_does_not_say() -> None:
    policy = parse_policy("rules: {hard.bits: warn, intent.stray: {limit: 0.4}, hard.loops: off}", "gate.yaml")
    assert policy.settings("hard.bits").breach is Severity.WARN
    assert policy.limit("hard.bits", "M2") == 0.98
    assert policy.settings("intent.stray").breach is Severity.FAIL
    assert policy.limit("intent.stray", "M2") == 0.4
    assert policy.is_off("hard.loops")


def test_the_last_override_that_matches_counts() -> None:
    policy = parse_policy(
        """
        overrides:
          - variants: [M7, M8]
            rules: {intent.stray*: {limit: 0.4}}
          - variants: [M8]
            prompts: [sky]
            rules: {intent.stray-prompt: {limit: 0.9}, hard.loops: warn}
        """,
        "gate.yaml",
    )
    assert policy.limit("intent.stray", "M6") == 0.25
    assert policy.limit("intent.stray", "M7") == 0.4
    assert policy.limit("intent.stray-prompt", "M8", "inn") == 0.4
    assert policy.limit("intent.stray-prompt", "M8", "sky") == 0.9
    # A figure over all prompts belongs to no single prompt.
    assert policy.settings("hard.loops", "M8").breach is Severity.FAIL
    assert policy.settings("hard.loops", "M8", "sky").breach is Severity.WARN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: {hard.lops: warn}", "names no rule: hard.lops"),
        ("rules: {hard.*: warn}", "takes rules by their full ids"),
        ("overrides: [{rules: {soft.*: warn}}]", "names no rule: soft.*"),
        ("rules: {hard.loops: sometimes}", "rules.hard.loops"),
        ("rules: {hard.bits: {limit: .nan}}", "limit"),
        ("rules: {hard.bits: {limt: 1}}", "unknown key"),
        ("colour: red", "colour: unknown key"),
        ("version: 2", "version"),
        ("waivers: [{rule: hard.loops, reason: x}]", "waivers[0].until: missing"),
        ("waivers: [{rule: hard.loops, until: 2027-01-31}]", "waivers[0].reason: missing"),
        ("waivers: [{rule: hard.loops, until: 2027-01-31, reason: ''}]", "waivers[0].reason"),
        ("waivers: [{rule: hard.loops, until: soon, reason: x}]", "waivers[0].until"),
        ("waivers: [{rule: hard.loops, until: 2027-02-31, reason: x}]", "not YAML"),
        ("waivers: [{rule: hard.lops, until: 2027-01-31, reason: x}]", "names no rule"),
        ("notices: [{variant: M1, payload: xyz, reason: x}]", "payload"),
        ("notices: [{variant: M1, payload: abc, reason: x}]", "payload"),
        ("not_measured: ignore", "not_measured"),
        ("not_measured: fail\nnot_measured: warn", "stands twice"),
        ("rules: [", "not YAML"),
        ("- a", "must be a mapping"),
        ("just words", "must be a mapping"),
    ],
)
def test_a_wrong_policy_is_refused_with_the_place(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=r"gate\.yaml") as raised:
        parse_policy(text, "gate.yaml")
    assert message in str(raised.value)


def test_the_hash_follows_the_settings_and_not_the_comments() -> None:
    plain = parse_policy("rules: {intent.stray: {limit: 0.4}}", "gate.yaml")
    commented = parse_policy("# why\nrules:\n  intent.stray: {limit: 0.4}\n", "other.yaml")
    assert plain.content_hash == commented.content_hash
    assert plain.content_hash != default_policy().content_hash


def test_a_limit_that_nobody_gives_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"no limit for hard\.missing"):
        default_policy().limit("hard.missing", "M2")


def test_every_rule_explains_itself() -> None:
    for rule in RULES:
        assert rule.title.endswith(".")
        assert rule.explanation.startswith(rule.title[:40])
    text = explain("all", default_policy())
    assert all(f"{rule.id}\n" in text for rule in RULES)


def test_an_explanation_tells_limits_overrides_and_waivers() -> None:
    policy = parse_policy(
        """
        overrides: [{variants: [M7], rules: {intent.*: {limit: 0.4}}}]
        waivers: [{rule: intent.stray, variants: [M8], until: 2027-01-31, reason: under repair}]
        """,
        "gate.yaml",
    )
    text = explain("intent.stray", policy)
    assert "breach fail, limit 0.25, not_measured fail" in text
    assert "variants M7" in text
    assert "limit 0.4" in text
    assert "until 2027-01-31: under repair" in text
    assert explain("cost", policy).count("cost.") == 2


def test_an_unknown_rule_cannot_be_explained() -> None:
    with pytest.raises(UsageError, match=r"no rule 'hard\.lops'"):
        explain("hard.lops", default_policy())
