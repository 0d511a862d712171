"""How a run's files differ, tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable

from evalkit.records.errors import GgufError
from evalkit.records.run import RunConfig
from evalkit.store.run_folder import RunFolder


def compare_weights(folder: RunFolder, on_progress: Callable[[str], object]) -> tuple[str, ...]:
    """Compare each variant's tensors with the reference's, once per two payloads.

    Returns:
        Why some were not compared. No answer and no figure depends on it: a file that was moved after its answers were
        made costs a picture.
    """
    from evalkit.family.gguf_header import read_model
    from evalkit.family.model_files import model_files_of
    from evalkit.family.tensor_distance import compare_tensors

    config = folder.read_manifest().config
    family = config.family
    missing = [variant for variant in family.others if folder.read_comparison(variant) is None]
    if not missing:
        return ()
    if isinstance(config, RunConfig) and config.reference_store is not None:
        return (f"{family.reference.label}'s weights are not here: its answers come from a store.",)
    reasons = []
    try:
        first = read_model(model_files_of(family.reference.path).parts)
    except GgufError as error:
        return (str(error),)
    for variant in missing:
        try:
            second = read_model(model_files_of(variant.path).parts)
            labels = (family.reference.label, variant.label)
            comparison = compare_tensors(first, second, labels=labels, on_progress=on_progress)
        except GgufError as error:
            reasons.append(str(error))
            continue
        with folder.locked():
            folder.write_comparison(variant, comparison)
    return tuple(reasons)
