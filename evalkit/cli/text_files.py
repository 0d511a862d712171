"""Texts for a command: files, stdin, or JSON lines, checked before anything slow begins."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.records.errors import UsageError

STDIN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedText:
    """A text and what its user calls it."""

    id: str | int
    text: str


def read_texts(names: Sequence[str]) -> tuple[NamedText, ...]:
    """One text per file; "-" is stdin.

    Raises:
        UsageError: a file is missing, a folder, or not UTF-8.
    """
    return tuple(NamedText(id=name, text=_read(name)) for name in names)


def read_json_lines(name: str) -> tuple[NamedText, ...]:
    """Lines {"id", "text"}, in order; blank lines are passed over.

    Raises:
        UsageError: a line is something else; its number is named.
    """
    return tuple(_parse_lines(name, _read(name)))


def _read(name: str) -> str:
    try:
        content = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{name} cannot be read ({error.strerror}). Name a text file, or - for stdin.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text (byte {error.start}). Save it as UTF-8 and try again.") from error


def _parse_lines(name: str, content: str) -> Iterator[NamedText]:
    # Not splitlines: it also cuts at U+2028, which JSON allows inside a string.
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            yield _parse(f"{name}, line {number}", line)


def _parse(place: str, line: str) -> NamedText:
    wanted = 'evalkit needs one object {"id": "...", "text": "..."} per line. Mend it and run the command again.'
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{place} is not JSON: {error}. {wanted}") from error
    if not isinstance(document, dict):
        raise UsageError(f"{place} is no object. {wanted}")
    identity, text = document.get("id"), document.get("text")
    if not isinstance(identity, str | int) or isinstance(identity, bool):
        raise UsageError(f'{place} has no "id" that is a string or a whole number. {wanted}')
    if not isinstance(text, str):
        raise UsageError(f'{place} has no "text" that is a string. {wanted}')
    return NamedText(id=identity, text=text)
