"""Bytes of a stranger's file to text, or the reason why not."""

from __future__ import annotations

import codecs
from pathlib import Path

from evalkit.records.errors import UsageError

MAX_FILE_BYTES = 64 << 20
DEFAULT_ENCODING = "utf-8"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; UTF-32's little one begins with UTF-16's."""


def check_encoding(name: str) -> None:
    """Refuse what Python has no text codec for.

    Raises:
        UsageError: no such encoding.
    """
    try:
        b"a".decode(name, errors="ignore")
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"there is no encoding {name!r}. Common ones: utf-8, utf-16, cp1252, latin-1, shift_jis."
        ) from error


def read_text(path: Path, encoding: str) -> str:
    """The file's text with `\\n` line ends; a byte order mark goes before the encoding that was named.

    Raises:
        UsageError: unreadable, larger than 64 MiB, or not in this encoding.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(content) > MAX_FILE_BYTES:
        raise UsageError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB: not a text to score.")
    marked = next((codec for mark, codec in _MARKS if content.startswith(mark)), encoding)
    try:
        text = content.decode(marked)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not {marked}: {error.reason} at byte {error.start:,}. Save it as UTF-8, or say what it is, "
            "such as --encoding cp1252."
        ) from error
    if "\0" in text:
        raise UsageError(f"{path} has null characters: not a text, or of another encoding. Name it with --encoding.")
    return text.replace("\r\n", "\n").replace("\r", "\n")
