"""Who reads the reference's answers beside the unrounded model, and what is not read twice."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.engine.protocol import Event, Ready, VariantJob
from evalkit.generate.run import VariantFailed
from evalkit.generate.unrounded import read_unrounded
from evalkit.records.errors import EngineError
from evalkit.records.family import Role
from evalkit.records.generation import Cell
from evalkit.records.run import RunConfig
from evalkit.store.run_folder import RunFolder
from tests.samples import config, generation, manifest, variant

SOURCE = replace(variant("M2"), label="unrounded", role=Role.VARIANT, payload_hash="f16" * 16)


class ReadingEngine:
    """Leaves a file per prompt, as the real one does; fails where it is told to."""

    def __init__(self, fail: str = "") -> None:
        self.jobs: list[VariantJob] = []
        self._fail = fail

    def read(self, job: VariantJob) -> Iterator[Event]:
        self.jobs.append(job)
        yield Ready(label=job.label, load_seconds=0.0)
        if job.label == self._fail:
            raise EngineError("the child process was killed by SIGKILL.")
        for cell in job.cells:
            target = job.reference_folder if job.is_reference else job.positions_folder
            (target / f"{cell.prompt_id}.npz").write_bytes(b"")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(tmp_path, manifest())
    folder.prepare_to_append(config().family.variants)
    for label in ("M1", "M2"):
        for prompt_id in ("inn", "sky"):
            folder.append_generation(generation(Cell(label=label, prompt_id=prompt_id, regeneration_index=0)))
    return folder


def jobs_of(run_config: RunConfig, folder: RunFolder, fail: str = "") -> tuple[list[VariantJob], list[object]]:
    engine, events = ReadingEngine(fail), []
    read_unrounded(run_config, folder, engine, events.append)  # type: ignore[arg-type]
    return engine.jobs, events


def test_the_source_is_recorded_first_then_the_reference_and_every_variant_are_measured(folder: RunFolder) -> None:
    jobs, _ = jobs_of(replace(config(), unrounded=SOURCE), folder)
    assert [(job.label, job.is_reference) for job in jobs] == [("unrounded", True), ("M1", False), ("M2", False)]
    # All read M1's answers.
    assert all(job.drafts == {"inn": (1, 2, 3), "sky": (1, 2, 3)} for job in jobs)
    assert len({job.positions_folder for job in jobs}) == 3
    assert {job.reference_folder for job in jobs} == {folder.unrounded_folder}


def test_nothing_is_read_without_a_source_and_nothing_twice(folder: RunFolder) -> None:
    assert jobs_of(config(), folder) == ([], [])
    with_source = replace(config(), unrounded=SOURCE)
    jobs_of(with_source, folder)
    assert jobs_of(with_source, folder) == ([], [])
    (folder.unrounded_positions_folder(variant("M2")) / "sky.npz").unlink()
    (again,), _ = jobs_of(with_source, folder)
    assert (again.label, [cell.prompt_id for cell in again.cells]) == ("M2", ["sky"])


def test_a_reference_from_a_store_has_no_weights_and_is_left_out(folder: RunFolder) -> None:
    jobs, _ = jobs_of(replace(config(), unrounded=SOURCE, reference_store="0" * 64), folder)
    assert [job.label for job in jobs] == ["unrounded", "M2"]


def test_a_source_that_fails_costs_its_figures_only_and_is_named(folder: RunFolder) -> None:
    jobs, events = jobs_of(replace(config(), unrounded=SOURCE), folder, fail="unrounded")
    assert [job.label for job in jobs] == ["unrounded"]
    assert isinstance(events[-1], VariantFailed)
    assert [failure.label for failure in folder.read_failures()] == ["unrounded"]
