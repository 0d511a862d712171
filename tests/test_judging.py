"""Judging in a run folder: replies on the disk at once, a broken judge goes on where it was, verdicts kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evalkit.engine.judge_protocol import JudgeAnswered, JudgeJob
from evalkit.engine.protocol import Loading
from evalkit.judging import ask_judge, keep_judgement, plan_judgement, weigh_run
from evalkit.records.blind import Design
from evalkit.records.errors import EngineCrashError, RunFolderError
from evalkit.records.run import EngineSettings
from evalkit.store.run_folder import RunFolder
from tests.blind_kits import made_kit, random_texts, run_of
from tests.samples import variant

JUDGE = variant("X")
SETTINGS = EngineSettings(n_threads=1)


class Obstinate:
    """Answers every question with A, and dies after so many; notes what it was asked."""

    def __init__(self, dies_after: int | None = None) -> None:
        self.dies_after = dies_after
        self.asked: list[JudgeJob] = []

    def judge(self, job: JudgeJob) -> Iterator[Loading | JudgeAnswered]:
        self.asked.append(job)
        yield Loading(label="X", fraction=1.0)
        for n, question in enumerate(job.questions):
            if n == self.dies_after:
                raise EngineCrashError("the child process was killed by SIGSEGV.")
            raw = '{"better": "A", "darker": "same"}'
            yield JudgeAnswered(question_hash=question.question_hash, raw=raw, problem="")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made, generations = run_of(random_texts(7))
    folder = RunFolder.create(tmp_path, made)
    for generation in generations:
        folder.append_generation(generation)
    return folder


def test_a_judge_that_dies_keeps_its_replies_and_is_asked_the_rest(folder: RunFolder) -> None:
    plan = plan_judgement(folder, Design.STAR, 60)
    with pytest.raises(EngineCrashError):
        list(ask_judge(folder, plan, JUDGE, Obstinate(dies_after=5), SETTINGS))
    assert len(folder.judging.read_replies(JUDGE.payload_hash)) == 5
    second = Obstinate()
    progress = list(ask_judge(folder, plan, JUDGE, second, SETTINGS))
    assert progress[0].n_done == 5
    assert progress[-1].n_done == progress[-1].n_questions == len(plan.questions)
    (job,) = second.asked
    assert len(job.questions) == len(plan.questions) - 5
    third = Obstinate()
    list(ask_judge(folder, plan, JUDGE, third, SETTINGS))
    assert third.asked == []


def test_a_torn_last_reply_is_asked_again(folder: RunFolder) -> None:
    plan = plan_judgement(folder, Design.STAR, 60)
    list(ask_judge(folder, plan, JUDGE, Obstinate(), SETTINGS))
    replies = folder.judging.folder(JUDGE.payload_hash) / "replies.jsonl"
    replies.write_bytes(replies.read_bytes()[:-20])
    again = Obstinate()
    list(ask_judge(folder, plan, JUDGE, again, SETTINGS))
    assert len(again.asked[0].questions) == 1


def test_answers_that_changed_are_judged_again(folder: RunFolder, tmp_path: Path) -> None:
    plan = plan_judgement(folder, Design.STAR, 60)
    list(ask_judge(folder, plan, JUDGE, Obstinate(), SETTINGS))
    other = Obstinate()
    list(ask_judge(folder, plan_judgement(folder, Design.STAR, 40), JUDGE, other, SETTINGS))
    assert other.asked[0].questions


def test_an_unfit_judges_verdict_is_kept_beside_its_raw_replies(folder: RunFolder) -> None:
    plan = plan_judgement(folder, Design.STAR, 60)
    list(ask_judge(folder, plan, JUDGE, Obstinate(), SETTINGS))
    judgement = keep_judgement(folder, plan, JUDGE)
    assert not judgement.exam.is_fit
    assert folder.judging.read_judgements() == (judgement,)
    assert (folder.judging.folder(JUDGE.payload_hash) / "exam.json").is_file()
    preferences = weigh_run(folder)
    assert preferences is not None
    assert preferences.results == ()
    assert preferences.models[0].results == ()
    assert preferences == folder.judging.read_preferences()


def test_without_votes_nothing_is_weighed_and_nothing_written(folder: RunFolder) -> None:
    assert weigh_run(folder) is None
    assert folder.judging.read_preferences() is None


def test_pairs_and_cut_are_those_of_the_newest_kit(folder: RunFolder) -> None:
    assert plan_judgement(folder, None, None).design is Design.STAR
    folder.blind.write_kit(made_kit().kit)
    plan = plan_judgement(folder, None, None)
    assert (plan.design, plan.word_limit) == (Design.ROBIN, 60)


def test_preferences_of_another_schema_are_refused_by_name(folder: RunFolder) -> None:
    (folder.path / "preferences.json").write_text('{"schema_version": 99}')
    with pytest.raises(RunFolderError, match=r"preferences\.json has schema version 99"):
        folder.judging.read_preferences()
