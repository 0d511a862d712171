"""`gate.yaml`: limits, severities, overrides, waivers and notices. What it leaves out is taken from `default.yaml`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from evalkit.records.errors import UsageError
from evalkit.records.scores import ALL_PROMPTS
from evalkit.records.strict_yaml import StrictLoader, plain_problems

FILE_NAME = "gate.yaml"


class Severity(StrEnum):
    """What a broken rule does."""

    FAIL = "fail"
    """It keeps the gate closed."""
    WARN = "warn"
    """It is shown."""
    OFF = "off"
    """It is not asked; the decision says so."""


def _severity(value: object) -> object:
    # YAML 1.1 reads a bare `off` as false.
    return Severity.OFF if value is False else value


def _rule(value: object) -> object:
    """A rule's settings may be one word: `hard.loops: warn`."""
    return {"breach": value} if isinstance(value, str) or value is False else value


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Breach = Annotated[Severity, BeforeValidator(_severity)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]


class RuleSettings(_Model):
    """How one rule is applied; what stands nowhere stays as it is elsewhere."""

    breach: Breach | None = None
    not_measured: Breach | None = None
    limit: Annotated[float, Field(allow_inf_nan=False)] | None = None
    keys: tuple[str, ...] | None = None
    """Metadata that must be there."""
    darker: Words | None = None
    than: Words | None = None
    """Globs of labels, for the order of tints."""


Rules = dict[str, Annotated[RuleSettings, BeforeValidator(_rule)]]


class Override(_Model):
    """Other settings for some variants or prompts; of several that match, the last one counts."""

    variants: Words = ("*",)
    prompts: Words = ("*",)
    rules: Rules


class Waiver(_Model):
    """Some findings do not keep the gate closed, until a day, for a reason."""

    rule: str
    """A rule's id or a glob of ids."""
    variants: Words = ("*",)
    prompts: Words = ("*",)
    until: date
    """The last day on which it holds."""
    reason: Annotated[str, Field(min_length=1)]

    def covers(self, rule: str, label: str, prompt_id: str) -> bool:
        """Whether it speaks of this finding; its date is not asked here."""
        return (
            fnmatchcase(rule, self.rule) and _matches(label, self.variants) and _matches_prompt(prompt_id, self.prompts)
        )


class Notice(_Model):
    """Another payload that was announced: it is what it should be."""

    variant: str
    payload: Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
    """The new payload hash, or at least its first 8 digits."""
    reason: Annotated[str, Field(min_length=1)]


class Policy(_Model):
    """One policy, complete: every rule has its settings."""

    version: Literal[1] = 1
    not_measured: Breach = Severity.FAIL
    expected: tuple[str, ...] = ()
    """Labels that a release must have, whatever the baseline had."""
    rules: Rules = {}
    overrides: tuple[Override, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    notices: tuple[Notice, ...] = ()

    def settings(self, rule: str, label: str = "*", prompt_id: str = ALL_PROMPTS) -> RuleSettings:
        """How a rule applies to one variant and prompt: the rule's own settings, then every override in order."""
        found = self.rules.get(rule, RuleSettings())
        for override in self.overrides:
            if _matches(label, override.variants) and _matches_prompt(prompt_id, override.prompts):
                for pattern, settings in override.rules.items():
                    if fnmatchcase(rule, pattern):
                        found = _merged(found, settings)
        return found

    def limit(self, rule: str, label: str, prompt_id: str = ALL_PROMPTS) -> float:
        """The number that a figure is held against.

        Raises:
            UsageError: the policy gives none.
        """
        limit = self.settings(rule, label, prompt_id).limit
        if limit is None:
            raise UsageError(f"the policy gives no limit for {rule}. Add `{rule}: {{limit: ...}}` to gate.yaml.")
        return limit

    def is_off(self, rule: str, label: str = "*", prompt_id: str = ALL_PROMPTS) -> bool:
        """Whether the rule is not asked of this variant and prompt."""
        return self.settings(rule, label, prompt_id).breach is Severity.OFF

    @property
    def content_hash(self) -> str:
        """sha256 over all of its settings, hex."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def default_policy_text() -> str:
    """The commented policy that evalkit ships."""
    return (resources.files("evalkit.gate") / "default.yaml").read_text(encoding="utf-8")


def default_policy() -> Policy:
    """The policy that holds where there is no `gate.yaml`."""
    return _parse(default_policy_text(), "default.yaml")


def parse_policy(text: str, name: str) -> Policy:
    """The policy of a `gate.yaml`, completed from the default: a rule that it does not name keeps its settings.

    Args:
        text: the file's content.
        name: how errors call the file.

    Raises:
        UsageError: not YAML, unknown keys or rules, wrong types, a waiver without a date or a reason.
    """
    own, default = _parse(text, name), default_policy()
    known = set(default.rules)
    unknown = [rule for rule in _named_rules(own) if not any(fnmatchcase(one, rule) for one in known)]
    if unknown:
        raise UsageError(f"{name} names no rule: {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
    if globs := [rule for rule in own.rules if rule not in known]:
        raise UsageError(f"{name}: `rules` takes rules by their full ids, not {', '.join(globs)}. Use `overrides`.")
    rules = {rule: _merged(settings, own.rules.get(rule, RuleSettings())) for rule, settings in default.rules.items()}
    return own.model_copy(update={"rules": rules})


def _named_rules(policy: Policy) -> Iterator[str]:
    yield from policy.rules
    for override in policy.overrides:
        yield from override.rules
    for waiver in policy.waivers:
        yield waiver.rule


def _merged(first: RuleSettings, over: RuleSettings) -> RuleSettings:
    return first.model_copy(update=over.model_dump(exclude_none=True))


def _matches(word: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(word, glob) for glob in globs)


def _matches_prompt(prompt_id: str, globs: tuple[str, ...]) -> bool:
    # A figure over all prompts is no single prompt's: only an entry for all prompts speaks of it.
    return globs == ("*",) if prompt_id == ALL_PROMPTS else _matches(prompt_id, globs)


def _parse(text: str, name: str) -> Policy:
    try:
        # The loader is a SafeLoader: it makes plain values only.
        document = yaml.load(text, Loader=StrictLoader) or {}  # noqa: S506
        return Policy.model_validate(document)
    except ValidationError as error:
        problems = "\n".join(f"  {problem}" for problem in plain_problems(error))
        raise UsageError(f"{name} cannot be used as it is:\n{problems}") from error
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        # PyYAML lets the errors of its own constructors through: `2026-13-45`.
        raise UsageError(f"{name} is not YAML: {error}") from error
