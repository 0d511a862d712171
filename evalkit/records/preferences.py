"""What judges' votes say once their sides are named: ratings, agreement, biases."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalkit.records.blind import Outcome
from evalkit.records.judgement import Exam
from evalkit.records.scores import Figure


class Question(StrEnum):
    """What a judge was asked of a pair."""

    BETTER = "better"
    DARKER = "darker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One vote on one pair of variants, sides named."""

    judge: str
    prompt_id: str
    label_left: str
    label_right: str
    outcome: Outcome
    """Which side has more of what was asked for. Both bad counts as a tie wherever a side must win."""
    n_words_left: int
    n_words_right: int


class Standing(StrEnum):
    """A variant against the reference, in words."""

    ABOVE = "above the reference"
    BELOW = "below the reference"
    EQUIVALENT = "no difference larger than 60:40"
    OPEN = "cannot be told apart yet"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One variant on the common scale of all votes."""

    label: str
    win_share: Figure
    """Modelled share of votes against the reference, ties half: .5 is equal, above .5 beats the reference."""
    elo: Figure
    """The same on the scale that chess and model arenas use: 0 is the reference, 400 points are odds of 10 to 1."""
    p_adjusted: float | None
    """Two-sided p of "equal to the reference", Holm-adjusted over the variants."""
    standing: Standing
    n_votes_missing: int | None
    """Votes more, in all and spread as so far, that would settle the standing at this share; 0 when it is settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WinCell:
    """All votes on one pair of variants."""

    label_a: str
    label_b: str
    n_a: int
    """Votes for `label_a`."""
    n_b: int
    n_ties: int
    n_both_bad: int
    n_unasked_equal: int
    """Prompts on which both gave the same text; no vote was asked for, and none is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two judges, or one judge with themselves, on the same pairs."""

    judge_a: str
    judge_b: str
    """Equal to `judge_a` where a repeated pair is compared with its first showing."""
    alpha: Figure
    """Krippendorff's alpha, nominal: 1 is full agreement, 0 what chance would give, below 0 worse than chance."""
    agreement: Figure
    """Plain share of equal answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCheck:
    """What a judge's own votes say about the judge."""

    judge: str
    n_votes: int
    n_ties: int
    left_share: Figure
    """Share of decided votes that went left: .5 has no position bias."""
    left_p: float | None
    """Exact two-sided p of "no position bias"."""
    longer_share: Figure
    """Share of decided votes that went to the longer text: .5 has no length bias."""
    longer_p: float | None
    identical_ties: Figure
    """Share of the catch trials with one text against itself that were called a tie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionResult:
    """All votes on one question."""

    question: Question
    n_votes: int
    n_judges: int
    n_prompts: int
    ratings: tuple[Rating, ...]
    wins: tuple[WinCell, ...]
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableReply:
    """A model's reply from which no verdict could be read."""

    prompt_id: str
    label_a: str
    """Whose text was shown as A."""
    label_b: str
    raw: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelJudge:
    """A local model's verdicts, apart from people's."""

    judge: str
    model: str
    """The file's name."""
    payload_hash: str
    exam: Exam
    n_pairs: int
    n_swayed: int
    """Pairs in which one place won in both orders: position bias, counted as ties."""
    n_wavering: int
    """Pairs in which one order named a winner and the other did not: counted as ties."""
    n_unreadable: int
    """Pairs with a reply that could not be read: they are no votes."""
    unreadable: tuple[UnreadableReply, ...]
    """The replies themselves."""
    check: JudgeCheck
    """On single replies, both orders; `identical_ties` comes from the exam."""
    results: tuple[QuestionResult, ...]
    """Empty for a judge that failed the exam: its votes carry no weight."""
    agreements: tuple[Agreement, ...]
    """The model with itself (its two orders), then each person with the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a run's reveals and its model judges add up to: `preferences.json`."""

    reference_label: str
    kit_ids: tuple[str, ...]
    """The revealed kits whose votes were counted."""
    results: tuple[QuestionResult, ...]
    """Of people's votes alone; empty where none was revealed."""
    checks: tuple[JudgeCheck, ...]
    notes: tuple[str, ...]
    """What must be known to read the figures."""
    models: tuple[ModelJudge, ...] = ()
