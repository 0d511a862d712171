"""A run compares each variant's tensors with the reference's once, and does without where a file is gone."""

from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.store.run_folder import RunFolder
from evalkit.weights import compare_weights
from tests.gguf_samples import write_gguf
from tests.samples import config, manifest


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    asked = config(labels=("M1", "M2", "M3"))
    variants = tuple(
        replace(variant, path=write_gguf(tmp_path / f"{variant.label}.gguf", seed=int(variant.label != "M1")))
        for variant in asked.family.variants
    )
    return RunFolder.create(
        tmp_path / "results",
        replace(manifest(), config=replace(asked, family=replace(asked.family, variants=variants))),
    )


def comparisons(folder: RunFolder) -> dict[str, int]:
    found = map(folder.read_comparison, folder.read_manifest().config.family.others)
    return {one.second: one.n_moved for one in found if one is not None}


def test_every_variant_is_compared_once(folder: RunFolder, tmp_path: Path) -> None:
    steps: list[str] = []
    assert compare_weights(folder, steps.append) == ()
    assert comparisons(folder) == {"M2": 2, "M3": 2}
    assert steps
    for path in tmp_path.glob("*.gguf"):
        path.unlink()
    assert compare_weights(folder, pytest.fail) == ()
    assert comparisons(folder) == {"M2": 2, "M3": 2}


def test_a_variant_that_is_gone_costs_its_own_comparison_only(folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "M2.gguf").unlink()
    (reason,) = compare_weights(folder, lambda _step: None)
    assert "M2.gguf" in reason
    assert comparisons(folder) == {"M3": 2}


def test_without_the_reference_nothing_is_compared_and_one_reason_is_given(folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "M1.gguf").write_bytes(b"gone")
    assert len(compare_weights(folder, lambda _step: None)) == 1
    assert comparisons(folder) == {}
