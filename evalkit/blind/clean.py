"""An answer made fit for blind reading: what is no part of the text, or would tell who wrote it, is taken out.

Everything taken out is listed for the publisher's audit, never in a ballot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from evalkit.blind.names import Names
from evalkit.measure.damage import TEMPLATE_TOKEN
from evalkit.measure.scored_part import find_scored_part
from evalkit.report.visible import without_hidden

_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
# Tokens that say nothing about whose turn it is; at any other the answer is over.
_STRAY_TOKEN = re.compile(r"</?(?:bos|s|pad|unk|unused\d+|think)>", re.IGNORECASE)
_EXCERPT = 400
"""Characters of a removed part that the audit keeps."""


class Removal(StrEnum):
    """What was taken out of an answer."""

    ASSISTANT_FRAME = "assistant-frame"
    """An opening such as "Okay, here's the scene:", or a closing offer such as "Would you like me to continue?"."""
    TEMPLATE_LEAK = "template-leak"
    HIDDEN_CHARACTERS = "hidden-characters"
    NAME = "name"
    """A label, path or hash in the text itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One removal, for the audit."""

    label: str
    """Whose answer; empty for a prompt."""
    prompt_id: str
    removal: Removal
    removed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """A text as a judge may read it."""

    text: str
    findings: tuple[Finding, ...]


def strip_to_story(label: str, prompt_id: str, text: str) -> Cleaned:
    """The answer without template tokens, hidden characters, assistant's frame and odd white space."""
    findings: list[Finding] = []

    def note(removal: Removal, removed: str) -> None:
        if removed.strip() or removal is Removal.HIDDEN_CHARACTERS:
            excerpt = removed.strip()[:_EXCERPT]
            findings.append(Finding(label=label, prompt_id=prompt_id, removal=removal, removed=excerpt))

    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    seen = without_hidden(lines)
    if seen != lines:
        note(Removal.HIDDEN_CHARACTERS, f"{len(lines) - len(seen)} characters")
    answer = _before_template_leak(seen)
    if answer != seen:
        note(Removal.TEMPLATE_LEAK, " ".join(match.group() for match in TEMPLATE_TOKEN.finditer(seen)))
    start, end = find_scored_part(answer)
    note(Removal.ASSISTANT_FRAME, answer[:start])
    note(Removal.ASSISTANT_FRAME, answer[end:])
    return Cleaned(text=_tidy(answer[start:end]), findings=tuple(findings))


def take_out_names(label: str, prompt_id: str, text: str, names: Names) -> Cleaned:
    """The text with every name redacted."""
    findings = tuple(
        Finding(label=label, prompt_id=prompt_id, removal=Removal.NAME, removed=found) for found in names.find(text)
    )
    return Cleaned(text=names.redact(text), findings=findings)


def clean_prompt(text: str) -> str:
    """The prompt without hidden characters; it is not cut."""
    return _tidy(without_hidden(text.replace("\r\n", "\n").replace("\r", "\n")))


def _before_template_leak(text: str) -> str:
    """What stands before the first token of another turn; tokens before the first word are skipped."""
    text = _STRAY_TOKEN.sub("", _THOUGHT.sub("", text))
    start = 0
    for match in TEMPLATE_TOKEN.finditer(text):
        if text[start : match.start()].strip():
            return text[start : match.start()]
        start = match.end()
    return text[start:]


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()
