"""Does an answer do what its prompt asks for, as far as that can be counted? Six plots, 800 words, a first line."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from evalkit.measure.scored_part import find_scored_part
from evalkit.measure.words import list_words
from evalkit.records.run_data import CheckFinding
from evalkit.records.scores import Answer
from evalkit.records.suite import Check, CheckKind

SHOWN_CHARACTERS = 60

_NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_NUMBERED = re.compile(
    r"^(?P<indent>[ \t]{0,40}+)(?P<mark>[#>*_( \t]{0,10}+)(?P<kind>[A-Za-z]{3,12}(?: idea)?[ #]{1,3})?"
    rf"(?P<number>\d{{1,3}}|{'|'.join(_NUMBER_WORDS)})"
    r"(?P<end>[.):]|[ \t]{1,3}[\-–—][ \t]|[*_]{1,3}[ \t]{0,3}[:.)\-–—])(?!\d)",  # noqa: RUF001
    re.MULTILINE | re.IGNORECASE,
)
_HEADING = re.compile(r"^(#{1,6})[ \t]{1,8}\S.*$", re.MULTILINE)
_BOLD_LINE = re.compile(r"^[ \t]{0,40}+\*\*[^*\n]{2,120}\*\*:?[ \t]{0,8}$", re.MULTILINE)
_BULLET = re.compile(r"^([ \t]{0,40}+)[-*•+][ \t]{1,8}\S", re.MULTILINE)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": "..."})  # noqa: RUF001


def find_misses(answer: Answer, checks: Sequence[Check]) -> tuple[CheckFinding, ...]:
    """Each check of one answer, with what was found and what was needed.

    What a cut answer has too little of, it may have had: that cannot be told. What it has too much of is a miss.
    """
    start, end = find_scored_part(answer.text)
    text = answer.text[start:end]
    return tuple(_check(answer, text, check) for check in checks)


def count_items(text: str) -> tuple[int, str]:
    """How many items the text lists, and of which kind they are: "numbered", "headed" or "bulleted".

    Numbers win over headings, headings over bullets, since the latter stand inside of the former. Lines numbered in
    one way (indent, marks, word before the number) make one list; a list inside an item is numbered in another way or
    starts at 1 again and gets no further than the outer one.
    """
    numbered = _longest_count(text)
    if numbered >= 2:
        return numbered, "numbered"
    headed = max((*_heading_counts(text), sum(1 for _ in _BOLD_LINE.finditer(text))), default=0)
    if headed >= 2:
        return headed, "headed"
    bullets = Counter(len(match[1].expandtabs(4)) for match in _BULLET.finditer(text))
    if bullets:
        return bullets[min(bullets)], "bulleted"
    return max(numbered, headed), "numbered" if numbered else "headed"


def _check(answer: Answer, text: str, check: Check) -> CheckFinding:
    is_met, found, needed = _count(answer, text, check) if check.text is None else _wording(answer, text, check)
    return CheckFinding(
        label=answer.label, prompt_id=answer.prompt_id, check=check, is_met=is_met, found=found, needed=needed
    )


def _count(answer: Answer, text: str, check: Check) -> tuple[bool | None, str, str]:
    if check.kind is CheckKind.N_ITEMS:
        n, kind = count_items(text)
        unit, found = "items", f"{n} {kind} items" if n else "no list"
    else:
        n = len(list_words(text))
        unit, found = "words", f"{n:,} words"
    too_few = check.least is not None and n < check.least
    too_many = check.most is not None and n > check.most
    if too_few and answer.cut:
        return None, f"{found} before the token limit cut the answer", _range(check, unit)
    return not (too_few or too_many), found, _range(check, unit)


def _wording(answer: Answer, text: str, check: Check) -> tuple[bool | None, str, str]:
    wanted, have = _plain(check.text or ""), _plain(text)
    shown = _shown(check.text or "")
    if check.kind is CheckKind.STARTS_WITH:
        is_met = have.lstrip("\"'*_# ").startswith(wanted.lstrip("\"'"))
        return is_met, f"starts with {_shown(text)}", f"starts with {shown}"
    is_in = wanted in have
    found = f"{'has' if is_in else 'lacks'} {shown}"
    if check.kind is CheckKind.LACKS:
        return not is_in, found, f"lacks {shown}"
    return (None if answer.cut and not is_in else is_in), found, f"has {shown}"


def _range(check: Check, unit: str) -> str:
    if check.least == check.most:
        return f"{check.least:,} {unit}"
    if check.least is not None and check.most is not None:
        return f"{check.least:,} to {check.most:,} {unit}"
    return f"at least {check.least:,} {unit}" if check.least is not None else f"at most {check.most:,} {unit}"


def _longest_count(text: str) -> int:
    """How far the best list counts from 1; of equals in indent, the outer one."""
    lists: defaultdict[tuple[int, bool, str], list[int]] = defaultdict(list)
    for match in _NUMBERED.finditer(text):
        word = match["number"].lower()
        number = _NUMBER_WORDS.get(word) or (int(word) if word.isdigit() else 0)
        has_mark = any(sign in match["mark"] for sign in "#*_")
        if word in _NUMBER_WORDS and not match["kind"]:
            continue  # "One: ..." at the start of a line is prose more often than a list.
        kind = (match["kind"] or "").strip(" #").lower()
        lists[len(match["indent"].expandtabs(4)), has_mark, kind].append(number)
    counts = [(indent, _count_up(numbers)) for (indent, _, _), numbers in lists.items()]
    if not counts:
        return 0
    outermost = min((indent for indent, n in counts if n >= 2), default=None)
    return max(n for indent, n in counts if outermost is None or indent == outermost)


def _count_up(numbers: Sequence[int]) -> int:
    if set(numbers) == {1}:
        return len(numbers)  # Markdown numbers "1. 1. 1." itself.
    expected = 1
    for number in numbers:
        expected += number == expected
    return expected - 1


def _heading_counts(text: str) -> Iterator[int]:
    levels = Counter(len(match[1]) for match in _HEADING.finditer(text))
    # One heading over all is a title; the level below it holds the items.
    yield from (n for n in levels.values() if n >= 2)


def _plain(text: str) -> str:
    return " ".join(text.translate(_QUOTES).casefold().split())


def _shown(text: str) -> str:
    plain = " ".join(text.split())
    cut = f"{plain[:SHOWN_CHARACTERS].rstrip()}..." if len(plain) > SHOWN_CHARACTERS else plain
    return f'"{cut}"'
