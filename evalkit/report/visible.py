"""Hostile text made visible: what a reader cannot see is written out, and what is huge is cut with a note.

Answers, labels, prompts and GGUF metadata come from strangers. Controls, direction overrides, invisible
characters and lone surrogates would hide, reorder or break what stands around them, so each is shown as its
control picture (`␛`) or its escape (`\\u202e`). Line breaks, tabs and the two joiners (which Persian,
Indic scripts and emoji need) stay.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_HIDDEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
_HIDDEN_RUN = re.compile(f"([{_HIDDEN}]+)")
_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F
LABEL_LIMIT = 48
"""Characters of a label where it heads a line or a column."""
_LINE_LIMIT = 2_000
"""Characters of a path, a message or any other single value; answers and prompts have a limit of their own."""


def visible(text: str) -> str:
    r"""The text with every hidden character written out: `a<RLO>b` -> `a\u202eb`."""
    return _HIDDEN_RUN.sub(lambda match: _written_out(match.group()), text)


def without_hidden(text: str) -> str:
    """The text with every hidden character left out, where even a trace of one would tell too much."""
    return _HIDDEN_RUN.sub("", text)


def visible_line(text: str) -> str:
    """A path or message for the page: visible, and cut with a count when it is huge."""
    return visible(shortened(text, _LINE_LIMIT))


def visible_label(text: str) -> str:
    """A variant's label: visible, and short enough to head a column."""
    return visible(shortened(text, LABEL_LIMIT))


def visible_name(text: str, limit: int) -> str:
    """A label where there is room for few characters, such as in a picture: `a-very-long-name` -> `a-very-lo…`."""
    shown = visible(text[: limit + 1])
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def visible_markup(text: str) -> Markup:
    """The text for a page: escaped, each run of hidden characters in a span that sets it apart."""
    parts = _HIDDEN_RUN.split(text)
    plain = [escape(part) for part in parts[::2]]
    hidden = [Markup('<span class="hidden-character">{}</span>').format(_written_out(part)) for part in parts[1::2]]
    # One more plain part than hidden ones: re.split puts an empty string where two separators meet.
    return plain[0] + Markup("").join(a + b for a, b in zip(hidden, plain[1:], strict=True))


def shortened(text: str, limit: int) -> str:
    """The first `limit` characters, and how many were left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit:,} more characters)"


def _written_out(characters: str) -> str:
    return "".join(map(_name, characters))


def _name(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == _DELETE:
        return "␡"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
