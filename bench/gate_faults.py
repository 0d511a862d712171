"""Makes the faults that the release gate must catch, from the demo family's own source and importance matrices.

Each is the kind of slip that happens between a quantiser and an upload; `bench/gate.py` puts each in the place of the
variant that it pretends to be.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import gguf
import numpy as np

from evalkit.demo.build import SOURCE_MODEL
from evalkit.demo.recipes import DATASETS, PASS_TYPES, RECIPES
from evalkit.engine.quantize import FileType, QuantizeJob, quantize_files

OTHER_TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One faulty file and the variant that it pretends to be."""

    name: str
    victim: str
    make: Callable[[Path, Path], None]
    """(folder of the sound family, target)."""


def passes_of(label: str) -> tuple[tuple[str, ...], ...]:
    """The importance matrices of a variant's passes."""
    return next(recipe.passes for recipe in RECIPES if recipe.label == label)


def build(
    label: str,
    target: Path,
    *,
    matrices: tuple[tuple[str, ...], ...] | None = None,
    said: tuple[str, ...] | None = None,
    last_type: FileType | None = None,
    spoil: Callable[[Path], None] = lambda _path: None,
) -> None:
    """A variant by its recipe, with one thing done wrong.

    Args:
        matrices: other importance matrices than the recipe's.
        said: what the file says of its last matrices; the truth by default.
        last_type: another type of the last pass.
        spoil: changes the source model before the first pass.
    """
    passes = matrices or passes_of(label)
    types = list(PASS_TYPES[len(passes)])
    types[-1] = last_type or types[-1]
    with resources.as_file(resources.files("evalkit.demo") / "data") as data:
        source = target.with_suffix(".source.gguf")
        shutil.copy(data / SOURCE_MODEL, source)
        spoil(source)
        jobs = []
        for number, (names, file_type) in enumerate(zip(passes, types, strict=True)):
            is_last = number == len(passes) - 1
            written = said if said is not None and is_last else names
            step = target if is_last else target.with_suffix(f".{number}.gguf")
            jobs.append(
                QuantizeJob(
                    source=source,
                    target=step,
                    file_type=file_type,
                    imatrices=tuple(data / f"{name}.npz" for name in names),
                    imatrix_name="+".join(written),
                    imatrix_dataset=" and ".join(DATASETS[name] for name in written),
                )
            )
            source = step
        quantize_files(jobs)
    for left in target.parent.glob(f"{target.stem}.*.gguf"):
        left.unlink()


def noised(tensor_name: str, share: float) -> Callable[[Path], None]:
    """Adds noise to one tensor of a Q8_0 file: `share` of the tensor's own standard deviation."""

    def spoil(path: Path) -> None:
        reader = gguf.GGUFReader(path, "r+")
        tensor = next(one for one in reader.tensors if one.name == tensor_name)
        weights = gguf.dequantize(tensor.data, tensor.tensor_type)
        noise = np.random.default_rng(8).standard_normal(weights.shape).astype(np.float32) * weights.std() * share
        tensor.data[:] = gguf.quantize(weights + noise, tensor.tensor_type)
        reader.data.flush()

    return spoil


def without_attention(path: Path) -> None:
    """Sets every layer's attention output to zero: what is left only knows the last token, and goes in circles."""
    reader = gguf.GGUFReader(path, "r+")
    for tensor in reader.tensors:
        if tensor.name.endswith("attn_output.weight"):
            tensor.data[:] = 0
    reader.data.flush()


def copied(label: str) -> Callable[[Path, Path], None]:
    """Another variant's file under this name."""
    return lambda family, target: shutil.copy(file_of(family, label), target)


def truncated(label: str, share: float) -> Callable[[Path, Path], None]:
    """An upload or copy that stopped."""

    def make(family: Path, target: Path) -> None:
        content = file_of(family, label).read_bytes()
        target.write_bytes(content[: int(len(content) * share)])

    return make


def templated(label: str, template: str) -> Callable[[Path, Path], None]:
    """The same tensors with another chat template, by the `gguf` package's own tool."""

    def make(family: Path, target: Path) -> None:
        tool = [sys.executable, "-m", "gguf.scripts.gguf_new_metadata", "--force", "--chat-template", template]
        subprocess.run([*tool, file_of(family, label), target], check=True, capture_output=True)

    return make


def file_of(family: Path, label: str) -> Path:
    """A variant's file in the sound family."""
    return next(family.glob(f"*-{label}-*.gguf"))


FAULTS = (
    Fault(name="wrong imatrix", victim="M3", make=lambda _, target: build("M3", target, matrices=(("neo-large",),))),
    Fault(
        name="wrong imatrix, a sibling's", victim="M3", make=lambda _, target: build("M3", target, matrices=(("neo",),))
    ),
    Fault(
        name="wrong imatrix, its name lies",
        victim="M3",
        make=lambda _, target: build("M3", target, matrices=(("neo-large",),), said=("horror",)),
    ),
    Fault(name="imatrix forgotten", victim="M3", make=lambda _, target: build("M3", target, matrices=((),))),
    Fault(name="two files swapped", victim="M2", make=copied("M5")),
    Fault(name="two files swapped", victim="M5", make=copied("M2")),
    Fault(name="no-op copy", victim="M3", make=copied("M1")),
    Fault(name="truncated file", victim="M5", make=truncated("M5", 0.6)),
    Fault(
        name="one tensor noised by 10 %",
        victim="M7",
        make=lambda _, target: build("M7", target, spoil=noised("blk.3.ffn_down.weight", 0.1)),
    ),
    Fault(
        name="one tensor noised by 25 %",
        victim="M7",
        make=lambda _, target: build("M7", target, spoil=noised("blk.3.ffn_down.weight", 0.25)),
    ),
    Fault(
        name="one tensor noised by 50 %",
        victim="M7",
        make=lambda _, target: build("M7", target, spoil=noised("blk.3.ffn_down.weight", 0.5)),
    ),
    Fault(name="wrong chat template", victim="M7", make=templated("M7", OTHER_TEMPLATE)),
    Fault(
        name="lowered bits per weight",
        victim="M7",
        make=lambda _, target: build("M7", target, last_type=FileType.Q3_K_M),
    ),
    Fault(name="looping model", victim="M3", make=lambda _, target: build("M3", target, spoil=without_attention)),
)
