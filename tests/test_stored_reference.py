"""A reference leaves a run as a store and comes back from it; a store of anything else is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evalkit.engine.recorder import ReferenceRecorder
from evalkit.family.discover import discover_beside_store
from evalkit.records.errors import FamilyError, ReferenceStoreError
from evalkit.records.family import Role, Variant
from evalkit.records.generation import Cell
from evalkit.records.reference_store import AnswerStore
from evalkit.records.run import EngineSettings, RegenMode, RunConfig
from evalkit.store.reference_store import read_answer_store, read_text_store, sha256_of, store_hash
from evalkit.store.run_folder import RunFolder
from evalkit.stored_reference import adopt_reference, check_same_question, export_reference, kernel_warnings
from tests.other_family import write_llama
from tests.samples import BUILD, config, generation, manifest


def record(path: Path, answer: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    recorder = ReferenceRecorder(path, answer)
    for index in range(len(answer)):
        recorder.read(index, rng.normal(0, 3, 500).astype(np.float32))
    recorder.save()


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(tmp_path / "results", manifest())
    folder.prepare_to_append(config().family.variants)
    for label in ("M1", "M2"):
        for prompt_id in ("inn", "sky"):
            for index in range(2):
                folder.append_generation(generation(Cell(label=label, prompt_id=prompt_id, regeneration_index=index)))
    for prompt_id in ("inn", "sky"):
        record(folder.reference_folder / f"{prompt_id}.npz", (1, 2, 3))
    return folder


@pytest.fixture
def store(run: RunFolder, tmp_path: Path) -> Path:
    export_reference(run, tmp_path / "store")
    return tmp_path / "store"


def test_a_store_holds_the_references_answers_and_distributions_and_nobody_elses(store: Path) -> None:
    content = read_answer_store(store)
    assert content.reference.label == "M1"
    assert content.suite == config().suite
    assert content.decoding == config().decoding
    assert {file.path for file in content.files} == {"answers.jsonl", "reference/inn.npz", "reference/sky.npz"}
    assert {file.n_positions for file in content.files if file.path != "answers.jsonl"} == {3}
    answers = [json.loads(line) for line in (store / "answers.jsonl").read_text().splitlines()]
    assert [(one["label"], one["regeneration_index"]) for one in answers] == [("M1", 0), ("M1", 1)] * 2
    # 500 tokens: all but 5e-6 of the mass is kept, so no row loses more than the promise.
    assert all(file.error_bound_nats <= 5e-5 for file in content.files)


def test_no_folder_of_the_publishers_disk_stands_in_a_store(store: Path) -> None:
    assert "dist" not in (store / "store.json").read_text()


def test_what_comes_back_is_what_left(run: RunFolder, store: Path, tmp_path: Path) -> None:
    other = RunFolder.create(tmp_path / "elsewhere", manifest())
    adopt_reference(other, store)
    assert other.read_generations() == tuple(one for one in run.read_generations() if one.label == "M1")
    for prompt_id in ("inn", "sky"):
        name = f"{prompt_id}.npz"
        assert sha256_of(other.reference_folder / name) == sha256_of(run.reference_folder / name)
    adopt_reference(other, store)
    assert len(other.read_generations()) == 4


def test_an_unfinished_run_is_not_exported(run: RunFolder, tmp_path: Path) -> None:
    (run.reference_folder / "sky.npz").unlink()
    with pytest.raises(ReferenceStoreError, match=r"no distributions for 1 of 2 prompts\. Finish"):
        export_reference(run, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_folder_that_is_not_empty_is_left_alone(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "mine.txt").write_text("mine")
    with pytest.raises(ReferenceStoreError, match="is not empty"):
        export_reference(run, tmp_path / "store")
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["mine.txt"]


def flip_a_byte(store: Path) -> None:
    path = store / "reference" / "inn.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def remove_an_array(store: Path) -> None:
    (store / "reference" / "sky.npz").unlink()


def edit_an_answer(store: Path) -> None:
    path = store / "answers.jsonl"
    path.write_text(path.read_text().replace('"text": "1 2 3"', '"text": "1 2 4"', 1))


def empty_the_document(store: Path) -> None:
    (store / "store.json").write_text("{}")


def name_a_file_outside(store: Path) -> None:
    outside = store.parent / "secret.txt"
    outside.write_text("secret")
    document = json.loads((store / "store.json").read_text())
    document["files"][0] |= {"path": "../secret.txt", "sha256": sha256_of(outside)}
    (store / "store.json").write_text(json.dumps(document))


def of_another_schema(store: Path) -> None:
    document = json.loads((store / "store.json").read_text())
    (store / "store.json").write_text(json.dumps(document | {"schema_version": 999}))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip_a_byte, "missing or damaged"),
        (remove_an_array, "missing or damaged"),
        (edit_an_answer, "missing or damaged"),
        (empty_the_document, "is damaged"),
        (name_a_file_outside, "outside of itself"),
        (of_another_schema, "schema version 999"),
    ],
)
def test_a_damaged_store_is_refused(store: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(store)
    with pytest.raises(ReferenceStoreError, match=message):
        read_answer_store(store)


def test_a_store_of_answers_is_none_of_a_text(store: Path, tmp_path: Path) -> None:
    with pytest.raises(ReferenceStoreError, match="is of 'answers', not of 'text'"):
        read_text_store(store)
    with pytest.raises(ReferenceStoreError, match=r"holds no store\.json"):
        read_text_store(tmp_path)


def test_the_same_question_passes(store: Path) -> None:
    check_same_question(read_answer_store(store), config())


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (replace(config(), suite=replace(config().suite, content_hash="other")), "suite: sample, 2 prompts"),
        (
            replace(config(), decoding=replace(config().decoding, repeat_penalty=1.0)),
            "repeat_penalty: 1.1 in the store",
        ),
        (replace(config(), n_regenerations=3), "regenerations: 2 in the store, 3 here"),
        (replace(config(), engine=EngineSettings(n_threads=1, regen_mode=RegenMode.PLAIN)), "regen_mode: fast in the"),
        (replace(config(), engine=EngineSettings(n_threads=1, flash_attention=False)), "flash_attention: True in the"),
    ],
    ids=["suite", "decoding", "regenerations", "mode", "flash attention"],
)
def test_another_question_is_refused_with_all_that_differs(store: Path, asked: RunConfig, words: str) -> None:
    with pytest.raises(ReferenceStoreError, match="is of another run") as caught:
        check_same_question(read_answer_store(store), asked)
    assert words in str(caught.value)
    assert str(caught.value).count("in the store") == 1


def test_other_kernels_are_a_warning_and_other_threads_none(store: Path) -> None:
    content, settings = read_answer_store(store), config().engine
    assert kernel_warnings(content, BUILD, replace(settings, n_threads=8)) == ()
    for build, engine in (
        (replace(BUILD, library_hash="0" * 64), settings),
        (BUILD, replace(settings, repack_weights=False)),
    ):
        (warning,) = kernel_warnings(content, build, engine)
        assert "another build or machine" in warning.message


def test_the_stores_hash_changes_with_any_of_its_files(run: RunFolder, store: Path, tmp_path: Path) -> None:
    record(run.reference_folder / "sky.npz", (3, 2, 1))
    export_reference(run, tmp_path / "second")
    assert store_hash(store) != store_hash(tmp_path / "second")


@pytest.fixture
def reference(tmp_path: Path) -> Variant:
    """M1 as its store knows it; its file is gone."""
    from evalkit.cli.diverge_models import open_model

    path = write_llama(tmp_path / "story-M1.gguf", seed=1)
    known = open_model(str(path), "--reference")
    path.unlink()
    return replace(known, label="M1", path=Path(path.name))


def test_a_family_finds_its_reference_in_the_store(reference: Variant, tmp_path: Path) -> None:
    write_llama(tmp_path / "story-M2.gguf", seed=2)
    write_llama(tmp_path / "story-M10.gguf", seed=3)
    family = discover_beside_store([str(tmp_path)], reference=reference, family_file=None)
    assert [variant.label for variant in family.variants] == ["M1", "M2", "M10"]
    assert family.reference.payload_hash == reference.payload_hash
    assert {variant.role for variant in family.others} == {Role.VARIANT}


def test_the_references_own_file_is_left_out_and_a_no_op_is_not(reference: Variant, tmp_path: Path) -> None:
    for name in ("M1", "M2"):
        write_llama(tmp_path / f"story-{name}.gguf", seed=1)
    family = discover_beside_store([str(tmp_path)], reference=reference, family_file=None)
    assert [variant.label for variant in family.variants] == ["M1", "M2"]
    messages = " ".join(warning.message for warning in family.warnings)
    assert "story-M1.gguf holds the store's reference: skipped" in messages
    assert "a proven no-op" in messages


def test_another_m1_than_the_stores_is_refused(reference: Variant, tmp_path: Path) -> None:
    write_llama(tmp_path / "story-M1.gguf", seed=9)
    with pytest.raises(FamilyError, match="has the label M1, as the store's reference has, and other tensors"):
        discover_beside_store([str(tmp_path)], reference=reference, family_file=None)


def test_a_store_alone_or_of_another_vocabulary_is_refused(reference: Variant, tmp_path: Path) -> None:
    write_llama(tmp_path / "story-M1.gguf", seed=1)
    with pytest.raises(FamilyError, match="nothing but the store's reference M1"):
        discover_beside_store([str(tmp_path)], reference=reference, family_file=None)
    write_llama(tmp_path / "story-M2.gguf", seed=2)
    (tmp_path / "story-M1.gguf").unlink()
    foreign = replace(reference, source=replace(reference.header, tokenizer_hash="0" * 64))
    with pytest.raises(FamilyError, match="its vocabulary is not that of the reference M1"):
        discover_beside_store([str(tmp_path)], reference=foreign, family_file=None)


def test_a_store_says_what_it_may_lose(run: RunFolder, tmp_path: Path) -> None:
    # 40,000 tokens alike within a nat: the 4,024 that fit into 16 KB leave most of the mass.
    recorder = ReferenceRecorder(run.reference_folder / "sky.npz", (1,))
    recorder.read(0, np.random.default_rng(1).uniform(0, 1, 40_000).astype(np.float32))
    recorder.save()
    store: AnswerStore = export_reference(run, tmp_path / "wide")
    bounds = {file.path: file.error_bound_nats for file in store.files}
    assert bounds["reference/sky.npz"] > 0.1
    assert bounds["reference/inn.npz"] <= 5e-5
