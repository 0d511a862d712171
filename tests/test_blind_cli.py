"""The commands of blind judging, from a run to the reveal, with their exit codes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evalkit.blind.page import read_ballot
from evalkit.cli.main import main
from evalkit.records.run_data import RunData
from evalkit.report.html import write_report
from evalkit.store.run_folder import RunFolder
from tests.blind_kits import made_kit, votes_document, with_receipt
from tests.report_data import published_run


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


Evalkit = Callable[..., Done]


@pytest.fixture
def run_folder(tmp_path: Path) -> RunFolder:
    """The published texts as a run that was not scored."""
    run = published_run()
    folder = RunFolder.create(tmp_path / "results", run.manifest)
    for generation in run.generations:
        folder.append_generation(generation)
    return folder


@pytest.fixture
def evalkit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Evalkit:
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["evalkit", "blind", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return Done(int(ended.value.code or 0), written.out, written.err)

    return call


def vote(kit: Path, judge: str, **change: object) -> Path:
    """The file that a judge sends; ten seconds a pair, ending now."""
    page = (kit / "ballots" / f"ballot-{judge}.html").read_text("utf-8")
    document = votes_document(read_ballot(page, "page").ballot)
    shift = int(datetime.now(UTC).timestamp() * 1000) - document["votes"][-1]["voted_at"]
    votes = [one | {"voted_at": one["voted_at"] + shift} for one in document["votes"]]
    document = with_receipt(document | {"begun_at": document["begun_at"] + shift, "votes": votes}) | change
    path = kit.parent / f"votes-{judge}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_a_vote_goes_from_the_run_to_the_reveal(run_folder: RunFolder, evalkit: Evalkit, tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    made = evalkit("make", "2026", "--judges", "ana,ben", "--pairs", "10", "--out", "kit", "--json")
    assert made.returncode == 0, made.stderr
    document = json.loads(made.stdout)
    key = kit / "publisher" / "key.json"
    assert hashlib.sha256(key.read_bytes()).hexdigest() == document["commitment"]
    assert [known.commitment for known in run_folder.blind.read_kits()] == [document["commitment"]]

    first = evalkit("collect", "kit", str(vote(kit, "ana")))
    assert (first.returncode, first.stdout.splitlines()[1:]) == (
        0,
        ["ana: 10 of 10 votes, complete", "ben: 0 of 10 votes, 10 missing"],
    )
    early = evalkit("reveal", "kit")
    assert early.returncode == 4
    assert "ben lacks 10 of 10" in early.stderr
    assert evalkit("collect", "kit", str(vote(kit, "ben")), "--json").returncode == 0

    done = evalkit("reveal", "kit", "--commitment", document["commitment"], "--json")
    assert done.returncode == 0, done.stderr
    votes = json.loads(done.stdout)["votes"]
    assert len(votes) == 20
    assert {label for one in votes for label in (one["label_left"], one["label_right"])} <= {
        f"M{n}" for n in range(1, 11)
    }
    (reveal,) = run_folder.blind.read_reveals()
    assert reveal.sources_checked
    published = run_folder.path / "blind" / reveal.kit_id / "key.json"
    assert hashlib.sha256(published.read_bytes()).hexdigest() == document["commitment"]
    assert evalkit("collect", "kit", str(vote(kit, "ana"))).returncode == 1

    sent = kit / "ballots" / "ballot-ana.html"
    assert evalkit("check", str(published), str(sent)).returncode == 0
    sent.write_text(sent.read_text("utf-8").replace("silence", "noise", 1), encoding="utf-8")
    altered = evalkit("check", str(published), str(sent), str(kit / "ballots" / "ballot-ben.html"))
    assert altered.returncode == 1
    assert "ballot-ana.html: not what was sealed" in altered.stdout
    assert "ballot-ben.html: as sealed" in altered.stdout


def test_a_refused_file_exits_1_with_the_reason(run_folder: RunFolder, evalkit: Evalkit, tmp_path: Path) -> None:
    evalkit("make", "2026", "--judges", "ana", "--pairs", "8", "--out", "kit")
    bad = vote(tmp_path / "kit", "ana", kit_id="b" * 16)
    done = evalkit("collect", "kit", str(bad))
    assert done.returncode == 1
    assert "refused, nothing taken\n  it belongs to kit bbbb" in done.stdout


def test_an_altered_answer_in_the_run_exits_1_and_is_named(
    run_folder: RunFolder, evalkit: Evalkit, tmp_path: Path
) -> None:
    evalkit("make", "2026", "--judges", "ana", "--pairs", "8", "--out", "kit")
    evalkit("collect", "kit", str(vote(tmp_path / "kit", "ana")))
    answers = run_folder.path / "generations.jsonl"
    answers.write_text(answers.read_text("utf-8").replace("silence", "noise", 1), encoding="utf-8")
    done = evalkit("reveal", "kit")
    assert done.returncode == 1
    assert "the run's answer of M1 to waystone was altered" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("make", "2026", "--judges", "M1"), "names a variant"),
        (("make", "2026", "--judges", ","), "no judge was named"),
        (("make", "nothing", "--judges", "ana"), "no run 'nothing'"),
        (("make", "2026"), "Missing option '--judges'"),
        (("make", "2026", "--judges", "ana", "--out", "results"), "is not empty"),
        (("collect", "nowhere"), "is no kit"),
        (("reveal", "nowhere"), "is no kit"),
        (("serve", "nowhere"), "is no kit"),
        (("nonsense",), "No such command"),
    ],
    ids=["label", "nobody", "run", "judges", "full", "collect", "reveal", "serve", "command"],
)
def test_wrong_usage_is_one_readable_message(
    words: tuple[str, ...], message: str, run_folder: RunFolder, evalkit: Evalkit
) -> None:
    done = evalkit(*words)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_report_prints_every_commitment_before_and_after_the_reveal(tmp_path: Path) -> None:
    kit = made_kit().kit
    run: RunData = dataclasses.replace(published_run(), kits=(kit,))
    write_report(run, tmp_path / "report.html")
    assert kit.commitment in (tmp_path / "report.html").read_text("utf-8")
