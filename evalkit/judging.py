"""Where run folders meet judges: ask a model, and weigh what people and models said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from evalkit.analyse.panel import weigh_panel
from evalkit.blind.source import read_source
from evalkit.engine.judge_protocol import JudgeAnswered, JudgeJob, JudgeQuestion
from evalkit.engine.protocol import Loading
from evalkit.judge.plan import JudgePlan, plan_sittings, read_judgement
from evalkit.judge.questions import GRAMMAR, MAX_TOKENS
from evalkit.records.blind import Design
from evalkit.records.family import Variant
from evalkit.records.judgement import Judgement, JudgeReply
from evalkit.records.preferences import Preferences
from evalkit.records.run import EngineSettings
from evalkit.store.run_folder import RunFolder

DEFAULT_WORD_LIMIT = 200
LOG_NAME = "judge.log"


class JudgeEngine(Protocol):
    """Answers questions within a grammar; `ChildEngine` does."""

    def judge(self, job: JudgeJob) -> Iterator[Loading | JudgeAnswered]:
        """One event per answered question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeProgress:
    """How many of a judge's questions are answered."""

    n_done: int
    n_questions: int


def plan_judgement(folder: RunFolder, design: Design | None, word_limit: int | None) -> JudgePlan:
    """The exam and the pairs; what is not asked for is as in the run's newest kit, so that people see the same pairs.

    Raises:
        UsageError: no two answers differ.
    """
    kits = folder.blind.read_kits()
    newest = kits[-1] if kits else None
    return plan_sittings(
        read_source(folder.read_manifest(), folder.read_generations()),
        design or (newest.design if newest else Design.STAR),
        word_limit or (newest.word_limit if newest else DEFAULT_WORD_LIMIT),
    )


def ask_judge(
    folder: RunFolder, plan: JudgePlan, judge: Variant, engine: JudgeEngine, settings: EngineSettings
) -> Iterator[JudgeProgress]:
    """Ask what was not answered yet; every reply is on the disk before the next question.

    Raises:
        EngineError: the judge's process broke. What was answered is kept, and the same call goes on from there.
    """
    with folder.locked():
        folder.judging.prepare(judge.payload_hash)
        questions = plan.questions
        n_done = len(questions.keys() & folder.judging.read_replies(judge.payload_hash).keys())
        yield JudgeProgress(n_done=n_done, n_questions=len(questions))
        missing = questions.keys() - folder.judging.read_replies(judge.payload_hash).keys()
        if not missing:
            return
        job = JudgeJob(
            path=judge.path,
            template=judge.header.chat_template,
            n_ctx_train=judge.header.n_ctx_train,
            questions=tuple(
                JudgeQuestion(question_hash=key, text=text) for key, text in questions.items() if key in missing
            ),
            grammar=GRAMMAR,
            max_tokens=MAX_TOKENS,
            settings=settings,
            log_path=folder.judging.folder(judge.payload_hash) / LOG_NAME,
        )
        for event in engine.judge(job):
            if isinstance(event, JudgeAnswered):
                reply = JudgeReply(question_hash=event.question_hash, raw=event.raw, problem=event.problem)
                folder.judging.append_reply(judge.payload_hash, reply)
                n_done += 1
                yield JudgeProgress(n_done=n_done, n_questions=len(questions))


def keep_judgement(folder: RunFolder, plan: JudgePlan, judge: Variant) -> Judgement:
    """What the replies say, kept in the run."""
    replies = folder.judging.read_replies(judge.payload_hash)
    judgement = read_judgement(plan, replies, model=judge.path.name, payload_hash=judge.payload_hash)
    with folder.locked():
        folder.judging.write_judgement(judgement)
    return judgement


def weigh_run(folder: RunFolder) -> Preferences | None:
    """Bring all votes of a run together and keep the result; None where nothing was revealed or judged."""
    family = folder.read_manifest().config.family
    preferences = weigh_panel(
        folder.blind.read_reveals(),
        folder.judging.read_judgements(),
        labels=tuple(variant.label for variant in family.variants),
        reference_label=family.reference.label,
    )
    if preferences is not None:
        with folder.locked():
            folder.judging.write_preferences(preferences)
    return preferences
