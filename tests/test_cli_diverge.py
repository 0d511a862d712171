"""`evalkit diverge` on real models: llama-perplexity's figures, and none of its silences."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evalkit.engine.child import ChildEngine
from evalkit.family.gguf_header import read_model
from evalkit.family.payload import payload_hash
from tests.other_family import write_llama
from tests.perplexity_samples import CASES, Case, model, recorded, write_text

pytestmark = pytest.mark.full


def diverge(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evalkit", "diverge", "-t", "1", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=200)


def figures(*words: object) -> dict[str, Any]:
    done = diverge(*words, "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def refused(*words: object) -> str:
    done = diverge(*words)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("texts")
    return {name: write_text(name, folder) for name in ("stories", "odd", "long")}


@pytest.fixture(scope="module")
def tolerance(demo_family: Path) -> float:
    """1e-5 where the recorded kernels compute the recorded weights; other kernels alone move a mean KLD by 0.4 %."""
    document, build = recorded(), ChildEngine().build()
    is_same = (build.llama_cpp_python, build.system_info) == (document["llama_cpp_python"], document["system_info"])
    hashes = document["payload_hashes"]
    is_same &= all(payload_hash(read_model([model(demo_family, label)])) == hashes[label] for label in hashes)
    return 1e-5 if is_same else 1e-2


@pytest.mark.parametrize("case", CASES, ids=[case.key for case in CASES])
def test_the_figures_are_llama_perplexitys(
    case: Case, demo_family: Path, texts: dict[str, Path], tolerance: float
) -> None:
    words = ("--reference", model(demo_family, "M1"), "--variant", model(demo_family, case.variant))
    chunks = ("--chunks", case.chunks) if case.chunks else ()
    found = figures(*words, "--text", texts[case.text], "--n-ctx", case.n_ctx, *chunks)
    for name, (value, uncertainty) in recorded()["figures"][case.key].items():
        if tolerance == 1e-5 or name in ("mean_kld", "ppl_variant", "same_top_p"):
            # A mean of differences of both signs is small beside what it is made of.
            slack = 1e-5 if name in ("mean_delta_p", "ln_ppl_ratio") else 0
            assert found[name] == pytest.approx(value, rel=tolerance, abs=slack), name
        if uncertainty is not None and tolerance == 1e-5:
            assert found[f"{name}_uncertainty"] == pytest.approx(uncertainty, rel=1e-4), name
    assert found["n_positions"] == found["n_chunks"] * (case.n_ctx - 1 - case.n_ctx // 2)


def test_exact_mode_and_a_store_agree_with_compat_mode_and_the_store_lies_below(
    demo_family: Path, texts: dict[str, Path], tmp_path: Path
) -> None:
    pair = ("--variant", model(demo_family, "M2"), "--text", texts["stories"], "--chunks", 4)
    given = ("--reference", model(demo_family, "M1"), *pair)
    compat = figures(*given)["mean_kld"]
    exact = figures(*given, "--exact", "--save-reference", tmp_path / "store")
    stored = figures("--reference", tmp_path / "store", *pair)
    assert exact["mean_kld"] == pytest.approx(compat, rel=1e-3)
    # What the store promises: a lower bound, at most 5e-5 nats below, on the mean and on every position.
    for name in ("mean_kld", "median_kld", "kld_90", "kld_99", "kld_99_9", "max_kld"):
        assert exact[name] - 5e-5 <= stored[name] <= exact[name] + 1e-6, name
    assert (stored["mode"], exact["mean_kld_error_bound"]) == ("store", None)
    assert 0 <= stored["mean_kld_error_bound"] <= 5e-5
    assert stored["reference"]["payload_hash"] == exact["reference"]["payload_hash"]
    assert stored["ppl_reference"] == pytest.approx(exact["ppl_reference"], rel=1e-5)
    n_bytes = sum(path.stat().st_size for path in (tmp_path / "store").glob("*.npz"))
    assert n_bytes / exact["n_positions"] <= 16_384


def test_each_figure_is_printed_with_its_error_and_its_meaning(
    demo_family: Path, texts: dict[str, Path], store: Path
) -> None:
    words = ("--variant", model(demo_family, "M1"), "--text", texts["odd"], "--n-ctx", 64, "--chunks", 4)
    found = figures("--reference", store, *words)
    done = diverge("--reference", store, *words)
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    for name in (name.removesuffix("_uncertainty") for name in found if name.endswith("_uncertainty")):
        assert lines[name].split()[1] == f"{found[name]:.6f}".replace("-0.000000", "0.000000")
        assert ("±" in lines[name]) == (name != "max_kld")
        assert len(lines[name].split()) > 5
    assert "each KL divergence is a lower bound" in done.stdout


def test_a_model_does_not_stray_from_itself_and_the_direction_is_pinned(
    demo_family: Path, texts: dict[str, Path]
) -> None:
    m1, m2 = model(demo_family, "M1"), model(demo_family, "M2")
    text = ("--text", texts["odd"], "--n-ctx", 64, "--chunks", 6, "--exact")
    itself = figures("--reference", m1, "--variant", m1, *text)
    assert (itself["mean_kld"], itself["max_kld"], itself["same_top_p"]) == (0, 0, 100)
    there, back = (figures("--reference", a, "--variant", b, *text) for a, b in ((m1, m2), (m2, m1)))
    assert there["mean_kld"] > 0 < back["mean_kld"]
    assert there["mean_kld"] != pytest.approx(back["mean_kld"], rel=1e-4)
    assert there["ppl_reference"] == pytest.approx(back["ppl_variant"], rel=1e-6)


@pytest.fixture(scope="module")
def store(demo_family: Path, texts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "store"
    m1 = model(demo_family, "M1")
    figures(
        "--reference", m1, "--variant", m1, "--text", texts["odd"], "--n-ctx", 64, "--chunks", 4,
        "--save-reference", folder,
    )  # fmt: skip
    return folder


def test_a_foreign_store_is_refused(demo_family: Path, texts: dict[str, Path], store: Path, tmp_path: Path) -> None:
    words = ("--reference", store, "--variant", model(demo_family, "M2"), "--chunks", 4)
    assert "another text" in refused(*words, "--text", texts["stories"], "--n-ctx", 64)
    assert "made with --n-ctx 64" in refused(*words, "--text", texts["odd"], "--n-ctx", 128)
    assert "ends before chunk 5" in refused(*words[:-1], 8, "--text", texts["odd"], "--n-ctx", 64)
    other = write_llama(tmp_path / "other.gguf", seed=1)
    assert "another vocabulary" in refused(*words[:2], "--variant", other, "--text", texts["odd"], "--n-ctx", 64)


def test_a_damaged_store_is_refused(demo_family: Path, texts: dict[str, Path], store: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(store, tmp_path / "broken")
    (broken / "chunk-00002.npz").write_bytes((store / "chunk-00002.npz").read_bytes()[:-100])
    words = ("--variant", model(demo_family, "M2"), "--text", texts["odd"], "--n-ctx", 64, "--chunks", 4)
    assert "is damaged" in refused("--reference", broken, *words)
    (broken / "store.json").write_text("{}")
    assert "is damaged" in refused("--reference", broken, *words)


def test_another_vocabulary_is_refused_before_anything_is_loaded(
    demo_family: Path, texts: dict[str, Path], tmp_path: Path
) -> None:
    other = write_llama(tmp_path / "other.gguf", seed=1)
    message = refused("--reference", model(demo_family, "M1"), "--variant", other, "--text", texts["odd"])
    assert "another vocabulary (259 tokens)" in message


def test_too_little_text_and_an_odd_context_are_refused(
    demo_family: Path, texts: dict[str, Path], tmp_path: Path
) -> None:
    words = ("--reference", model(demo_family, "M1"), "--variant", model(demo_family, "M2"))
    (tmp_path / "short.txt").write_text("The inn lay in silence.")
    (tmp_path / "empty.txt").write_text("")
    for name in ("short", "empty"):
        assert "2 chunks of 512 need 1,024" in refused(*words, "--text", tmp_path / f"{name}.txt")
    assert "5000 chunks of 512 need" in refused(*words, "--text", texts["odd"], "--chunks", 5000)
    assert "score 31 positions; figures need 100" in refused(
        *words, "--text", texts["odd"], "--n-ctx", 64, "--chunks", 1
    )
    assert "--n-ctx 511 is odd" in refused(*words, "--text", texts["odd"], "--n-ctx", 511)


def test_what_is_no_model_is_refused(demo_family: Path, texts: dict[str, Path], tmp_path: Path) -> None:
    m1, text = model(demo_family, "M1"), ("--text", texts["odd"])
    (tmp_path / "folder").mkdir()
    assert "does not exist" in refused("--reference", "nowhere.gguf", "--variant", m1, *text)
    assert "without store.json" in refused("--reference", tmp_path / "folder", "--variant", m1, *text)
    assert "is no GGUF" in refused("--reference", texts["stories"], "--variant", m1, *text)
    assert "cannot be used" in refused("--reference", m1, "--variant", texts["stories"], *text)


def test_llama_perplexitys_own_file_is_a_reference_and_its_mistakes_are_found(
    demo_family: Path, texts: dict[str, Path], tmp_path: Path
) -> None:
    import numpy as np

    from tests.perplexity_samples import RECORDED, ROWS_CASE

    with np.load(RECORDED / "rows.npz") as rows:
        content = rows["base"].tobytes()
    (tmp_path / "base.kld").write_bytes(content)
    words = ("--reference", tmp_path / "base.kld", "--variant", model(demo_family, ROWS_CASE.variant))
    options = ("--n-ctx", ROWS_CASE.n_ctx, "--chunks", ROWS_CASE.chunks)
    found = figures(*words, "--text", texts["stories"], *options)
    expected = recorded()["figures"][ROWS_CASE.key]["mean_kld"][0]
    assert found["mean_kld"] == pytest.approx(expected, rel=1e-2)
    assert found["reference"]["payload_hash"] is None
    assert "another text" in refused(*words, "--text", texts["odd"], *options)
    assert "made with --n-ctx 32" in refused(*words, "--text", texts["stories"])
    assert "holds 7 chunks, 8 are" in refused(*words, "--text", texts["stories"], *options[:-1], 8)
    assert "leave --exact out" in refused(*words, "--text", texts["stories"], *options, "--exact")
    (tmp_path / "base.kld").write_bytes(content[:-9])
    assert "ends in the middle" in refused(*words, "--text", texts["stories"], *options)
    other = write_llama(tmp_path / "other.gguf", seed=1)
    message = refused("--reference", tmp_path / "base.kld", "--variant", other, "--text", texts["stories"], *options)
    assert "vocabulary of 4,096 tokens" in message
