"""The main job, end to end, on real GGUFs: run, resume, repeat, fail in part, and look at the report in a browser."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from evalkit.records.run import RunStatus
from evalkit.store.run_folder import RunFolder
from evalkit.store.runs import list_runs
from tests.browser import launched, needs_chromium, opened
from tests.other_family import write_llama

pytestmark = pytest.mark.full

SMALL = ("--max-tokens", "24", "-t", "1")
QUICK = ("--tint-contexts", "none")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "evalkit", "run", *words]


def run(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), cwd=cwd, capture_output=True, text=True, check=False)


def only_run(cwd: Path) -> RunFolder:
    (folder,) = list_runs(cwd / "results")
    return folder


def tokens_of(folder: RunFolder) -> dict[object, tuple[int, ...]]:
    return {one.cell: one.token_ids for one in folder.read_generations()}


@pytest.fixture(scope="module")
def whole(demo_family: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten variants, four prompts, three regenerations, run once for all tests that only look."""
    cwd = tmp_path_factory.mktemp("whole")
    done = run(cwd, "--models", *map(str, sorted(demo_family.glob("*.gguf"))), *SMALL, "--json")
    assert done.returncode == 0, done.stderr
    (cwd / "stdout.json").write_text(done.stdout)
    return cwd


def test_every_cell_is_answered_and_certified(whole: Path) -> None:
    data = only_run(whole).read_data()
    assert len(data.generations) == 10 * 4 * 3
    assert data.manifest.status is RunStatus.COMPLETE
    assert data.failed == ()
    assert data.summary.reproducible is True
    assert [variant.label for variant in data.manifest.config.family.variants] == [f"M{n}" for n in range(1, 11)]


def test_json_on_stdout_is_the_summary_and_nothing_else(whole: Path) -> None:
    document = json.loads((whole / "stdout.json").read_text())
    assert document["status"] == "complete"
    assert document["failed"] == []
    assert [variant["label"] for variant in document["summary"]["variants"]][:2] == ["M1", "M2"]


def test_divergence_is_above_its_noise_floor_and_grows_with_the_steps(whole: Path) -> None:
    figures = {variant.label: variant.figures for variant in only_run(whole).read_data().summary.variants}
    kl = {label: figure["kl_divergence"].value for label, figure in figures.items()}  # type: ignore[index]
    assert all(kl[label] > 3 * kl["M1"] for label in kl if label != "M1")
    # One imatrix, two steps, three steps: the demo family's own recipe.
    assert max(kl["M2"], kl["M3"]) < min(kl["M7"], kl["M8"], kl["M9"], kl["M10"])


def test_the_same_command_again_generates_nothing_and_fresh_gives_the_same_figures(
    whole: Path, demo_family: Path, tmp_path: Path
) -> None:
    shutil.copytree(whole / "results", tmp_path / "results")
    before = only_run(tmp_path)
    words = ("--models", str(demo_family), *SMALL)
    again = run(tmp_path, *words)
    assert again.returncode == 0
    assert "all 120 answers are there already" in again.stderr
    fresh = run(tmp_path, *words, "--fresh")
    assert fresh.returncode == 0
    first, second = list_runs(tmp_path / "results")
    assert first.path == before.path
    assert tokens_of(first) == tokens_of(second)
    timed = "tokens_per_second"
    figures = [
        [line for line in (one.path / "scores.csv").read_text().splitlines() if timed not in line]
        for one in (first, second)
    ]
    assert figures[0] == figures[1]
    assert len(figures[0]) > 500


@needs_chromium
def test_the_report_opens_from_the_disk_with_the_texts_of_all_ten(whole: Path) -> None:
    (page_path,) = (whole / "reports").glob("*/index.html")
    firsts = [one for one in only_run(whole).read_generations() if one.regeneration_index == 0]
    with launched() as browser, opened(browser, page_path, size=(1440, 900)) as watched:
        assert watched.complaints == []
        text = watched.page.evaluate("document.body.textContent")
        for one in firsts:
            assert one.text.split()[-1] in text
        for label in ("M1", "M10"):
            assert watched.page.locator("article", has_text=label).count() > 0


def test_other_peoples_files_run_and_a_broken_one_costs_only_itself(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    dist.mkdir()
    write_llama(dist / "story-alpha.gguf", seed=1)
    write_llama(dist / "story-beta.gguf", seed=2)
    write_llama(dist / "story-gamma.gguf", seed=3, template=None)
    (dist / "story-broken.gguf").write_bytes((dist / "story-alpha.gguf").read_bytes()[:5000])
    done = run(tmp_path, "--models", "dist", "--reference", "alpha", *SMALL, "--prompts", "bravado")
    assert done.returncode == 1
    assert "broken" in done.stderr
    assert "Traceback" not in done.stderr
    data = only_run(tmp_path).read_data()
    assert [variant.label for variant in data.manifest.config.family.variants] == ["alpha", "beta", "gamma"]
    assert [failed.label for failed in data.failed] == ["broken"]
    assert any("gamma" in warning.labels for warning in data.manifest.config.family.warnings)
    assert len(data.generations) == 3 * 3
    assert list((tmp_path / "reports").glob("*/index.html"))


def test_a_file_that_passes_the_header_and_fails_in_llama_cpp_is_named_with_its_cause(
    demo_family: Path, tmp_path: Path
) -> None:
    import gguf

    source = demo_family / "Hollow-Lantern-6M-M2-IQ4_XS.gguf"
    content = bytearray(source.read_bytes())
    norm = next(tensor for tensor in gguf.GGUFReader(source).tensors if tensor.name == "output_norm.weight")
    content[norm.data_offset : norm.data_offset + 4] = b"\x00\x00\xc0\x7f"
    (tmp_path / "M2.gguf").write_bytes(content)
    shutil.copy(demo_family / "Hollow-Lantern-6M-M1-IQ4_XS.gguf", tmp_path / "M1.gguf")
    done = run(tmp_path, "--models", "M1.gguf", "M2.gguf", *SMALL, "--prompts", "bravado")
    assert done.returncode == 1
    (failed,) = only_run(tmp_path).read_failures()
    assert failed.label == "M2"
    assert "llama.cpp refused the file" in failed.cause
    assert "M2" in done.stdout


def start_and_wait(cwd: Path, n_answers: int, *words: str) -> subprocess.Popen[str]:
    """A run in the making that has kept at least so many answers."""
    process = subprocess.Popen(
        command(*words),
        cwd=cwd,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A shell that starts the tests in the background has them ignore Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        folders = list_runs(cwd / "results")
        if folders and len(folders[0].read_generations()) >= n_answers:
            return process
        time.sleep(0.05)
    raise AssertionError(f"the run did not get so far: {process.communicate()}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_keeps_its_answers_and_the_same_command_finishes_it(
    demo_family: Path, tmp_path: Path, number: signal.Signals
) -> None:
    words = ("--models", str(demo_family), "--max-tokens", "200", "-t", "1", "--prompts", "bravado,waystone", *QUICK)
    process = start_and_wait(tmp_path, 7, *words)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=100)
    psutil.wait_procs(children, timeout=10)
    assert not [child for child in children if child.is_running()]
    kept = tokens_of(only_run(tmp_path))
    assert 7 <= len(kept) < 60
    if number is signal.SIGINT:
        assert process.returncode == 130
        assert f"{len(kept)} finished answers are kept" in stderr
        assert only_run(tmp_path).read_manifest().status is RunStatus.INTERRUPTED
    finished = run(tmp_path, *words)
    assert finished.returncode == 0, finished.stderr
    assert f"going on with {len(kept)} of 60 answers done" in finished.stderr
    after = tokens_of(only_run(tmp_path))
    assert len(after) == 60
    assert {cell: after[cell] for cell in kept} == kept
    assert only_run(tmp_path).read_data().summary.reproducible is True


def test_a_child_that_dies_costs_its_variant_and_the_run_goes_on(demo_family: Path, tmp_path: Path) -> None:
    words = ("--models", str(demo_family), "--max-tokens", "400", "-t", "1", "--prompts", "waystone,bravado", *QUICK)
    process = start_and_wait(tmp_path, 6, *words)
    deadline = time.monotonic() + 60
    victim = None
    while victim is None and time.monotonic() < deadline:
        running = [child for child in psutil.Process(process.pid).children() if "answer" in child.cmdline()]
        victim = running[0] if running else None
    assert victim is not None
    os.kill(victim.pid, signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=400)
    assert process.returncode == 1
    assert "was killed by SIGKILL" in stderr
    folder = only_run(tmp_path)
    (failed,) = folder.read_failures()
    complete = {label for label in (f"M{n}" for n in range(1, 11)) if label != failed.label}
    for label in complete:
        assert sum(one.label == label for one in folder.read_generations()) == 6
    assert failed.label in stdout
