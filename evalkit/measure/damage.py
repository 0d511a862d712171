"""Is an answer broken? Flags that need no model, each 0 or 1, fast on megabytes of repeated text."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence, Set
from itertools import groupby

from evalkit.measure.refrains import drop_refrains
from evalkit.measure.refusals import is_refusal
from evalkit.measure.scripts import count_letters, script_of
from evalkit.measure.words import list_words
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import Answer, Metric

DAMAGE_FLAGS = (Metric.LOOP, Metric.EMPTY, Metric.REFUSAL, Metric.TEMPLATE_LEAK, Metric.FOREIGN_SCRIPT)
"""What counts as damage; a cut answer alone does not."""

# Long texts compress better and repeat more trigrams whatever they say, so both ratios are taken of parts of one size.
# The last part ends with the text: a loop is most often how an answer ends.
_LEAST_DISTINCT_3 = 0.85
_PART_WORDS = 200
_LEAST_PART_WORDS = 50
_LEAST_ZLIB_RATIO = 0.38
_PART_BYTES = 2_000
_LEAST_PART_BYTES = 100
_LONGEST_HONEST_REPEAT = 15

_LEAST_FOREIGN_SHARE = 0.02
# Single letters of another script are symbols (a Greek lambda in physics); these scripts write words with one.
_ONE_LETTER_WORDS = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL"})

TEMPLATE_TOKEN = re.compile(
    r"</?(?:start_of_turn|end_of_turn|bos|eos|s|pad|unk|unused\d+|think|extra_id_\d+)>|<\|[\w▁]{1,40}\|?>|<\w{1,20}\|>|"
    r"<｜[\w▁]{1,40}｜>|<0x[0-9A-F]{2}>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|gMASK)\]|<</?SYS>>|"  # noqa: RUF001
    r"▁\w{1,40}▁|^### (?:Instruction|Response|Input|Human|User|Assistant|System):|"
    r"^(?:user|human)\s*\n(?:.*\n){0,40}?(?:model|assistant)\s*$|^(?:USER|HUMAN): .*\n(?:.*\n){0,40}?ASSISTANT:",
    re.MULTILINE,
)
"""A token or a role line of a chat template, which no reader should ever see."""

# HTML strikes out so; as tokens, the two stand around a whole text.
_STRUCK_OUT = re.compile(r"(?<=[^\s>])([ \t]{0,8})<s>([^<\n]{1,200})</s>(?=[^\n<]{0,200}\w)")


def damage_flags(answer: Answer) -> dict[Metric, bool]:
    """Every flag that counts, of one answer, and `DAMAGE` for any of them."""
    words = list_words(answer.text)
    flags = {
        Metric.LOOP: is_loop(answer.text),
        Metric.EMPTY: not words,
        Metric.REFUSAL: is_refusal(answer.text),
        Metric.TEMPLATE_LEAK: leaks_template(answer.text),
        Metric.FOREIGN_SCRIPT: has_foreign_script(answer.text, answer.prompt_text),
    }
    return {Metric.DAMAGE: any(flags.values()), **flags}


def is_cut(answer: Answer) -> bool:
    """Whether the token limit ended the answer: shown beside damage, since the limit did it and not the model.

    Raises:
        NotMeasuredError: the text was made elsewhere, and nobody knows why it ended.
    """
    if answer.cut is None:
        raise NotMeasuredError("The text was made elsewhere: nothing says whether a token limit ended it.")
    return answer.cut


def is_loop(text: str) -> bool:
    """The answer repeats itself: as a whole, or in any part of it; refrains and one-line answers do not count."""
    sung_once = drop_refrains(text)
    words = list_words(sung_once)
    return (
        any(_distinct_3(part) < _LEAST_DISTINCT_3 for part in _word_parts(words))
        or any(_zlib_ratio(part) < _LEAST_ZLIB_RATIO for part in _byte_parts(sung_once))
        or _repeats_run(words)
    )


def leaks_template(text: str) -> bool:
    """Tokens or role lines of a chat template stand in the text."""
    return TEMPLATE_TOKEN.search(_STRUCK_OUT.sub(r"\1\2", text)) is not None


def has_foreign_script(text: str, prompt_text: str) -> bool:
    """Over 2 % of the letters stand in words of a script that the prompt does not use; Latin and names never count."""
    known = {"LATIN"} | {script for script in map(script_of, set(prompt_text)) if script is not None}
    letters = count_letters(text)
    least = _LEAST_FOREIGN_SHARE * letters.total()
    foreign = letters.keys() - known
    # The count of all letters is quick, and settles nearly every answer.
    return sum(letters[script] for script in foreign) > least and _count_in_words(text, foreign) > least


def _count_in_words(text: str, scripts: Set[str]) -> int:
    """Letters of these scripts that stand in a word of their script and not in a name, which has a capital."""
    count = 0
    for script, run in groupby(text, key=script_of):
        if script in scripts:
            word = "".join(run)
            is_word = len(word) > 1 or script in _ONE_LETTER_WORDS
            count += len(word) if is_word and not word.istitle() else 0
    return count


def _word_parts(words: Sequence[str]) -> Iterator[Sequence[str]]:
    for start, end in _parts(len(words), _PART_WORDS):
        if end - start >= _LEAST_PART_WORDS:
            yield words[start:end]


def _byte_parts(text: str) -> Iterator[bytes]:
    content = text.encode("utf-8", errors="replace")
    for start, end in _parts(len(content), _PART_BYTES):
        if end - start >= _LEAST_PART_BYTES:
            yield content[start:end]


def _parts(length: int, size: int) -> Iterator[tuple[int, int]]:
    """Ranges of one size, side by side; the last ends at the end and overlaps the one before it."""
    for start in range(0, max(1, length), size):
        end = min(length, start + size)
        yield max(0, end - size), end


def _distinct_3(words: Sequence[str]) -> float:
    trigrams = list(zip(words, words[1:], words[2:], strict=False))
    return len(set(trigrams)) / len(trigrams)


def _zlib_ratio(content: bytes) -> float:
    return len(zlib.compress(content)) / len(content)


def _repeats_run(words: Sequence[str]) -> bool:
    n = _LONGEST_HONEST_REPEAT + 1
    seen: set[int] = set()
    for run in map(hash, zip(*(words[offset:] for offset in range(n)), strict=False)):
        if run in seen:
            return True
        seen.add(run)
    return False
