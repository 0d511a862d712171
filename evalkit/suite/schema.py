"""What a suite file and a system-prompt file may say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from evalkit.records.suite import Check, CheckKind

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
MAX_SLUG = 64


def _slug(text: str) -> str:
    if len(text) > MAX_SLUG or not SLUG.fullmatch(text):
        raise ValueError(f"must be small letters, digits and single dashes, at most {MAX_SLUG}: `black-mirror`")
    return text


def _sendable(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    half = next((character for character in text if "\ud800" <= character <= "\udfff"), None)
    if half is not None:
        raise ValueError(f"has half a character, \\u{ord(half):04x}: write the character itself, in UTF-8")
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Slug = Annotated[str, AfterValidator(_slug)]
Text = Annotated[str, AfterValidator(_sendable)]
TokenLimit = Annotated[int, Field(ge=1)]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _CountCheck(_Schema):
    """A number that must lie in a range."""

    kind: Literal["n_items", "n_words"]
    exactly: Annotated[int, Field(ge=0)] | None = None
    least: Annotated[int, Field(ge=0)] | None = None
    most: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _check_range(self) -> _CountCheck:
        if self.exactly is None and self.least is None and self.most is None:
            raise ValueError(f"{self.kind} needs `exactly`, `least` or `most`")
        if self.exactly is not None and (self.least is not None or self.most is not None):
            raise ValueError(f"{self.kind} has `exactly` beside a range: give one of the two")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"{self.kind} has `least` {self.least} above `most` {self.most}")
        return self

    def record(self) -> Check:
        """The check as it travels with the prompt."""
        least, most = (self.least, self.most) if self.exactly is None else (self.exactly, self.exactly)
        return Check(kind=CheckKind(self.kind), least=least, most=most)


class _TextCheck(_Schema):
    """Words that the answer must start with, contain or lack; case, quotation marks and white space do not matter."""

    kind: Literal["starts_with", "contains", "lacks"]
    text: Text

    def record(self) -> Check:
        """The check as it travels with the prompt."""
        return Check(kind=CheckKind(self.kind), text=self.text)


CheckEntry = Annotated[_CountCheck | _TextCheck, Field(discriminator="kind")]


class PromptEntry(_Schema):
    """One prompt of a suite file."""

    id: Slug
    title: Text | None = None
    text: Text
    """To the byte: write it as a `|-` block."""
    max_tokens: TokenLimit | None = None
    checks: list[CheckEntry] = []
    """What the prompt asks for and can be checked of an answer; no part of the prompt's hash."""


class SuiteFile(_Schema):
    """A suite file: its own prompts after those of the suites that it includes."""

    name: Slug
    include: Annotated[list[Text], BeforeValidator(_as_list)] = []
    """Names of suites that come with evalkit, or paths from this file's folder."""
    max_tokens: TokenLimit | None = None
    """For the prompts of this file that give no limit of their own."""
    prompts: list[PromptEntry] = []


class Paragraph(_Schema):
    """A part of a system prompt; an empty line stands between two."""

    text: Text
    another: bool = False
    """It asks for another generation, and may be left out."""


class SystemFile(_Schema):
    """A system-prompt file."""

    name: Slug
    power: Annotated[int, Field(ge=1)] | None = None
    """What `{power}` in the text stands for, unless the user says otherwise."""
    paragraphs: Annotated[list[Paragraph], Field(min_length=1)]


def suite_problems(document: Any) -> Iterator[str]:
    """What no single field shows: ids that stand twice, prompts without a limit, no prompts at all."""
    if not isinstance(document, dict):
        return
    entries = document.get("prompts")
    prompts = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    if not prompts and not document.get("include"):
        yield "prompts: missing, and nothing is included: a suite needs a prompt"
    for prompt_id, count in Counter(str(prompt.get("id")) for prompt in prompts if "id" in prompt).items():
        if count > 1:
            yield f"prompts: the id {prompt_id!r} stands {count} times"
    if document.get("max_tokens") is not None:
        return
    for index, prompt in enumerate(prompts):
        if prompt.get("max_tokens") is None:
            yield f"prompts[{index}].max_tokens: missing, and the suite has none for all of its prompts"


def system_problems(document: Any) -> Iterator[str]:
    """What no single field shows: a `{power}` without a value."""
    if not isinstance(document, dict) or not isinstance(document.get("paragraphs"), list):
        return
    texts = [str(entry.get("text")) for entry in document["paragraphs"] if isinstance(entry, dict)]
    if document.get("power") is None and any("{power}" in text for text in texts):
        yield "power: missing, and the text has a {power}"
