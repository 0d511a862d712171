"""Is a text English prose? Tint, meaning and reading ease are made for nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.measure.scripts import count_letters
from evalkit.records.errors import NotMeasuredError

# Words that hold English sentences together.
_COMMON = (
    "the and of to that it with for is was you he his her she they this have from but not had were which there would "
    "their what when my it's your its who been them will if into are as at be by then than so or out up about through "
    "could where how can only our we i me him on in a an no all one like over did do has some more very"
)
_OWN = (
    "the and of to that it with for you his she they this have from but not had were which there would their what when "
    "my your who been them will into are could where how about through our"
)
_FUNCTION_WORDS = frozenset(_COMMON.split())
_OWN_WORDS = frozenset(_OWN.split())
"""Those that no neighbouring language has too."""
_LEAST_SHARE = 0.15
_LEAST_OWN_SHARE = 0.08
_LEAST_LATIN_SHARE = 0.7
_JUDGED_WORDS = 2_000
_LEAST_JUDGED_WORDS = 20


def require_english(text: str, words: Sequence[str], purpose: str) -> None:
    """Let English prose through, and texts that are too short to say.

    Raises:
        NotMeasuredError: another script or language, or words without sentences around them.
    """
    letters = count_letters(text)
    if letters.total() and letters["LATIN"] < _LEAST_LATIN_SHARE * letters.total():
        script = letters.most_common(1)[0][0].capitalize()
        raise NotMeasuredError(f"The answer is not in English (most letters: {script}); {purpose} reads English only.")
    judged = words[:_JUDGED_WORDS]
    if len(judged) >= _LEAST_JUDGED_WORDS and not _reads_as_english(judged):
        raise NotMeasuredError(f"The answer does not read as English sentences; {purpose} reads nothing else.")


def _reads_as_english(words: Sequence[str]) -> bool:
    share = sum(word in _FUNCTION_WORDS for word in words) / len(words)
    own_share = sum(word in _OWN_WORDS for word in words) / len(words)
    return share >= _LEAST_SHARE and own_share >= _LEAST_OWN_SHARE
