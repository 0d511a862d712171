"""`evalkit gate --models` on real GGUFs: an unchanged family costs nothing and opens, two planted faults close it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.store.runs import list_runs

pytestmark = pytest.mark.full

SMALL = ("--prompts", "waystone,bravado", "--max-tokens", "24", "-t", "1")
# 24 tokens are too few to measure tint on, and the toy model loops at times.
POLICY = "rules: {intent.tint-order: off, intent.expected-tint-order: off, hard.loops: warn}\n"


def evalkit(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evalkit", *words], cwd=cwd, capture_output=True, text=True, check=False
    )


def gate(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    models = sorted(map(str, (cwd / "dist").glob("*.gguf")))
    return evalkit(cwd, "gate", "--models", *models, *SMALL, "--reuse", "--json", *words)


@pytest.fixture(scope="module")
def blessed(demo_family: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cwd = tmp_path_factory.mktemp("release")
    (cwd / "dist").mkdir()
    for label in ("M1", "M2", "M3"):
        shutil.copy(next(demo_family.glob(f"*-{label}-*.gguf")), cwd / "dist" / f"{label}.gguf")
    (cwd / "gate.yaml").write_text(POLICY)
    first = gate(cwd, "--no-baseline")
    assert first.returncode == 0, first.stdout + first.stderr
    done = evalkit(cwd, "bless", "--reason", "first release")
    assert done.returncode == 0, done.stdout + done.stderr
    return cwd


def test_an_unchanged_family_opens_the_gate_without_a_token_generated(blessed: Path) -> None:
    done = gate(blessed, "--fresh")
    assert done.returncode == 0, done.stdout
    for label in ("M1", "M2", "M3"):
        assert f"{label} has not changed" in done.stderr
    first, second = list_runs(blessed / "results")[:2]
    assert {answer.made_in for answer in second.read_generations()} == {first.path.name}
    likeness = [
        one["observation"]["figure"]["value"]
        for one in json.loads(done.stdout)["findings"]
        if one["rule"] == "regression.likeness"
    ]
    assert likeness == [1.0, 1.0]


def test_a_no_op_copy_and_a_truncated_file_close_it_by_name(blessed: Path) -> None:
    whole = {label: (blessed / "dist" / f"{label}.gguf").read_bytes() for label in ("M1", "M2", "M3")}
    (blessed / "dist" / "M3.gguf").write_bytes(whole["M1"])
    (blessed / "dist" / "M2.gguf").write_bytes(whole["M2"][:2_000_000])
    try:
        done = gate(blessed)
    finally:
        for label, content in whole.items():
            (blessed / "dist" / f"{label}.gguf").write_bytes(content)
    assert done.returncode == 3, done.stderr
    decision = json.loads(done.stdout)
    blocking = {(one["rule"], one["observation"]["label"]) for one in decision["findings"] if one["blocks"]}
    assert {("hard.loads", "M2"), ("intent.no-op", "M3"), ("hard.swapped", "M3")} <= blocking
