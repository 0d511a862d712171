"""The facts of one model, from the headers of all its parts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.family.ggml_types import FILE_TYPE_GUESSED, FILE_TYPES
from evalkit.family.gguf_file import (
    TEMPLATE_KEY,
    TOKENIZER_KEYS,
    TOKENS_KEY,
    GgufFile,
    read_gguf_file,
)
from evalkit.family.model_files import is_present
from evalkit.records.errors import GgufError
from evalkit.records.family import GgufHeader, Imatrix

ARCHITECTURE_KEY = "general.architecture"
GENERAL_TYPE_KEY = "general.type"
SPLIT_COUNT_KEY = "split.count"
SPLIT_NUMBER_KEY = "split.no"
IMATRIX_PREFIX = "quantize.imatrix."


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufModel:
    """The parts of one model, in order; a model that is not split has one."""

    parts: tuple[GgufFile, ...]

    def text(self, key: str) -> str | None:
        """The string under `key` in the first part, which carries the model's facts; None where there is none."""
        value = self.parts[0].metadata.get(key)
        return value if isinstance(value, str) else None

    def integer(self, key: str) -> int | None:
        """The integer under `key` in the first part; None where there is none."""
        value = self.parts[0].metadata.get(key)
        return value if type(value) is int else None


def read_model(paths: Sequence[Path]) -> GgufModel:
    """The headers of a model's parts, checked to belong together.

    Raises:
        GgufError: a part is missing or unreadable, the parts are not what their names say, or two hold one tensor.
    """
    for index, path in enumerate(paths):
        if len(paths) > 1 and not is_present(path):
            raise GgufError(
                f"part {index + 1} of {len(paths)} is missing: there is no {path.name} beside the others. "
                "Put all parts into one folder."
            )
    model = GgufModel(parts=tuple(read_gguf_file(path) for path in paths))
    for index, part in enumerate(model.parts):
        _check_part(part, index, len(paths))
    _check_tensor_names(model)
    return model


def header_of(model: GgufModel) -> GgufHeader:
    """The record of a model's facts.

    Raises:
        GgufError: the file does not say its architecture, without which llama.cpp loads nothing.
    """
    first = model.parts[0]
    architecture = model.text(ARCHITECTURE_KEY)
    if not architecture:
        raise GgufError(f"{first.path.name} does not name its architecture ({ARCHITECTURE_KEY}): no model to load.")
    template = model.text(TEMPLATE_KEY)
    n_tokens = first.array_lengths.get(TOKENS_KEY)
    return GgufHeader(
        gguf_version=first.version,
        architecture=architecture,
        name=model.text("general.name"),
        size_bytes=sum(part.size_bytes for part in model.parts),
        n_parameters=sum(tensor.n_elements for part in model.parts for tensor in part.tensors),
        quant_type=_quant_type(model),
        tensor_types=tuple(_tensor_counts(model).most_common()),
        n_ctx_train=model.integer(f"{architecture}.context_length"),
        n_vocab=n_tokens if n_tokens is not None else model.integer(f"{architecture}.vocab_size") or 0,
        chat_template=template or None,
        chat_template_hash=first.string_hashes.get(TEMPLATE_KEY) if template else None,
        tokenizer_hash=_tokenizer_hash(first),
        imatrix=_imatrix(model),
    )


def _check_part(part: GgufFile, index: int, n_parts: int) -> None:
    count = part.metadata.get(SPLIT_COUNT_KEY, 1)
    number = part.metadata.get(SPLIT_NUMBER_KEY, 0)
    if (count, number) == (n_parts, index) or (count == 0 and n_parts == 1):
        return
    raise GgufError(
        f"{part.path.name} says it is part {_one_based(number)} of {count}, and its name says part {index + 1} of "
        f"{n_parts}. llama.cpp finds parts by name: give all parts their names -00001-of-0000N.gguf back."
    )


def _one_based(number: object) -> object:
    return number + 1 if isinstance(number, int) else number


def _check_tensor_names(model: GgufModel) -> None:
    names: set[str] = set()
    for part in model.parts:
        for tensor in part.tensors:
            if tensor.name in names:
                raise GgufError(f"two parts hold the tensor {tensor.name!r}, the second is {part.path.name}.")
            names.add(tensor.name)


def _quant_type(model: GgufModel) -> str:
    """The declared file type, else the tensor type that most parameters have."""
    declared = model.integer("general.file_type")
    if declared is not None and declared & ~FILE_TYPE_GUESSED in FILE_TYPES:
        return FILE_TYPES[declared & ~FILE_TYPE_GUESSED]
    n_parameters: Counter[str] = Counter()
    for part in model.parts:
        for tensor in part.tensors:
            n_parameters[tensor.type_name] += tensor.n_elements
    return n_parameters.most_common(1)[0][0] if n_parameters else "unknown"


def _tensor_counts(model: GgufModel) -> Counter[str]:
    return Counter(tensor.type_name for part in model.parts for tensor in part.tensors)


def _tokenizer_hash(first: GgufFile) -> str:
    digest = hashlib.sha256()
    for key in TOKENIZER_KEYS:
        digest.update(f"{key} {first.string_hashes.get(key, 'absent')}\n".encode())
    return digest.hexdigest()


def _imatrix(model: GgufModel) -> Imatrix | None:
    if not any(key.startswith(IMATRIX_PREFIX) for key in model.parts[0].metadata):
        return None
    return Imatrix(
        file=model.text(IMATRIX_PREFIX + "file"),
        dataset=model.text(IMATRIX_PREFIX + "dataset"),
        entries_count=model.integer(IMATRIX_PREFIX + "entries_count"),
        chunks_count=model.integer(IMATRIX_PREFIX + "chunks_count"),
    )
