"""From a finished run to the verdict: three judges vote, the kit is revealed, table, report and exports tell it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evalkit.blind.kit_folder import KitFolder
from evalkit.cli.main import main
from evalkit.judge.plan import read_judgement
from evalkit.judge.questions import question_hash
from evalkit.judging import weigh_run
from evalkit.records.blind import ItemKind, KeyEntry
from evalkit.records.judgement import JudgeReply
from evalkit.report.html import write_report
from evalkit.store.run_folder import RunFolder
from tests.blind_kits import with_receipt
from tests.judge_samples import always_first, plan, sit
from tests.page import read_page
from tests.report_data import published_run

JUDGES = ("ana", "ben", "eva")
Evalkit = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run_folder(tmp_path: Path) -> RunFolder:
    """The published texts as a scored run."""
    run = published_run()
    folder = RunFolder.create(tmp_path / "results", run.manifest)
    for generation in run.generations:
        folder.append_generation(generation)
    folder.write_measurement(run.measurement, run.summary)
    return folder


@pytest.fixture
def evalkit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Evalkit:
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["evalkit", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out, written.err

    return call


def likes_m7(entry: KeyEntry) -> str:
    """Whoever writes M7 wins; everything else is a tie."""
    if entry.kind is ItemKind.IDENTICAL or "M7" not in (entry.label_left, entry.label_right):
        return "tie"
    return "left" if entry.label_left == "M7" else "right"


def vote(kit: Path, judge: str) -> Path:
    """The judge's file; only a test may look into the key for it."""
    folder = KitFolder.open(kit)
    known, entries = folder.read_kit(), folder.read_key().entries
    own = [entry for entry in entries if entry.judge == judge and not entry.is_reserve]
    begun = int(datetime.now(UTC).timestamp() * 1000) - 12_000 * len(own)
    votes = [
        {
            "item_id": entry.item_id, "outcome": likes_m7(entry), "darker": None, "milliseconds": 9_000,
            "voted_at": begun + 11_000 * number, "note": "",
        }
        for number, entry in enumerate(own, start=1)
    ]  # fmt: skip
    document = {
        "format": "evalkit-votes", "schema_version": 1, "kit_id": known.kit_id, "judge": judge,
        "commitment": known.commitment, "begun_at": begun, "receipt": None, "votes": votes,
    }  # fmt: skip
    path = kit.parent / f"votes-{judge}.json"
    path.write_text(json.dumps(with_receipt(document)), encoding="utf-8")
    return path


def test_votes_become_a_verdict_a_report_and_exports(run_folder: RunFolder, evalkit: Evalkit, tmp_path: Path) -> None:
    code, _, err = evalkit("blind", "make", "2026", "--judges", ",".join(JUDGES), "--pairs", "40", "--out", "kit")
    assert code == 0, err
    for words in (
        ("blind", "verdict"),
        *(("export", name, "--to", "x") for name in ("arena", "dpo", "llm-comparator")),
    ):
        code, _, err = evalkit(*words)
        assert code == 4, words
        assert "eveal" in err
    assert not (tmp_path / "x").exists()
    sealed = next((tmp_path / "reports").glob("*/index.html")).read_text("utf-8")
    assert run_folder.blind.read_kits()[0].commitment in sealed
    assert "sealed: no vote is shown before the reveal" in sealed
    votes = [str(vote(tmp_path / "kit", judge)) for judge in JUDGES]
    assert evalkit("blind", "collect", "kit", *votes)[0] == 0
    code, out, err = evalkit("blind", "reveal", "kit")
    assert code == 0, err
    assert "People: Which is better?" in out
    code, out, _ = evalkit("blind", "verdict", "--json")
    assert code == 0
    (better,) = json.loads(out)["results"]
    shares = {row["label"]: row["win_share"]["value"] for row in better["ratings"]}
    assert max(shares, key=lambda label: shares[label] or 0) == "M7"
    assert json.loads(out)["kit_ids"] == [run_folder.blind.read_kits()[0].kit_id]
    check_page(next((tmp_path / "reports").glob("*/index.html")))
    check_exports(evalkit, tmp_path, n_decided=sum(cell["n_a"] + cell["n_b"] for cell in better["wins"]))


def check_page(path: Path) -> None:
    (section,) = read_page(path.read_text("utf-8")).all("section", id="votes")
    text = " ".join(section.text.split())
    for part in ("revealed", "Which is better?", "Krippendorff", "Left wins", "Longer wins", "Votes to settle it"):
        assert part in text
    (table,) = [one for one in section.all("table") if one.attributes["aria-label"] == "People: Which is better?"]
    rows = {row.all("th")[0].text: row for row in table.all("tr")[1:]}
    assert list(rows) == [f"M{number}" for number in range(2, 11)]
    assert len(rows["M7"].all("svg")) == 1


def check_exports(evalkit: Evalkit, folder: Path, n_decided: int) -> None:
    assert evalkit("export", "arena", "--to", "a.jsonl")[0] == 0
    battles = [json.loads(line) for line in (folder / "a.jsonl").read_text("utf-8").splitlines()]
    won = [row for row in battles if "M7" in (row["model_a"], row["model_b"])]
    assert won
    assert all(row[row["winner"]] == "M7" for row in won)
    assert evalkit("export", "dpo", "--to", "d.jsonl")[0] == 0
    assert len((folder / "d.jsonl").read_text("utf-8").splitlines()) == n_decided
    assert evalkit("export", "llm-comparator", "--variant", "M7", "--to", "c.json")[0] == 0
    assert json.loads((folder / "c.json").read_text("utf-8"))["examples"][0]["score"] == 1.0
    code, _, err = evalkit("export", "llm-comparator", "--variant", "M99", "--to", "c.json")
    assert code == 2
    assert "none of this run's" in err


def test_a_run_without_kits_and_judges_has_no_such_section(run_folder: RunFolder, tmp_path: Path) -> None:
    write_report(run_folder.read_data(), tmp_path / "page.html")
    assert read_page((tmp_path / "page.html").read_text("utf-8")).all("section", id="votes") == []


def test_a_hostile_model_name_and_reply_stay_text(run_folder: RunFolder, tmp_path: Path) -> None:
    made = plan()
    replies = sit(made, always_first)
    key = question_hash(made.match(made.pairs[0]).questions[0])
    replies[key] = JudgeReply(question_hash=key, raw="<img src=x onerror=alert(2)>\u202e", problem="")
    judgement = read_judgement(made, replies, model="<script>alert(1)</script>\u202e.gguf", payload_hash="ab" * 32)
    run_folder.judging.prepare(judgement.payload_hash)
    run_folder.judging.write_judgement(judgement)
    weigh_run(run_folder)
    write_report(run_folder.read_data(), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;img src=x onerror=alert(2)&gt;" in page
