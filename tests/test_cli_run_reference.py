"""`evalkit run` against a store, and against the unrounded model, on the real demo family."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.records.scores import ALL_PROMPTS
from tests.other_family import write_llama
from tests.perplexity_samples import model

pytestmark = pytest.mark.full

SOURCE = Path(__file__).parents[1] / "evalkit" / "demo" / "data" / "hollow-lantern-6m-Q8_0.gguf"
# Without an embedder, which takes longer to load than everything here takes to run.
SMALL = ("--limit", "2", "--max-tokens", "24", "--regenerations", "2", "-t", "1", "--embedder", "none")


def evalkit(cwd: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evalkit", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=500)


def figures(path: Path, metric: str) -> dict[tuple[str, str], str]:
    """The values as they are written, by label and prompt: equal means equal to the last digit."""
    with path.open() as file:
        return {
            (row["variant"], row["prompt"]): row["value"] for row in csv.DictReader(file) if row["metric"] == metric
        }


@pytest.fixture(scope="module")
def whole(demo_family: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """M1 and M2, then with their source, and the store that M1 left."""
    cwd = tmp_path_factory.mktemp("whole")
    words = ("run", "--models", model(demo_family, "M1"), model(demo_family, "M2"), *SMALL)
    for name, source in (("without", ()), ("with", ("--source", SOURCE))):
        done = evalkit(cwd, *words, *source)
        assert done.returncode == 0, done.stderr
        (cwd / f"{name}-stdout.txt").write_text(done.stdout.replace("\n", " "))
        (cwd / f"{name}-stderr.txt").write_text(done.stderr)
        (scores,) = (cwd / "results").glob("*/scores.csv")
        shutil.copy(scores, cwd / f"{name}.csv")
    exported = evalkit(cwd, "export", "reference-store", "--to", "store")
    assert exported.returncode == 0, exported.stderr
    assert "positions" in exported.stdout
    return cwd


def test_a_run_with_a_store_gives_the_figures_of_one_with_the_weights(
    whole: Path, demo_family: Path, tmp_path: Path
) -> None:
    words = ("run", "--models", model(demo_family, "M2"), "--reference-store", whole / "store", *SMALL)
    done = evalkit(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    (scores,) = (tmp_path / "results").glob("*/scores.csv")
    for metric in ("kl_divergence", "top1_agreement", "chrf", "common_prefix_tokens"):
        assert figures(scores, metric) == figures(whole / "without.csv", metric)
    assert float(figures(scores, "kl_divergence")["M2", ALL_PROMPTS]) > 0
    assert "M1's weights are not here" in done.stderr


def test_a_store_of_another_question_or_vocabulary_is_refused(whole: Path, demo_family: Path, tmp_path: Path) -> None:
    words = ("run", "--models", model(demo_family, "M2"), "--reference-store", whole / "store")
    other = evalkit(tmp_path, *words, *SMALL, "--regen", "plain", "--penalty-scope", "output")
    assert other.returncode == 2
    assert "penalty_scope: prompt+output in the store, output here" in other.stderr
    assert "regen_mode: fast in the store, plain here" in other.stderr
    longer = evalkit(tmp_path, *words, "-t", "1", "--limit", "2", "--regenerations", "2", "--max-tokens", "25")
    assert longer.returncode == 2
    assert "suite: " in longer.stderr
    write_llama(tmp_path / "story-M2.gguf", seed=1)
    foreign = evalkit(tmp_path, "run", "--models", "story-M2.gguf", "--reference-store", whole / "store", *SMALL)
    assert foreign.returncode == 2
    assert "its vocabulary is not that of the reference M1" in foreign.stderr
    both = evalkit(tmp_path, *words, "--reference", "M2")
    assert both.returncode == 2
    assert not (tmp_path / "results").exists()


def test_both_are_measured_against_the_source_and_the_summary_says_who_moved(whole: Path) -> None:
    kl = figures(whole / "with.csv", "source_kl_divergence")
    assert {label for label, _ in kl} == {"M1", "M2"}
    assert all(float(value) > 0 for value in kl.values())
    assert "M1 itself strays" in (whole / "with-stdout.txt").read_text()


def test_a_source_is_added_to_a_finished_run_without_generating_again(whole: Path) -> None:
    assert set(figures(whole / "without.csv", "source_kl_divergence").values()) == {""}
    assert "Without the unrounded model (--source) it cannot be known" in (whole / "without-stdout.txt").read_text()
    assert "all 8 answers are there already" in (whole / "with-stderr.txt").read_text()
    assert figures(whole / "with.csv", "kl_divergence") == figures(whole / "without.csv", "kl_divergence")


def test_what_cannot_be_the_source_is_refused(demo_family: Path, tmp_path: Path) -> None:
    words = ("run", "--models", model(demo_family, "M1"), model(demo_family, "M2"), *SMALL)
    missing = evalkit(tmp_path, *words, "--source", "nowhere.gguf")
    assert missing.returncode == 2
    assert "--source nowhere.gguf does not exist" in missing.stderr
    itself = evalkit(tmp_path, *words, "--source", model(demo_family, "M2"))
    assert itself.returncode == 2
    assert "holds the tensors of a variant" in itself.stderr
    write_llama(tmp_path / "other.gguf", seed=1)
    foreign = evalkit(tmp_path, *words, "--source", "other.gguf")
    assert foreign.returncode == 2
    assert "has another vocabulary (259 tokens)" in foreign.stderr
