"""Reads back what a child process kept of a variant's logits, position by position."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.records.errors import RunFolderError
from evalkit.records.positions import PositionScores

if TYPE_CHECKING:
    import numpy as np

Arrays = Mapping[str, Any]

_PLAIN = (
    *("answer", "kl_nats", "reverse_kl_nats", "js_nats", "same_top", "log_p_reference", "log_p_variant"),
    *("choices", "log_p_choice_variant"),
)


def read_position_scores(path: Path, label: str, prompt_id: str) -> PositionScores:
    """One variant along the reference's answer to one prompt.

    Raises:
        RunFolderError: the file is damaged, or of an evalkit that kept less.
    """
    with _opened(path) as arrays:
        ends, end_margin = arrays["ends_too"].tolist(), arrays["end_margin_nats"].tolist()
        fork_piece = _texts(arrays["fork_piece"])
        return PositionScores(
            label=label,
            prompt_id=prompt_id,
            **{name: tuple(arrays[name].tolist()) for name in _PLAIN},
            pieces=_texts(arrays["pieces"]),
            margins_nats=tuple(arrays["margin_nats"].tolist()),
            log_p_choice_reference=tuple(
                None if math.isnan(value) else value for value in arrays["log_p_choice_reference"].tolist()
            ),
            ends_too=ends[0] if ends else None,
            end_margin_nats=end_margin[0] if end_margin else None,
            fork_piece=fork_piece[0] if fork_piece else None,
        )


def read_parts(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The reference's and the variant's log-probabilities on the reference's partition; see `measure/partition.py`.

    Returns:
        Two arrays (n_positions, n_parts) float32, nats.

    Raises:
        RunFolderError: the file is damaged, or of an evalkit that kept less.
    """
    with _opened(path) as arrays:
        reference, variant = arrays["reference_parts"], arrays["variant_parts"]
        if reference.shape != variant.shape or reference.ndim != 2:
            raise ValueError(f"parts of the shapes {reference.shape} and {variant.shape}")
        return reference, variant


@contextmanager
def _opened(path: Path) -> Iterator[Arrays]:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            yield arrays
    except (KeyError, ValueError, TypeError, AttributeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise RunFolderError(
            f"{path} is damaged, or from an evalkit that measured less: it does not hold the arrays that are needed. "
            "Delete this one file: its figures are then not measured, and all others stay."
        ) from error


def _texts(array: Any) -> tuple[str, ...]:
    texts = json.loads(array.tobytes())
    if not (isinstance(texts, list) and all(isinstance(text, str) for text in texts)):
        raise ValueError("not a list of texts")
    return tuple(texts)
