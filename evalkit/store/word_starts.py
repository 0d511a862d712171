"""Reads back what child processes recorded of the next word, along answers and on contexts."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

from evalkit.records.errors import RunFolderError
from evalkit.records.word_starts import WordStarts


def read_word_starts(paths: Sequence[Path]) -> WordStarts | None:
    """The readings in several files of one model, put together; None where none of the files is there.

    Raises:
        RunFolderError: a file is damaged, or not of the same vocabulary as the others.
    """
    read = [_read(path) for path in paths if path.is_file()]
    return _together(read) if read else None


def _read(path: Path) -> WordStarts:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            contexts = json.loads(arrays["contexts"].tobytes())
            return WordStarts(
                context_ids=tuple(str(name) for name, _ in contexts),
                groups=tuple(str(group) for _, group in contexts),
                n_positions=tuple(arrays["n_positions"].tolist()),
                form_tokens=arrays["form_tokens"],
                token_ids=arrays["token_ids"],
                probabilities=arrays["probabilities"].astype(np.float64),
            )
    except (KeyError, ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise RunFolderError(
            f"{path} is damaged: it does not hold the arrays that were written. Delete this one file: the tint in the "
            "distribution is then measured without it."
        ) from error


def _together(read: Sequence[WordStarts]) -> WordStarts:
    import numpy as np

    first = read[0]
    if not all(np.array_equal(one.form_tokens, first.form_tokens) for one in read):
        raise RunFolderError("the readings of the next word are of several vocabularies or word lists: run again.")
    return WordStarts(
        context_ids=tuple(name for one in read for name in one.context_ids),
        groups=tuple(group for one in read for group in one.groups),
        n_positions=tuple(n for one in read for n in one.n_positions),
        form_tokens=first.form_tokens,
        token_ids=first.token_ids,
        probabilities=np.concatenate([one.probabilities for one in read]),
    )
