"""What a judge will be asked of a run: the exam, then the same pairs that a kit asks people about, in both orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.blind.pairs import Askable, clean_texts, list_pairs
from evalkit.blind.source import Source
from evalkit.judge.exam import ExamQuestion, make_exam, read_exam
from evalkit.judge.marks import mark_exam
from evalkit.judge.questions import Match, question_hash, read_sitting
from evalkit.measure.words import WORD
from evalkit.records.blind import Design, UnaskedPair
from evalkit.records.errors import UsageError
from evalkit.records.judgement import JudgedPair, Judgement, JudgeReply


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePlan:
    """All questions of one sitting."""

    design: Design
    word_limit: int
    exam: tuple[ExamQuestion, ...]
    pairs: tuple[Askable, ...]
    unasked: tuple[UnaskedPair, ...]
    prompts: Mapping[str, str]

    def match(self, pair: Askable) -> Match:
        """What is shown of a pair."""
        return Match(
            prompt=self.prompts[pair.prompt_id], opening=pair.footing.opening, left=pair.footing.a, right=pair.footing.b
        )

    @property
    def questions(self) -> dict[str, str]:
        """Every question by its hash, the exam first; equal questions are asked once."""
        matches = (*(one.match for one in self.exam), *map(self.match, self.pairs))
        return {question_hash(question): question for match in matches for question in match.questions}


def plan_sittings(source: Source, design: Design, word_limit: int) -> JudgePlan:
    """The exam and every pair of the design whose texts differ, cleaned and cut as ballots are.

    Raises:
        UsageError: no two answers differ.
    """
    texts = clean_texts(source)
    askable, unasked = list_pairs(source, texts, design, word_limit)
    if not askable:
        raise UsageError("there is no pair to judge: no two variants gave different answers to one prompt.")
    reference = {
        prompt_id: text for (label, prompt_id), text in texts.answers.items() if label == source.reference_label
    }
    return JudgePlan(
        design=design,
        word_limit=word_limit,
        exam=make_exam(texts.prompts, reference, word_limit),
        pairs=askable,
        unasked=unasked,
        prompts=texts.prompts,
    )


def read_judgement(plan: JudgePlan, replies: Mapping[str, JudgeReply], *, model: str, payload_hash: str) -> Judgement:
    """What the replies say; a question without one is unreadable.

    Args:
        replies: by question hash.
    """
    return Judgement(
        judge=f"llm:{payload_hash[:8]}",
        model=model,
        payload_hash=payload_hash,
        design=plan.design,
        word_limit=plan.word_limit,
        exam=mark_exam(read_exam(plan.exam, replies)),
        pairs=tuple(_judged(plan, pair, replies) for pair in plan.pairs),
        unasked=plan.unasked,
    )


def _judged(plan: JudgePlan, pair: Askable, replies: Mapping[str, JudgeReply]) -> JudgedPair:
    return JudgedPair(
        prompt_id=pair.prompt_id,
        label_left=pair.label_a,
        label_right=pair.label_b,
        n_words_left=len(WORD.findall(pair.footing.a)),
        n_words_right=len(WORD.findall(pair.footing.b)),
        sitting=read_sitting(plan.match(pair), replies),
    )
