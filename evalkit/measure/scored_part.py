"""Where the story begins and ends: what an assistant says before and after it is no part of its mood."""

from __future__ import annotations

import re

from evalkit.measure.words import WORD

_LONGEST_FRAME_WORDS = 100
_MARK = r"[\s*_#>\-–—]*"  # noqa: RUF001
_PREAMBLE = re.compile(
    rf"\A{_MARK}(?:okay|ok|sure|alright|all right|certainly|absolutely|of course|here(?:['’]s| is| are))\b"
    r"[^\n]{0,240}:[ \t*_]*\n\s*",
    re.IGNORECASE,
)
_OFFER = re.compile(
    rf"(?:^|(?<=[.!?…*\-—]\s)){_MARK}"
    r"(?:(?:do you want|would you like|do you wish|shall i\b|should i\b|want|can i) (?:me to|to (?:see|hear|read|know)|"
    r"to continue|a different|another|the next|continue|go on|write)|"
    r"would you like to|let me know (?:if|what|which|how)|what would you like|how would you like|"
    r"is there anything (?:else|specific)|if you(?:['’]d| would)? like,? i (?:can|could)|"
    r"to help me (?:refine|tailor|continue)|i can (?:also )?(?:continue|expand|revise|adjust))",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSING_LINE = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s|.*[?:][\s*_)]*$")


def find_scored_part(text: str) -> tuple[int, int]:
    """Half-open range of the text without an opening line such as "Okay, here's the scene:" and a closing offer.

    The offer is what many instruct models end with: "Do you want me to continue?", or "Would you like me to:" and a
    list. Inside quotation marks it is somebody's speech and stays.
    """
    preamble = _PREAMBLE.match(text)
    start = preamble.end() if preamble else 0
    for match in _OFFER.finditer(text, start):
        if _is_closing(text[match.start() :]):
            return (start, match.start()) if text[start : match.start()].strip() else (start, len(text))
    return start, len(text)


def _is_closing(tail: str) -> bool:
    """Short, one remark or a question with its list, and nothing of a story after it."""
    first, *rest = [line.strip() for line in tail.splitlines() if WORD.search(line)]
    is_remark = first.rstrip("*_ )").endswith(("?", ":", ".", "!")) and not re.search(r"[\"“”]", first)
    return len(tail.split()) <= _LONGEST_FRAME_WORDS and is_remark and all(map(_CLOSING_LINE.match, rest))
