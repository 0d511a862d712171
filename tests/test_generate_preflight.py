"""A kernel fault leads to the safe path; anything else leaves the settings alone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from evalkit.engine.child import ChildEngine
from evalkit.engine.protocol import Event, VariantJob
from evalkit.generate.preflight import choose_kernels, fit_gpu_layers
from evalkit.records.errors import EngineCrashError, EngineError
from evalkit.records.generation import Cell
from evalkit.records.run import EngineBuild, EngineSettings
from evalkit.suite.load import SuiteRequest, load_suite
from tests.samples import BUILD, variant

SETTINGS = EngineSettings(n_threads=1)


class FaultyEngine:
    """Raises by kernel path."""

    def __init__(
        self, with_repacking: Exception | None, without: Exception | None = None, build: EngineBuild = BUILD
    ) -> None:
        self._errors = {True: with_repacking, False: without}
        self._build = build
        self.tried: list[bool] = []

    def build(self) -> EngineBuild:
        return self._build

    def fit_gpu_layers(self, job: VariantJob) -> int:
        if error := self._errors[True]:
            raise error
        return 17

    def smoke(self, job: VariantJob) -> None:
        self.tried.append(job.settings.repack_weights)
        if error := self._errors[job.settings.repack_weights]:
            raise error

    def run(self, job: VariantJob) -> Iterator[Event]:
        raise NotImplementedError


def test_kernels_that_survive_are_kept() -> None:
    engine = FaultyEngine(None)
    assert choose_kernels(engine, SETTINGS, variant("M1")).repack_weights
    assert engine.tried == [True]


def test_a_crash_leads_to_the_safe_path_once_it_has_proven_itself() -> None:
    engine = FaultyEngine(EngineCrashError("SIGSEGV"))
    assert not choose_kernels(engine, SETTINGS, variant("M1")).repack_weights
    assert engine.tried == [True, False]


@pytest.mark.parametrize("second", [EngineCrashError("SIGSEGV"), EngineError("refused")])
def test_where_the_safe_path_fails_too_the_file_is_at_fault_and_nothing_changes(second: Exception) -> None:
    assert choose_kernels(FaultyEngine(EngineCrashError("SIGSEGV"), second), SETTINGS, variant("M1")).repack_weights


def test_a_refused_file_is_no_kernel_fault() -> None:
    engine = FaultyEngine(EngineError("refused"))
    assert choose_kernels(engine, SETTINGS, variant("M1")).repack_weights
    assert engine.tried == [True]


def test_a_build_with_a_gpu_is_asked_what_fits_and_one_without_is_not() -> None:
    with_gpu = replace(BUILD, gpu_offload=True)
    suite = load_suite(SuiteRequest())
    assert fit_gpu_layers(FaultyEngine(None, build=with_gpu), SETTINGS, variant("M1"), suite).n_gpu_layers == 17
    assert fit_gpu_layers(FaultyEngine(EngineError("asked")), SETTINGS, variant("M1"), suite).n_gpu_layers == 0


def test_a_refused_file_leaves_the_gpu_layers_alone() -> None:
    engine = FaultyEngine(EngineError("refused"), build=replace(BUILD, gpu_offload=True))
    assert fit_gpu_layers(engine, SETTINGS, variant("M1"), load_suite(SuiteRequest())) == SETTINGS


@pytest.mark.full
def test_a_machine_without_a_gpu_fits_no_layers(demo_family, tmp_path) -> None:
    from evalkit.generate.preflight import _smoke_job

    if ChildEngine().build().gpu_offload:
        pytest.skip("this build has a GPU")
    path = demo_family / "Hollow-Lantern-6M-M1-IQ4_XS.gguf"
    cells = (Cell(label="M1", prompt_id="bravado", regeneration_index=0),)
    one = replace(_smoke_job(SETTINGS, replace(variant("M1"), path=path), tmp_path), cells=cells)
    assert ChildEngine().fit_gpu_layers(replace(one, suite=load_suite(SuiteRequest()))) == 0


@pytest.mark.full
def test_the_demo_model_passes_on_this_machine_and_garbage_does_not(demo_family, tmp_path) -> None:
    from evalkit.generate.preflight import _smoke_job

    path = demo_family / "Hollow-Lantern-6M-M1-IQ4_XS.gguf"
    ChildEngine().smoke(_smoke_job(SETTINGS, replace(variant("M1"), path=path), tmp_path))
    garbage = tmp_path / "garbage.gguf"
    garbage.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(EngineError, match="refused the file"):
        ChildEngine().smoke(_smoke_job(SETTINGS, replace(variant("M1"), path=garbage), tmp_path))
