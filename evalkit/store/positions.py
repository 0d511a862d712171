"""Reads back what a child process kept of a variant's logits, position by position."""

from __future__ import annotations

import zipfile
from pathlib import Path

from evalkit.records.errors import RunFolderError
from evalkit.records.scores import PositionScores


def read_position_scores(path: Path, label: str, prompt_id: str) -> PositionScores:
    """One variant along the reference's answer to one prompt.

    Raises:
        RunFolderError: the file is damaged.
    """
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            return PositionScores(
                label=label,
                prompt_id=prompt_id,
                kl_nats=tuple(arrays["kl_nats"].tolist()),
                same_top=tuple(arrays["same_top"].tolist()),
                log_p_reference=tuple(arrays["log_p_reference"].tolist()),
                log_p_variant=tuple(arrays["log_p_variant"].tolist()),
            )
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise RunFolderError(
            f"{path} is damaged: it does not hold the arrays that were written. Delete this one file: its figures are "
            "then not measured, and all others stay."
        ) from error
