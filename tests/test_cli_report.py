from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evalkit.cli.main import cli
from evalkit.records.run_data import RunData
from evalkit.store.run_folder import RunFolder
from tests.report_data import make_run, prompt

OTHER_ID = "20261001T000000Z-00000000"


def keep(root: Path, run: RunData) -> RunFolder:
    folder = RunFolder.create(root, run.manifest)
    for generation in run.generations:
        folder.append_generation(generation)
    folder.write_measurement(run.measurement, run.summary)
    return folder


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs of two variants: the newest, and one of an earlier release."""
    monkeypatch.chdir(tmp_path)
    texts = {(label, "p"): f"{label} came to the door and waited for the rain to end." for label in ("M1", "M2")}
    run = make_run(texts, (prompt("p", "P", "Go on."),), labels=("M1", "M2"))
    root = tmp_path / "results"
    root.mkdir()
    keep(root, run)
    keep(root, dataclasses.replace(run, manifest=dataclasses.replace(run.manifest, run_id=OTHER_ID)))
    return root


def call(*words: str) -> Result:
    return CliRunner().invoke(cli, ["report", *words], standalone_mode=False)


def test_newest_run_is_reported_and_the_page_named(results: Path) -> None:
    done = call()
    assert done.exception is None
    path = Path("reports/20261124T150000Z-1a2b3c4d/index.html")
    assert path.is_file()
    assert f"report: {path}" in done.stderr


def test_card_is_written_beside_the_page_and_printed_alone(results: Path) -> None:
    done = call("--card")
    card = Path("reports/20261124T150000Z-1a2b3c4d/card.md")
    assert done.stdout == card.read_text("utf-8")
    assert done.stdout.startswith("## Nine Rings")


def test_json_stays_whole_beside_a_card(results: Path) -> None:
    assert json.loads(call("--card", "--json").stdout)["run_id"] == "20261124T150000Z-1a2b3c4d"


def test_other_run_stands_beside_this_one(results: Path) -> None:
    assert call("2026112", "--compare", "202610").exception is None
    page = Path("reports/20261124T150000Z-1a2b3c4d/index.html").read_text("utf-8")
    assert 'id="comparison"' in page
    assert OTHER_ID in page


def test_unknown_other_run_is_an_error_with_the_next_step(results: Path) -> None:
    done = call("--compare", "nonesuch")
    assert "no run 'nonesuch'" in str(done.exception)


@pytest.mark.parametrize(("out", "page"), [("there", "there/index.html"), ("there/mine.html", "there/mine.html")])
def test_out_says_where_the_page_of_a_run_folder_goes(results: Path, out: str, page: str) -> None:
    assert call(str(results / OTHER_ID), "--out", out).exception is None
    assert Path(page).is_file()
    assert not Path("reports").exists()


def test_out_with_runs_in_it_is_the_folder_of_runs(results: Path) -> None:
    assert call(OTHER_ID, "--out", str(results)).exception is None
    assert Path(f"reports/{OTHER_ID}/index.html").is_file()


def test_open_hands_the_pages_address_to_the_browser(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: asked.append(address) or True)
    call("--open")
    assert asked == [Path("reports/20261124T150000Z-1a2b3c4d/index.html").resolve().as_uri()]
