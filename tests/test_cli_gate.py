"""`evalkit gate` and `evalkit bless` on run folders: exit codes, files, history. No model is loaded."""

import io
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from evalkit.cli.main import main
from evalkit.generate.run import plan_cells
from evalkit.records.family import Role, Variant
from evalkit.records.generation import Certificate, CertificateState
from evalkit.records.run import RunStatus
from evalkit.records.run_data import Measurement
from evalkit.records.scores import ALL_PROMPTS, Figure, Metric, RunSummary, Score
from evalkit.store.run_folder import RunFolder
from tests.gate_samples import FLAGS, imatrix
from tests.samples import config, generation, manifest

OLDER, NEWER = "20260101T000000Z-aaaa0000", "20260201T000000Z-bbbb0000"
PROMPTS = ("inn", "sky")
# Sample runs have no positions, no names and made-up speeds; what is tested here is the command, not these rules.
POLICY = """rules: {
  intent.tint-order: off, intent.expected-tint-order: off, regression.likeness: off, hard.metadata: off, cost.speed: off
}
"""


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def evalkit(*words: str, cwd: Path) -> Done:
    """The whole command, in this process: importing pandas anew for each call would take minutes."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(cwd), redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["evalkit", *words])
        with pytest.raises(SystemExit) as exited:
            main()
    return Done(int(exited.value.code or 0), out.getvalue(), err.getvalue())


def with_imatrix(variant: Variant) -> Variant:
    if variant.role is Role.REFERENCE:
        return variant
    return replace(variant, source=replace(variant.header, imatrix=imatrix("horror")))


def scores(divergence: float, loops: bool) -> Iterator[Score]:
    for label in ("M1", "M2"):
        values = {Metric.KL_DIVERGENCE: 0.001 if label == "M1" else divergence}
        values |= {Metric.TOP1_AGREEMENT: 0.95, Metric.LN_PPL_RATIO: 0.01}
        values |= dict.fromkeys(FLAGS, 0.0) | {Metric.LOOP: float(loops and label == "M2")}
        for metric, value in values.items():
            for number, prompt_id in enumerate((*PROMPTS, ALL_PROMPTS)):
                step = number / 1000 if metric is Metric.KL_DIVERGENCE else 0
                yield Score(label=label, prompt_id=prompt_id, metric=metric, figure=Figure(value=value + step))


def write_run(
    root: Path, run_id: str, *, divergence: float = 0.02, loops: bool = False, n_batch: int = 512
) -> RunFolder:
    """A finished, scored run of M1 and M2 on two prompts."""
    sound = config(n_regenerations=2)
    family = replace(sound.family, variants=tuple(map(with_imatrix, sound.family.variants)))
    run_config = replace(sound, family=family, engine=replace(sound.engine, n_batch=n_batch))
    folder = RunFolder.create(root, replace(manifest(run_id), config=run_config, status=RunStatus.COMPLETE))
    folder.prepare_to_append(family.variants)
    (folder.reference_folder / "inn.npz").write_bytes(b"distributions")
    for cell in plan_cells(run_config):
        folder.append_generation(generation(cell, (1, 2, 3) if cell.label == "M1" else (1, 5)))
    certificates = tuple(
        Certificate(label=label, prompt_id=prompt_id, state=CertificateState.IDENTICAL, n_regenerations=2)
        for label in ("M1", "M2")
        for prompt_id in PROMPTS
    )
    measurement = Measurement(certificates=certificates, scores=tuple(scores(divergence, loops)), tints=())
    folder.write_measurement(measurement, RunSummary(variants=(), reproducible=True, notes=()))
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "gate.yaml").write_text(POLICY)
    return tmp_path


@pytest.fixture
def blessed(place: Path) -> Path:
    write_run(place / "results", OLDER)
    done = evalkit("bless", OLDER, "--reason", "first release", "--by", "ann", cwd=place)
    assert done.returncode == 0, done.stdout + done.stderr
    return place


def test_an_unchanged_release_is_0_and_its_decision_lies_in_the_run(blessed: Path) -> None:
    folder = write_run(blessed / "results", NEWER)
    done = evalkit("gate", cwd=blessed)
    assert done.returncode == 0, done.stdout
    assert "gate open" in done.stdout.splitlines()[-1]
    decision = json.loads(folder.decision_path.read_text())
    assert (decision["verdict"], decision["run_id"], decision["baseline_run_id"]) == ("open", NEWER, OLDER)
    page = (blessed / "reports" / NEWER / "index.html").read_text("utf-8")
    assert f"gate open: {len(decision['findings'])} checks" in page


def test_a_damaged_decision_is_named_with_what_to_do(blessed: Path) -> None:
    folder = write_run(blessed / "results", NEWER)
    folder.decision_path.write_text('{"schema_version": 1}')
    done = evalkit("report", NEWER, cwd=blessed)
    assert done.returncode == 1
    assert "gate.json is no decision" in done.stderr
    assert "gate the run again" in done.stderr
    # What it says to do works.
    assert evalkit("gate", NEWER, cwd=blessed).returncode == 0
    assert evalkit("report", NEWER, cwd=blessed).returncode == 0


def test_a_decision_on_figures_that_were_scored_anew_says_so_in_the_report(blessed: Path) -> None:
    folder = write_run(blessed / "results", NEWER)
    page = blessed / "reports" / NEWER / "index.html"
    assert evalkit("gate", NEWER, cwd=blessed).returncode == 0
    assert "scored anew" not in page.read_text("utf-8")
    table = folder.path / "scores.csv"
    table.write_text(table.read_text("utf-8") + table.read_text("utf-8").splitlines()[-1] + "\n", "utf-8")
    assert evalkit("report", NEWER, cwd=blessed).returncode == 0
    assert "scored anew" in page.read_text("utf-8")


def test_a_broken_rule_is_3_and_named(blessed: Path) -> None:
    write_run(blessed / "results", NEWER, loops=True)
    done = evalkit("gate", NEWER, cwd=blessed)
    assert done.returncode == 3
    assert "x M2, inn: It repeats itself." in done.stdout


def test_another_signature_is_4_with_what_differs(blessed: Path) -> None:
    write_run(blessed / "results", NEWER, n_batch=64)
    done = evalkit("gate", cwd=blessed)
    assert done.returncode == 4
    assert "engine.n_batch: 64 now, 512 in the baseline" in done.stdout
    assert "evalkit bless RUN" in done.stdout


def test_no_baseline_is_4_and_can_be_waived_for_a_first_release(place: Path) -> None:
    write_run(place / "results", NEWER)
    assert evalkit("gate", cwd=place).returncode == 4
    assert evalkit("gate", "--no-baseline", cwd=place).returncode == 0


def test_an_unscored_run_is_1(blessed: Path) -> None:
    folder = write_run(blessed / "results", NEWER)
    (folder.path / "scores.csv").unlink()
    done = evalkit("gate", cwd=blessed)
    assert done.returncode == 1
    assert "evalkit score" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--policy", "none.yaml"), "cannot be read"),
        (("--baseline", "none.json"), "there is no baseline none.json"),
        (("--baseline", "results/baseline.json", "--no-baseline"), "contradict"),
        (("--explain", "hard.lops"), "there is no rule"),
        (("--today", "yesterday"), "yesterday"),
        ((OLDER, "--models", "x.gguf"), "not both"),
        (("--models", "none/*.gguf"), "none/*.gguf"),
    ],
)
def test_wrong_usage_is_2(words: tuple[str, ...], message: str, blessed: Path) -> None:
    done = evalkit("gate", *words, cwd=blessed)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_same_inputs_give_a_byte_equal_decision_file(blessed: Path) -> None:
    folder = write_run(blessed / "results", NEWER, loops=True)
    contents = set()
    for _ in range(2):
        evalkit("gate", "--today", "2026-02-01", cwd=blessed)
        contents.add(folder.decision_path.read_bytes())
    assert len(contents) == 1


def test_every_output_is_written_on_request(blessed: Path) -> None:
    write_run(blessed / "results", NEWER, loops=True)
    (blessed / "summary.md").write_text("before\n")
    done = evalkit(
        "gate", "--json", "--annotations", "--junit", "j.xml", "--sarif", "s.json", "--markdown", "summary.md",
        cwd=blessed,
    )  # fmt: skip
    assert done.returncode == 3
    assert json.loads(done.stdout)["verdict"] == "closed"
    assert "::error title=evalkit gate::gate closed" in done.stderr
    assert len(list(parse(blessed / "j.xml").iter("failure"))) == 1  # noqa: S314 - our own output
    assert json.loads((blessed / "s.json").read_text())["version"] == "2.1.0"
    assert (blessed / "summary.md").read_text().startswith("before\n## gate closed")


def test_a_waiver_expires_by_the_day_that_is_handed_in(blessed: Path) -> None:
    write_run(blessed / "results", NEWER, loops=True)
    waiver = "waivers: [{rule: hard.loops, variants: [M2], until: 2026-03-01, reason: a known refrain}]\n"
    (blessed / "gate.yaml").write_text(POLICY + waiver)
    assert evalkit("gate", "--today", "2026-03-01", cwd=blessed).returncode == 0
    late = evalkit("gate", "--today", "2026-03-02", cwd=blessed)
    assert late.returncode == 3
    assert "has expired on 2026-03-01" in late.stdout


def test_bless_refuses_what_the_rules_keep_closed_unless_told_otherwise(place: Path) -> None:
    write_run(place / "results", OLDER, loops=True)
    refused = evalkit("bless", "--reason", "first", cwd=place)
    assert refused.returncode == 3
    assert "hard.loops" in refused.stdout
    assert not (place / "results" / "baseline.json").exists()
    assert evalkit("bless", "--reason", "first", "--anyway", cwd=place).returncode == 0


def test_bless_writes_who_accepted_what_and_why(blessed: Path) -> None:
    baseline = json.loads((blessed / "results" / "baseline.json").read_text())
    assert (baseline["reason"], baseline["blessed_by"]) == ("first release", "ann")
    assert baseline["release"]["run_id"] == OLDER
    assert baseline["release"]["reference_digest"]


@pytest.mark.parametrize("words", [(), ("--reason", " ")])
def test_bless_needs_a_reason(words: tuple[str, ...], place: Path) -> None:
    write_run(place / "results", OLDER)
    assert evalkit("bless", *words, cwd=place).returncode == 2


def test_an_unfinished_run_cannot_be_blessed(place: Path) -> None:
    write_run(place / "results", OLDER).set_status(RunStatus.INTERRUPTED)
    assert evalkit("bless", "--reason", "first", cwd=place).returncode == 4


def test_a_dry_run_judges_each_run_by_the_one_before(place: Path) -> None:
    for number, loops in enumerate((False, False, True, False), start=1):
        write_run(place / "results", f"2026010{number}T000000Z-c", loops=loops)
    done = evalkit("gate", "--dry-run", "--last", "3", "--json", cwd=place)
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert [one["verdict"] for one in found] == ["open", "closed", "open"]
    assert [one["baseline_run_id"] for one in found] == [f"2026010{number}T000000Z-c" for number in (1, 2, 3)]
    assert found[1]["blocking"] == ["hard.loops"]
    assert not list((place / "results").glob("*/gate.json"))


def test_a_dry_run_judges_by_a_baseline_that_is_named_and_says_where_none_fits(blessed: Path) -> None:
    write_run(blessed / "results", NEWER, n_batch=64)
    done = evalkit("gate", "--dry-run", "--baseline", "results/baseline.json", cwd=blessed)
    assert done.returncode == 0
    assert done.stdout.startswith("gate open")
    assert f"no verdict possible ({NEWER})" in done.stdout


def test_a_dry_run_of_one_named_run_and_of_none(blessed: Path) -> None:
    one = evalkit("gate", OLDER, "--dry-run", "--json", cwd=blessed)
    assert [found["run_id"] for found in json.loads(one.stdout)] == [OLDER]
    shutil.rmtree(blessed / "results" / OLDER)
    assert evalkit("gate", "--dry-run", cwd=blessed).stdout == "no run to judge\n"


def test_a_damaged_run_does_not_hide_the_others_in_a_dry_run(blessed: Path) -> None:
    folder = write_run(blessed / "results", NEWER)
    (folder.path / "scores.csv").unlink()
    done = evalkit("gate", "--dry-run", cwd=blessed)
    assert OLDER in done.stdout
    assert "left out" in done.stderr


def test_the_printed_policy_is_one_that_gate_takes(blessed: Path) -> None:
    printed = evalkit("gate", "--print-policy", cwd=blessed)
    assert printed.returncode == 0
    (blessed / "own.yaml").write_text(printed.stdout)
    explained = evalkit("gate", "--explain", "intent.stray", "--policy", "own.yaml", cwd=blessed)
    assert "limit 0.25" in explained.stdout
