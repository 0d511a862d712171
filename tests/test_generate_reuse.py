"""An earlier run's answers are taken over for what has not changed, and for nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from evalkit import __version__
from evalkit.generate.reuse import reuse_answers
from evalkit.generate.run import plan_cells
from evalkit.records.decoding import Decoding
from evalkit.records.run import EngineBuild, RunConfig
from evalkit.store.run_folder import RunFolder
from tests.samples import BUILD, config, generation, manifest


def make_run(root: Path, run_id: str, run_config: RunConfig, build: EngineBuild = BUILD) -> RunFolder:
    return RunFolder.create(
        root, replace(manifest(run_id), config=run_config, build=build, evalkit_version=__version__)
    )


def finished_run(root: Path, run_id: str, run_config: RunConfig, build: EngineBuild = BUILD) -> RunFolder:
    """Every answer, and a file per prompt where the engine keeps what it read of the logits."""
    folder = make_run(root, run_id, run_config, build)
    folder.prepare_to_append(run_config.family.variants)
    for cell in plan_cells(run_config):
        folder.append_generation(generation(cell))
    folders = [folder.reference_folder, *map(folder.positions_folder, run_config.family.variants)]
    for place in folders:
        for prompt in run_config.suite.prompts:
            (place / f"{prompt.id}.npz").write_bytes(f"{place.name} {prompt.id}".encode())
    return folder


def changed(run_config: RunConfig, label: str, payload_hash: str) -> RunConfig:
    variants = tuple(
        replace(one, payload_hash=payload_hash) if one.label == label else one for one in run_config.family.variants
    )
    return replace(run_config, family=replace(run_config.family, variants=variants))


def labels_in(folder: RunFolder) -> set[str]:
    return {answer.label for answer in folder.read_generations()}


def test_an_unchanged_family_costs_nothing(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    folder = make_run(tmp_path, "20260102T000000Z-b", config())
    assert reuse_answers(folder, [donor, folder]) == {"M1": donor.path.name, "M2": donor.path.name}
    assert {answer.cell for answer in folder.read_generations()} == set(plan_cells(config()))
    assert folder.reference_digest() == donor.reference_digest() is not None
    for variant in config().family.variants:
        assert sorted(path.name for path in folder.positions_folder(variant).iterdir()) == ["inn.npz", "sky.npz"]


def test_every_answer_says_where_it_was_made_even_at_second_hand(tmp_path: Path) -> None:
    first = finished_run(tmp_path, "20260101T000000Z-a", config())
    second = make_run(tmp_path, "20260102T000000Z-b", config())
    reuse_answers(second, [first])
    third = make_run(tmp_path, "20260103T000000Z-c", config())
    assert set(reuse_answers(third, [first, second]).values()) == {second.path.name}
    assert {answer.made_in for answer in third.read_generations()} == {first.path.name}


def test_a_changed_variant_is_made_again_and_the_others_are_not(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    folder = make_run(tmp_path, "20260102T000000Z-b", changed(config(), "M2", "9" * 64))
    assert set(reuse_answers(folder, [donor])) == {"M1"}


def test_a_renamed_variant_keeps_its_answers_under_its_new_label(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    variants = (config().family.variants[0], replace(config().family.variants[1], label="M7"))
    renamed = replace(config(), family=replace(config().family, variants=variants))
    folder = make_run(tmp_path, "20260102T000000Z-b", renamed)
    assert set(reuse_answers(folder, [donor])) == {"M1", "M7"}
    assert labels_in(folder) == {"M1", "M7"}


def test_another_reference_makes_everything_anew(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    folder = make_run(tmp_path, "20260102T000000Z-b", changed(config(), "M1", "9" * 64))
    assert reuse_answers(folder, [donor]) == {}
    assert folder.read_generations() == ()


def test_another_template_makes_a_variant_anew(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    one = config().family.variants[1]
    other = replace(one, source=replace(one.header, chat_template_hash="d" * 64))
    run_config = replace(config(), family=replace(config().family, variants=(config().family.variants[0], other)))
    assert set(reuse_answers(make_run(tmp_path, "20260102T000000Z-b", run_config), [donor])) == {"M1"}


@pytest.mark.parametrize(
    "asked",
    [
        replace(config(), decoding=Decoding(repeat_penalty=1.2)),
        replace(config(), engine=replace(config().engine, n_ubatch=64)),
        replace(config(), n_regenerations=3),
        config(prompt_ids=("inn",)),
    ],
    ids=["decoding", "engine", "regenerations", "suite"],
)
def test_another_question_is_answered_anew(asked: RunConfig, tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    assert reuse_answers(make_run(tmp_path, "20260102T000000Z-b", asked), [donor]) == {}


def test_another_build_answers_anew(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config(), replace(BUILD, library_hash="e" * 64))
    assert reuse_answers(make_run(tmp_path, "20260102T000000Z-b", config()), [donor]) == {}


def test_another_evalkit_answers_anew(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    donor.write_manifest(replace(donor.read_manifest(), evalkit_version="0.0.0"))
    assert reuse_answers(make_run(tmp_path, "20260102T000000Z-b", config()), [donor]) == {}


def test_everything_that_was_read_of_the_logits_comes_with_the_answers(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    for variant in config().family.variants:
        contexts = donor.tint_folder(variant) / "contexts"
        contexts.mkdir(parents=True)
        (contexts / "contexts.npz").write_bytes(variant.label.encode())
    folder = make_run(tmp_path, "20260102T000000Z-b", config())
    reuse_answers(folder, [donor])
    for variant in config().family.variants:
        assert (folder.tint_folder(variant) / "contexts" / "contexts.npz").read_bytes() == variant.label.encode()


def test_what_is_not_whole_is_not_taken(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    (donor.positions_folder(config().family.variants[1]) / "sky.npz").unlink()
    assert set(reuse_answers(make_run(tmp_path, "20260102T000000Z-b", config()), [donor])) == {"M1"}
    (donor.reference_folder / "sky.npz").unlink()
    assert reuse_answers(make_run(tmp_path, "20260103T000000Z-c", config()), [donor]) == {}


def test_a_missing_answer_is_a_reason_to_make_all_of_the_variants_anew(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    lines = (donor.path / "generations.jsonl").read_text().splitlines(keepends=True)
    (donor.path / "generations.jsonl").write_text("".join(lines[:-1]))
    assert set(reuse_answers(make_run(tmp_path, "20260102T000000Z-b", config()), [donor])) == {"M1"}


def test_variants_come_only_from_runs_with_the_same_reference_store(tmp_path: Path) -> None:
    older = finished_run(tmp_path, "20260101T000000Z-a", config(labels=("M1", "M2", "M3")))
    newer = finished_run(tmp_path, "20260102T000000Z-b", config())
    folder = make_run(tmp_path, "20260103T000000Z-c", config(labels=("M1", "M2", "M3")))
    assert reuse_answers(folder, [older, newer])["M3"] == older.path.name
    (newer.reference_folder / "sky.npz").write_bytes(b"other distributions")
    other = make_run(tmp_path, "20260104T000000Z-d", config(labels=("M1", "M2", "M3")))
    assert set(reuse_answers(other, [older, newer])) == {"M1", "M2"}


def test_a_variant_that_has_begun_is_left_alone(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    folder = make_run(tmp_path, "20260102T000000Z-b", config())
    folder.append_generation(generation(plan_cells(config())[0]))
    assert set(reuse_answers(folder, [donor])) <= {"M2"}
    assert len([one for one in folder.read_generations() if one.label == "M1"]) == 1


def test_a_damaged_run_among_the_earlier_ones_is_passed_over(tmp_path: Path) -> None:
    donor = finished_run(tmp_path, "20260101T000000Z-a", config())
    broken = finished_run(tmp_path, "20260102T000000Z-b", config())
    (broken.path / "manifest.json").write_text("{")
    folder = make_run(tmp_path, "20260103T000000Z-c", config())
    assert set(reuse_answers(folder, [donor, broken]).values()) == {donor.path.name}
