"""What the tint of the next token says where the truth is known: `python -m bench.tint_calibration [FOLDER]`.

Variants of the demo model are quantised with *random* importance matrices, whose tints differ by chance alone, and with
other types; the planted files of `tests/data/planted` are added. Everything is compared with M1 and with the unrounded
model, and the random variants of one kind with each other: how often is chance called a tint? FOLDER keeps what was
built (default: a temporary one). Minutes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from importlib import resources
from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from evalkit.analyse.axis_test import compare_tints, make_ruler
from evalkit.demo.build import SOURCE_MODEL, build_demo_family, default_folder, user_cache
from evalkit.engine.child import ChildEngine
from evalkit.engine.protocol import TintJob
from evalkit.engine.quantize import FileType, QuantizeJob, quantize_files
from evalkit.measure.axis import horror_texts, learn_axis, shipped_contexts
from evalkit.records.axis import AxisTest, AxisVerdict, TintMaterial, TintReading
from evalkit.records.errors import EngineError
from evalkit.records.run import EngineSettings
from evalkit.records.word_starts import WordStarts
from evalkit.store.word_starts import read_word_starts

Floats = npt.NDArray[np.float64]

N_RANDOM = 8
KINDS: dict[str, Callable[[Generator, Floats], Floats]] = {
    "random": lambda rng, neo: rng.lognormal(size=neo.shape),
    "again": lambda rng, neo: rng.lognormal(size=neo.shape),
    "wild": lambda rng, neo: rng.lognormal(sigma=2, size=neo.shape),
    "noisy": lambda rng, neo: neo * rng.lognormal(size=neo.shape),
}
"""What a random importance matrix is made of; the seeds go on from kind to kind."""
PLANTED = Path(__file__).parents[1] / "tests" / "data" / "planted"


def build_variants(data: Path, folder: Path) -> list[Path]:
    """`<kind>-*.gguf` and other types of the demo model, made where they are not there yet."""
    jobs = []
    for seed, kind in enumerate(kind for kind in KINDS for _ in range(N_RANDOM)):
        matrix = folder / f"matrix-{seed}.npz"
        rng = np.random.default_rng(seed)
        with np.load(data / "neo.npz") as neo:
            arrays = {name: KINDS[kind](rng, neo[name]).astype(np.float32) for name in neo}
        np.savez(matrix, allow_pickle=False, **arrays)
        jobs.append(
            QuantizeJob(
                source=data / SOURCE_MODEL, target=folder / f"{kind}-{seed}.gguf", file_type=FileType.IQ4_XS,
                imatrices=(matrix,), imatrix_name=kind, imatrix_dataset="none",
            )
        )  # fmt: skip
    for file_type in (FileType.Q5_K_M, FileType.Q6_K):
        jobs.append(
            QuantizeJob(
                source=data / SOURCE_MODEL, target=folder / f"{file_type.name}.gguf", file_type=file_type
            )
        )  # fmt: skip
    quantize_files([job for job in jobs if not job.target.exists()])
    return [job.target for job in jobs]


def read_model(path: Path, material: TintMaterial, folder: Path) -> WordStarts:
    """What one model expects on the shipped contexts."""
    reading = TintReading(material=material, folder=folder / "read" / path.stem)
    reading.folder.mkdir(parents=True, exist_ok=True)
    job = TintJob(
        label=path.stem, path=path, settings=EngineSettings(n_threads=1), tint=reading, log_path=folder / "log"
    )
    for _ in ChildEngine().read_tint(job):
        pass
    read = read_word_starts([reading.contexts_path])
    if read is None:
        raise EngineError(f"{path} left nothing")
    return read


def _line(name: str, test: AxisTest) -> str:
    figures = f"{test.delta:+.3f} ({test.low:+.2f} to {test.high:+.2f})  z {test.z:+.2f}  p {test.p:.4f}"
    return f"  {name:32} {figures}  {test.verdict(test.p)}"


def main() -> None:
    """Print every comparison, then what chance does."""
    with tempfile.TemporaryDirectory() as scratch, resources.as_file(resources.files("evalkit.demo") / "data") as data:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else scratch)
        folder.mkdir(parents=True, exist_ok=True)
        axis = learn_axis(horror_texts())
        material = TintMaterial(forms=axis.forms, contexts=shipped_contexts())
        family = build_demo_family(default_folder(user_cache()))
        m1 = next(family.glob("*-M1-*.gguf"))
        paths = [*sorted(family.glob("*.gguf")), *sorted(PLANTED.glob("*.gguf")), *build_variants(data, folder)]
        read = {path.stem: read_model(path, material, folder) for path in (*paths, data / SOURCE_MODEL)}
    for reference in (m1.stem, Path(SOURCE_MODEL).stem):
        ruler = make_ruler(read[reference], axis)
        print(f"against {reference}, which expects {ruler.reference_rate:.1f} horror words per 1,000 tokens")
        for name, starts in read.items():
            print(_line(name, compare_tints(read[reference], starts, ruler)), flush=True)
    for kind in KINDS:
        rulers = {name: make_ruler(starts, axis) for name, starts in read.items() if name.startswith(f"{kind}-")}
        tests = [compare_tints(read[one], read[other], rulers[one]) for one, other in permutations(rulers, 2)]
        n_called = sum(test.verdict(test.p) is not AxisVerdict.NOT_TOLD_APART for test in tests)
        spread = float(np.sqrt(np.mean([test.z**2 for test in tests])))
        print(
            f"{kind} against {kind}: z has a spread of {spread:.2f}; {n_called} of {len(tests)} pairs are called a tint"
        )


if __name__ == "__main__":
    main()
