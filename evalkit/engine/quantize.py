"""llama.cpp's own quantiser with an importance matrix, as `llama-quantize --imatrix` runs it; in a child process.

`python -m evalkit.engine.quantize` reads `QuantizeJob`s from stdin, one JSON line each, and does them in order.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from evalkit.records.errors import EngineError


class FileType(IntEnum):
    """llama.cpp's `llama_ftype` numbers, as far as they are used here."""

    Q3_K_M = 12
    Q5_K_M = 17
    Q6_K = 18
    IQ4_XS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeJob:
    """One pass of the quantiser."""

    source: Path
    target: Path
    file_type: FileType
    imatrices: tuple[Path, ...] = ()
    """`.npz` files with one float32 vector per weight (mean squared activations); several are averaged."""
    imatrix_name: str = ""
    """Written to the file as `quantize.imatrix.file`."""
    imatrix_dataset: str = ""
    """Written to the file as `quantize.imatrix.dataset`."""


def quantize_files(jobs: Sequence[QuantizeJob]) -> None:
    """Do the jobs in order, in one child process.

    Raises:
        EngineError: a pass failed; its partial target is removed, and later passes are not begun.
    """
    lines = "".join(TypeAdapter(QuantizeJob).dump_json(job).decode() + "\n" for job in jobs)
    done = subprocess.run(
        [sys.executable, "-m", "evalkit.engine.quantize"],
        input=lines, capture_output=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if done.returncode != 0:
        unfinished = next((job.target for job in jobs if not job.target.exists()), jobs[-1].target)
        last_words = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise EngineError(f"llama.cpp could not quantise {unfinished.name}: {last_words[0]}")


def main() -> None:
    """Do the jobs on stdin; exit 1 at the first that fails."""
    for line in sys.stdin:
        job = TypeAdapter(QuantizeJob).validate_json(line)
        if _quantize(job) != 0:
            job.target.unlink(missing_ok=True)  # llama.cpp leaves a partial file that looks whole.
            sys.exit(1)


def average_imatrices(paths: Sequence[Path]) -> dict[str, npt.NDArray[np.float32]]:
    """Per tensor the mean of the files' vectors; all files must know the same tensors."""
    files = [dict(np.load(path, allow_pickle=False)) for path in paths]
    return {name: np.mean([file[name] for file in files], axis=0, dtype=np.float32) for name in files[0]}


def _quantize(job: QuantizeJob) -> int:
    import llama_cpp

    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = int(job.file_type)
    params.nthread = 2
    params.allow_requantize = True
    # The struct holds bare pointers: what they point to lives in `alive` until llama.cpp returns.
    alive: list[Any] = []
    if job.imatrices:
        vectors = average_imatrices(job.imatrices)
        params.imatrix = _imatrix_array(llama_cpp, vectors, alive)
        params.kv_overrides = _provenance(llama_cpp, job, len(vectors), alive)
    status: int = llama_cpp.llama_model_quantize(str(job.source).encode(), str(job.target).encode(), params)
    return status


def _imatrix_array(llama_cpp: Any, vectors: dict[str, npt.NDArray[np.float32]], alive: list[Any]) -> Any:
    array = (llama_cpp.llama_model_imatrix_data * (len(vectors) + 1))()  # The last one's null name ends the list.
    for entry, (name, vector) in zip(array, vectors.items(), strict=False):
        data = np.ascontiguousarray(vector, dtype=np.float32)
        encoded = name.encode()
        entry.name = encoded
        entry.data = data.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        entry.size = data.size
        alive += [data, encoded]
    alive.append(array)
    return array


def _provenance(llama_cpp: Any, job: QuantizeJob, n_entries: int, alive: list[Any]) -> Any:
    texts = {"quantize.imatrix.file": job.imatrix_name, "quantize.imatrix.dataset": job.imatrix_dataset}
    overrides = (llama_cpp.llama_model_kv_override * (len(texts) + 2))()  # The last one's empty key ends the list.
    for override, (key, text) in zip(overrides, texts.items(), strict=False):
        override.key = key.encode()
        override.tag = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_STR
        override.value.val_str = text.encode()[:127]
    overrides[len(texts)].key = b"quantize.imatrix.entries_count"
    overrides[len(texts)].tag = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_INT
    overrides[len(texts)].value.val_i64 = n_entries
    alive.append(overrides)
    return overrides


if __name__ == "__main__":
    main()
