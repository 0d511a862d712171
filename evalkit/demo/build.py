"""Builds the demo family into a folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import asdict
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import yaml

from evalkit.demo.recipes import CLAIMS, DATASETS, FAMILY_NAME, NOTICE, PASS_TYPES, RECIPES, Recipe
from evalkit.engine.quantize import QuantizeJob, quantize_files

SOURCE_MODEL = "hollow-lantern-6m-Q8_0.gguf"
FAMILY_FILE = "family.yaml"


def build_demo_family(folder: Path) -> Path:
    """The folder with the ten variants and their `family.yaml`; built in seconds where it is not there yet.

    The folder appears as a whole or not at all, so a killed build leaves no half family behind.

    Raises:
        EngineError: llama.cpp's quantiser failed.
    """
    if (folder / FAMILY_FILE).is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".demo-") as scratch:
        family = Path(scratch) / "family"
        family.mkdir()
        with resources.as_file(resources.files("evalkit.demo") / "data") as data:
            quantize_files([job for recipe in RECIPES for job in _passes(recipe, data, Path(scratch), family)])
        (family / FAMILY_FILE).write_text(_family_yaml(), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        family.rename(folder)
    return folder


def default_folder(cache: Path) -> Path:
    """Where the family of these recipes, this source model and this quantiser lies below a cache folder."""
    parts = [repr(asdict(recipe)) for recipe in RECIPES] + [version("llama-cpp-python"), NOTICE, repr(CLAIMS)]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]
    return cache / "evalkit" / f"demo-family-{key}"


def user_cache() -> Path:
    """The user's cache folder, as the XDG base directory specification has it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _passes(recipe: Recipe, data: Path, scratch: Path, family: Path) -> list[QuantizeJob]:
    jobs: list[QuantizeJob] = []
    source = data / SOURCE_MODEL
    types = PASS_TYPES[len(recipe.passes)]
    for number, (imatrices, file_type) in enumerate(zip(recipe.passes, types, strict=True), start=1):
        is_last = number == len(types)
        target = family / recipe.file_name if is_last else scratch / f"{recipe.label}-pass{number}.gguf"
        jobs.append(
            QuantizeJob(
                source=source,
                target=target,
                file_type=file_type,
                imatrices=tuple(data / f"{name}.npz" for name in imatrices),
                imatrix_name="+".join(imatrices),
                imatrix_dataset=" and ".join(DATASETS[name] for name in imatrices),
            )
        )
        source = target
    return jobs


def _family_yaml() -> str:
    variants = [
        {
            "label": recipe.label,
            "file": recipe.file_name,
            "lineage": list(recipe.lineage),
            "description": recipe.description,
        }
        for recipe in RECIPES
    ]
    document = {"name": FAMILY_NAME, "notice": NOTICE, "reference": "M1", "variants": variants, "claims": list(CLAIMS)}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
