"""A run does what is missing, keeps what is done, and survives the failure of a variant."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.engine.protocol import Event, Ready, VariantJob
from evalkit.generate.fingerprint import run_fingerprint
from evalkit.generate.run import Planned, VariantFailed, generate_answers, plan_cells
from evalkit.records.errors import EngineError
from evalkit.records.generation import Cell
from evalkit.records.run import EngineBuild, RunConfig
from evalkit.store.run_folder import RunFolder
from tests.samples import BUILD, config, generation, manifest, variant


class CountingEngine:
    """Answers every cell with its own numbers; fails or is interrupted where it is told to."""

    def __init__(self, stop_at: Cell | None = None, error: BaseException | None = None) -> None:
        self.answered: list[Cell] = []
        self._stop_at = stop_at
        self._error = error

    def build(self) -> EngineBuild:
        return BUILD

    def smoke(self, job: VariantJob) -> None:
        raise NotImplementedError

    def run(self, job: VariantJob) -> Iterator[Event]:
        yield Ready(label=job.label, load_seconds=0.0)
        for cell in job.cells:
            if cell == self._stop_at and self._error is not None:
                raise self._error
            self.answered.append(cell)
            yield generation(cell)


def cell(label: str, prompt_id: str, index: int) -> Cell:
    return Cell(label=label, prompt_id=prompt_id, regeneration_index=index)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, manifest())


def run_with(engine: CountingEngine, folder: RunFolder, run_config: RunConfig) -> list[object]:
    events: list[object] = []
    generate_answers(run_config, folder, engine, events.append)
    return events


def test_the_reference_goes_first_and_variants_are_outermost() -> None:
    run_config = config(labels=("L0", "M1", "M2"), prompt_ids=("inn",), n_regenerations=2)
    assert plan_cells(run_config) == (
        cell("M1", "inn", 0), cell("M1", "inn", 1),
        cell("L0", "inn", 0), cell("L0", "inn", 1),
        cell("M2", "inn", 0), cell("M2", "inn", 1),
    )  # fmt: skip


def test_every_cell_is_answered_and_kept(folder: RunFolder) -> None:
    engine = CountingEngine()
    run_with(engine, folder, config())
    assert [one.cell for one in folder.read_generations()] == list(plan_cells(config()))
    assert folder.read_failures() == ()


def test_a_variant_that_fails_keeps_its_finished_cells_and_the_run_goes_on(folder: RunFolder) -> None:
    engine = CountingEngine(cell("M1", "sky", 0), EngineError("the child process was killed by SIGKILL."))
    events = run_with(engine, folder, config())
    kept = [one.cell for one in folder.read_generations()]
    assert kept == [cell("M1", "inn", 0), cell("M1", "inn", 1), *plan_cells(config())[4:]]
    (failure,) = folder.read_failures()
    assert (failure.label, failure.cause) == ("M1", "the child process was killed by SIGKILL.")
    assert any(isinstance(event, VariantFailed) for event in events)


def test_an_interruption_keeps_what_is_finished_and_the_same_command_repeats_none_of_it(folder: RunFolder) -> None:
    first = CountingEngine(cell("M2", "inn", 1), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run_with(first, folder, config())
    second = CountingEngine()
    events = run_with(second, folder, config())
    assert events[0] == Planned(n_done=5, n_cells=8)
    assert second.answered == list(plan_cells(config())[5:])
    assert not set(first.answered) & set(second.answered)
    assert len(folder.read_generations()) == 8


def test_a_finished_run_opens_no_model(folder: RunFolder) -> None:
    run_with(CountingEngine(), folder, config())
    again = CountingEngine()
    assert run_with(again, folder, config()) == [Planned(n_done=8, n_cells=8)]
    assert again.answered == []


def test_a_failed_variant_is_tried_again_and_its_old_failure_forgotten(folder: RunFolder) -> None:
    run_with(CountingEngine(cell("M2", "inn", 0), EngineError("hung")), folder, config())
    run_with(CountingEngine(), folder, config())
    assert folder.read_failures() == ()
    assert len(folder.read_generations()) == 8


def test_the_fingerprint_stays_when_only_names_of_files_change() -> None:
    moved = replace(variant("M2"), path=Path("elsewhere/other.gguf"))
    before = config()
    after = replace(before, family=replace(before.family, variants=(variant("M1"), moved)))
    assert run_fingerprint(before, BUILD) == run_fingerprint(after, BUILD)


@pytest.mark.parametrize(
    "changed",
    [
        replace(config(), n_regenerations=3),
        replace(config(), decoding=replace(config().decoding, repeat_penalty=1.0)),
        replace(config(), engine=replace(config().engine, n_threads=2)),
        replace(config(), suite=replace(config().suite, content_hash="other")),
        replace(
            config(),
            family=replace(config().family, variants=(variant("M1"), replace(variant("M2"), payload_hash="x"))),
        ),
    ],
    ids=["regenerations", "decoding", "threads", "suite", "payload"],
)
def test_the_fingerprint_changes_with_whatever_may_move_a_token(changed: RunConfig) -> None:
    assert run_fingerprint(changed, BUILD) != run_fingerprint(config(), BUILD)


def test_the_fingerprint_changes_with_the_engine_build() -> None:
    assert run_fingerprint(config(), replace(BUILD, library_hash="0")) != run_fingerprint(config(), BUILD)
