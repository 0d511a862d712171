"""The prompts of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One prompt, never edited in place: new text, new id."""

    id: str
    title: str
    text: str
    """What the user turn says, to the byte."""
    max_tokens: int
    """The answer is cut after this many tokens."""
    content_hash: str
    """sha256 of id, text and max_tokens as canonical JSON, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A validated, ordered set of prompts and the system prompt that goes before each."""

    name: str
    prompts: tuple[Prompt, ...]
    system: str | None
    """The system prompt's final text; None when there is none."""
    system_name: str | None
    """How the user asked for it, with its settings: `ge-function, power 20`."""
    content_hash: str
    """sha256 over the prompts' hashes, in order, and the system prompt, hex."""
