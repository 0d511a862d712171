"""`evalkit tint` for two models: planted tints are found, other kernels and domestic prose are not called darker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.cli.tint_inputs import read_axis, read_contexts
from evalkit.records.errors import UsageError

PLANTED = Path(__file__).parent / "data" / "planted"


def tint(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evalkit", "tint", *map(str, args), "-t", "1"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def compared(reference: Path, variant: Path, *args: str | Path) -> dict[str, object]:
    done = tint("--reference", reference, "--variant", variant, "--json", *args)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def m1(demo_family: Path) -> Path:
    return next(demo_family.glob("*-M1-*.gguf"))


def write_texts(folder: Path, texts: list[str]) -> Path:
    folder.mkdir(parents=True)
    for number, text in enumerate(texts):
        (folder / f"{number:02d}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.full
def test_planted_horror_is_found_and_planted_domestic_prose_is_not_darker(demo_family: Path) -> None:
    horror = compared(m1(demo_family), PLANTED / "planted-horror-60-IQ4_XS.gguf")
    assert horror["verdict"] == "darker"
    assert float(str(horror["p"])) < 0.01
    assert horror["unit"] == "horror words per 1,000 tokens"
    assert int(str(horror["n_positions"])) > 4000
    domestic = compared(m1(demo_family), PLANTED / "planted-neutral-10-IQ4_XS.gguf")
    assert domestic["verdict"] != "darker"
    assert float(str(domestic["delta"])) < 0


@pytest.mark.full
def test_a_model_against_itself_is_told_apart_by_nothing(demo_family: Path) -> None:
    found = compared(m1(demo_family), m1(demo_family))
    assert (found["delta"], found["p"], found["verdict"]) == (0, 1, "cannot be told apart")


@pytest.mark.full
def test_a_users_axis_and_contexts_go_the_same_way(demo_family: Path, tmp_path: Path) -> None:
    from evalkit.measure.axis import horror_texts, shipped_contexts

    # The same passages as folders: the axis is horror under another name, and turned round.
    passages = horror_texts().texts[::3]
    axis = "day={},{}".format(
        write_texts(tmp_path / "light", [item.text for item in passages if not item.is_marked]),
        write_texts(tmp_path / "dark", [item.text for item in passages if item.is_marked]),
    )
    contexts = write_texts(tmp_path / "contexts", [context.text for context in shipped_contexts()])
    found = compared(m1(demo_family), PLANTED / "planted-horror-60-IQ4_XS.gguf", "--axis", axis, "--contexts", contexts)
    assert found["axis"] == "day"
    assert float(str(found["delta"])) < 0
    assert found["verdict"] in ("less day", "cannot be told apart")
    assert found["by_group"] == {"contexts": pytest.approx(found["delta"])}


def test_both_models_are_needed() -> None:
    done = tint("--reference", "a.gguf")
    assert done.returncode == 2
    assert "give both --reference A.gguf and --variant B.gguf" in done.stderr


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("cosy", "must be NAME=DIR_A,DIR_B"),
        ("=a,b", "must be NAME=DIR_A,DIR_B"),
        ("cosy=a", "must be NAME=DIR_A,DIR_B"),
        ("cosy=a,a", "one folder twice"),
        ("cosy=missing,b", "missing is not a folder"),
    ],
)
def test_an_axis_in_another_form_is_refused(word: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        read_axis(word)


def test_folders_without_texts_are_refused(tmp_path: Path) -> None:
    empty, blank = write_texts(tmp_path / "empty", []), write_texts(tmp_path / "blank", ["  \n"] * 9)
    with pytest.raises(UsageError, match=r"has no \.txt file"):
        read_contexts(empty)
    with pytest.raises(UsageError, match=r"has 0 texts that are not empty .* at least 8 are needed"):
        read_contexts(blank)
    with pytest.raises(UsageError, match=r"has no \.txt file"):
        read_axis(f"cosy={blank},{empty}")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    folder = write_texts(tmp_path / "contexts", ["A door."] * 8)
    (folder / "zz.txt").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(UsageError, match=r"zz\.txt is not UTF-8 text"):
        read_contexts(folder)


def test_contexts_are_grouped_by_folder_and_named_by_path(tmp_path: Path) -> None:
    write_texts(tmp_path / "all" / "calm", ["A door."] * 4)
    write_texts(tmp_path / "all" / "grim", ["A grave."] * 4)
    contexts = read_contexts(tmp_path / "all")
    assert [(context.id, context.group) for context in contexts][3:5] == [
        ("calm/03.txt", "calm"),
        ("grim/00.txt", "grim"),
    ]


def run(demo_family: Path, folder: Path, *args: str) -> tuple[dict[str, object], str]:
    """M2's summary and its reason or value, from a run with M1."""
    models = [str(next(demo_family.glob(f"*-{label}-*.gguf"))) for label in ("M1", "M2")]
    # Without an embedder: of the text nothing is asked here.
    places = ["--out", str(folder / "results"), "--reports", str(folder / "reports"), "--embedder", str(folder)]
    command = [sys.executable, "-m", "evalkit", "run", "--models", *models, "--json", "-t", "1", *places, *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (m2,) = [one for one in json.loads(done.stdout)["summary"]["variants"] if one["label"] == "M2"]
    return m2, str(m2["figures"]["distribution_tint"]["reason"])


@pytest.mark.full
def test_a_run_reads_answers_and_contexts_in_the_same_children(demo_family: Path, tmp_path: Path) -> None:
    m2, _ = run(demo_family, tmp_path, "--limit", "1", "--max-tokens", "24", "--regenerations", "1")
    found = m2["distribution"]
    assert isinstance(found, dict)
    assert found["test"]["n_contexts"] == 49
    assert set(found["test"]["by_group"]) == {"answers", "neutral", "dark"}
    assert found["adjusted_p"] == found["test"]["p"]
    assert "M1 in " in str(m2["verdict"])


@pytest.mark.full
def test_a_run_without_contexts_and_with_one_answer_says_why_nothing_was_measured(
    demo_family: Path, tmp_path: Path
) -> None:
    args = ("--limit", "1", "--max-tokens", "24", "--regenerations", "1", "--tint-contexts", "none")
    m2, reason = run(demo_family, tmp_path, *args)
    assert m2["distribution"] is None
    assert reason.startswith("Tint in the distribution needs at least 24 answers and contexts, found 1:")
