"""What was found: one text per variant and prompt, and where each came from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from hashlib import sha256

from evalkit.records.errors import UsageError

ONE_PROMPT = "text"
"""The prompt's id where files are named by label only and nobody named the prompt."""

MAX_SLUG = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedText:
    """One answer that was made elsewhere."""

    label: str
    prompt_id: str
    prompt_title: str
    """The prompt's name as it was written."""
    text: str
    place: str
    """Where it came from, for messages: a file, or a line of a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTexts:
    """All texts of an import, in the order of their places."""

    texts: tuple[ImportedText, ...]
    skipped: tuple[str, ...] = field(default=())
    """Files that are no texts."""


def prompt_slug(name: str) -> str:
    """A prompt's id from however it was named: `Black Mirror` is `black-mirror`, `Café` is `cafe`.

    Letters that have no place in an id, such as Cyrillic ones, are told apart by a hash of the name.

    Raises:
        UsageError: the name has neither a letter nor a digit.
    """
    if not any(character.isalnum() for character in name):
        raise UsageError(f"the prompt {name!r} has no letter and no digit to make an id of. Rename it.")
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"[a-z0-9]+", plain)
    if any(character.isalnum() and not character.isascii() for character in plain):
        return "-".join(["prompt", *words])[: MAX_SLUG - 9].strip("-") + f"-{sha256(name.encode()).hexdigest()[:8]}"
    return "-".join(words)[:MAX_SLUG].strip("-")


def refuse_duplicates(texts: tuple[ImportedText, ...]) -> None:
    """One text per variant and prompt.

    Raises:
        UsageError: two places give the same one.
    """
    places: dict[tuple[str, str], list[str]] = {}
    for text in texts:
        places.setdefault((text.label, text.prompt_id), []).append(text.place)
    twice = [(key, found) for key, found in places.items() if len(found) > 1]
    if twice:
        (label, prompt_id), found = twice[0]
        more = f" So have {len(twice) - 1} more." if len(twice) > 1 else ""
        raise UsageError(
            f"{label} has {len(found)} texts for the prompt {prompt_id}: {', '.join(found[:4])}.{more} "
            "Keep one text per variant and prompt."
        )
