"""`evalkit judge` on a real model: the toy fails its exam, its votes weigh nothing, a kill costs no reply."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalkit.records.judgement import Criterion
from evalkit.store.run_folder import RunFolder
from tests.report_data import published_run

SMALL = ("--words", "40", "-t", "1")


@pytest.fixture
def run_folder(tmp_path: Path) -> RunFolder:
    run = published_run()
    folder = RunFolder.create(tmp_path / "results", run.manifest)
    for generation in run.generations:
        folder.append_generation(generation)
    folder.write_measurement(run.measurement, run.summary)
    return folder


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "evalkit", "judge", *words]


def judge(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), cwd=cwd, capture_output=True, text=True, check=False)


def replies_in(folder: RunFolder) -> list[str]:
    return [line for path in folder.path.glob("judge/*/replies.jsonl") for line in path.read_text().splitlines()]


@pytest.mark.full
def test_the_toy_model_sits_its_exam_fails_and_weighs_nothing(
    run_folder: RunFolder, demo_family: Path, tmp_path: Path
) -> None:
    model = str(sorted(demo_family.glob("*.gguf"))[0])
    process = subprocess.Popen(command("--judge-model", model, *SMALL), cwd=tmp_path, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while len(replies_in(run_folder)) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    n_kept = len(replies_in(run_folder))
    assert n_kept >= 3
    done = judge(tmp_path, "--judge-model", model, *SMALL, "--json")
    assert done.returncode == 4, done.stderr
    assert f"{n_kept} of " in done.stderr or f"{n_kept + 1} of " in done.stderr
    replies = [json.loads(line) for line in replies_in(run_folder)]
    assert len({one["question_hash"] for one in replies}) == len(replies)
    assert all(json.loads(one["raw"])["better"] in ("A", "B", "tie", "both_bad") for one in replies)
    (found,) = json.loads(done.stdout)["models"]
    assert found["results"] == []
    assert not found["exam"]["is_fit"]
    assert found["n_pairs"] == found["check"]["n_votes"] / 2
    (judgement,) = run_folder.judging.read_judgements()
    assert Criterion.DAMAGE in {mark.criterion for mark in judgement.exam.marks if not mark.is_passed}
    page = next((tmp_path / "reports").glob("*/index.html")).read_text("utf-8")
    assert "it is unfit as a judge, and its votes carry no weight" in page


@pytest.mark.full
def test_a_judge_that_is_no_model_is_a_usage_error(run_folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"no model")
    for name in ("bad.gguf", "absent.gguf"):
        done = judge(tmp_path, "--judge-model", name, *SMALL)
        assert done.returncode == 2, done.stderr
        assert name in done.stderr
        assert "Traceback" not in done.stderr
    assert replies_in(run_folder) == []
