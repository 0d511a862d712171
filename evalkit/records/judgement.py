"""A local model as judge: what it was asked in both orders, what it answered, and how it did in its exam."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalkit.records.blind import Darker, Design, Outcome, UnaskedPair

DECIDED = (Outcome.LEFT, Outcome.RIGHT)


class ExamKind(StrEnum):
    """What was done to the second of two texts in the exam."""

    IDENTICAL = "identical"
    """Nothing: it is the first text again."""
    LOOP = "loop"
    """From a third on it repeats one sentence."""
    WORD_SALAD = "word salad"
    """Its words are shuffled."""
    TRUNCATED = "truncated"
    """It breaks off in the middle of a sentence after a quarter."""
    TEMPLATE_LEAK = "template leak"
    """In its middle stand chat markers and a refusal."""
    PADDED = "padded"
    """The whole text, then filler that says nothing: longer and no better."""


DAMAGE = (ExamKind.LOOP, ExamKind.WORD_SALAD, ExamKind.TRUNCATED, ExamKind.TEMPLATE_LEAK)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeReply:
    """One reply of the model, word for word: one line of `replies.jsonl`."""

    question_hash: str
    """sha256 of the question as it was asked, hex: a question that changes is asked again."""
    raw: str
    problem: str
    """Why there is no whole reply; empty where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedAnswer:
    """One reply, read; sides are those of the pair, in whichever order it was shown."""

    better: Outcome | None
    """None: the reply could not be read; `problem` says why."""
    darker: Darker | None
    raw: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """Two texts, shown in both orders."""

    first: OrderedAnswer
    """The pair's left text was shown as A."""
    swapped: OrderedAnswer
    """The pair's left text was shown as B."""

    @property
    def is_readable(self) -> bool:
        """Both replies could be read."""
        return self.first.better is not None and self.swapped.better is not None

    @property
    def is_swayed(self) -> bool:
        """The same place won in both orders, whatever stood there: position bias."""
        return self.first.better in DECIDED and self.swapped.better in DECIDED and not self.is_steady

    @property
    def is_steady(self) -> bool:
        """Both orders got one answer; a tie and "both bad" are one, since neither names a winner."""
        return self.is_readable and _winner(self.first.better) == _winner(self.swapped.better)

    @property
    def better(self) -> Outcome | None:
        """The verdict of both orders; where they disagree, a tie. None where a reply could not be read."""
        if not self.is_readable:
            return None
        return self.first.better if self.first.better == self.swapped.better else Outcome.TIE

    @property
    def darker(self) -> Darker | None:
        """The same for the second question."""
        if self.first.darker is None or self.swapped.darker is None:
            return None
        return self.first.darker if self.first.darker == self.swapped.darker else Darker.SAME


def _winner(outcome: Outcome | None) -> Outcome | None:
    return outcome if outcome in DECIDED else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamItem:
    """A sound text (left) and what became of it (right)."""

    kind: ExamKind
    prompt_id: str
    sitting: Sitting


class Criterion(StrEnum):
    """What a judge must be able to do."""

    READABLE = "replies can be read"
    IDENTICAL = "one text against itself is a tie"
    STEADY = "swapped sides, same answer"
    DAMAGE = "the sound text beats the damaged one"
    BLIND_SPOT = "no kind of damage escapes it"
    PADDED = "padding does not win"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One criterion of the exam."""

    criterion: Criterion
    n: int
    """Pairs or replies that it was judged on."""
    share: float
    """Part of them that went as it must."""
    needed: float
    is_passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """All that the exam found: `exam.json`."""

    items: tuple[ExamItem, ...]
    marks: tuple[Mark, ...]
    is_fit: bool
    """Every criterion was met. The votes of an unfit judge are kept and shown, and count for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPair:
    """Two answers of the run, judged in both orders."""

    prompt_id: str
    label_left: str
    label_right: str
    n_words_left: int
    n_words_right: int
    """Words of the texts as shown, a shared opening not counted."""
    sitting: Sitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Everything that one model judged of one run: `judgement.json`."""

    judge: str
    """`llm:` and the first eight digits of the payload hash: no human judge's name may hold a colon."""
    model: str
    """The file's name."""
    payload_hash: str
    design: Design
    word_limit: int
    exam: Exam
    pairs: tuple[JudgedPair, ...]
    unasked: tuple[UnaskedPair, ...]
