"""Replies of judges whose habits are known, for the tests of exams and verdicts."""

from __future__ import annotations

import json
from collections.abc import Callable

from evalkit.judge.exam import ExamQuestion
from evalkit.judge.plan import JudgePlan, plan_sittings
from evalkit.judge.questions import Match, question_hash
from evalkit.records.blind import Design
from evalkit.records.judgement import ExamKind, JudgeReply
from tests.blind_kits import random_texts, source_of

Habit = Callable[[str, str, ExamKind | None], tuple[str, str]]
"""What is said of texts A and B: (better, darker). The kind is None for pairs of the run."""


def plan(design: Design = Design.STAR) -> JudgePlan:
    return plan_sittings(source_of(random_texts(7)), design, 60)


def reply(question: str, better: str, darker: str = "same") -> JudgeReply:
    raw = json.dumps({"better": better, "darker": darker})
    return JudgeReply(question_hash=question_hash(question), raw=raw, problem="")


def sit(made: JudgePlan, say: Callable[[Match, ExamQuestion | None, bool], str]) -> dict[str, JudgeReply]:
    """Every reply; `say(match, exam question, whether sides are swapped)` is what is better: A, B, tie ..."""
    replies = {}
    for match, exam in [*((one.match, one) for one in made.exam), *((made.match(pair), None) for pair in made.pairs)]:
        for question, swapped in zip(match.questions, (False, True), strict=True):
            made_reply = reply(question, say(match, exam, swapped))
            replies[made_reply.question_hash] = made_reply
    return replies


def careful(match: Match, exam: ExamQuestion | None, swapped: bool) -> str:
    """Sees every damage, is not moved by length, and finds the variants alike."""
    if exam is None or exam.kind in (ExamKind.IDENTICAL, ExamKind.PADDED):
        return "tie"
    return "B" if swapped else "A"


def always_first(match: Match, exam: ExamQuestion | None, swapped: bool) -> str:
    return "A"


def longer(match: Match, exam: ExamQuestion | None, swapped: bool) -> str:
    """Whatever has more letters."""
    if len(match.left) == len(match.right):
        return "tie"
    return "A" if (len(match.left) > len(match.right)) != swapped else "B"
