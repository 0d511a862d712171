"""The prompts of a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckKind(StrEnum):
    """What can be checked of an answer without understanding it."""

    N_ITEMS = "n_items"
    """List items: numbered, headed or bulleted."""
    N_WORDS = "n_words"
    STARTS_WITH = "starts_with"
    CONTAINS = "contains"
    LACKS = "lacks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that a prompt asks for; counts have bounds, the other kinds have a text."""

    kind: CheckKind
    least: int | None = None
    most: int | None = None
    """Both bounds belong to the range."""
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One prompt, never edited in place: new text, new id."""

    id: str
    title: str
    text: str
    """What the user turn says, to the byte; empty where texts were imported without it."""
    max_tokens: int
    """The answer is cut after this many tokens; 0 where nobody set a limit here."""
    content_hash: str
    """sha256 of id, text and max_tokens as canonical JSON, hex. Checks are not in it: they decide no token."""
    checks: tuple[Check, ...] = ()
    """What the answer must have, as far as it can be checked."""


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
