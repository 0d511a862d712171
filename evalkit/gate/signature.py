"""What must be equal before the figures of two runs compare, as named parts that can be listed when they differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from evalkit.records.errors import UsageError
from evalkit.records.run import ImportConfig, Manifest

# Threads move no figure beyond the noise floor, and a stall timeout moves none at all.
_LEFT_OUT = frozenset({"n_threads", "stall_timeout_s"})


def signature_of(manifest: Manifest) -> dict[str, str]:
    """Suite, decoding, engine settings, engine build and CPU kernel path, evalkit's version; by name, sorted.

    Raises:
        UsageError: the run's texts were made elsewhere, so nothing is known of how.
    """
    config, build = manifest.config, manifest.build
    if isinstance(config, ImportConfig) or build is None:
        raise UsageError(
            f"run {manifest.run_id} holds texts that were made elsewhere: there are no files to release. "
            "Gate a run of the files themselves: evalkit gate --models ..."
        )
    parts: dict[str, object] = {
        "suite": f"{config.suite.name} {config.suite.content_hash}",
        "evalkit": manifest.evalkit_version,
        "regenerations": config.n_regenerations,
        "reference_store": config.reference_store,
        **{f"decoding.{name}": value for name, value in asdict(config.decoding).items()},
        **{f"engine.{name}": value for name, value in asdict(config.engine).items() if name not in _LEFT_OUT},
        **{f"build.{name}": value for name, value in asdict(build).items()},
    }
    return {name: _text(parts[name]) for name in sorted(parts)}


def signature_differences(current: Mapping[str, str], baseline: Mapping[str, str]) -> tuple[str, ...]:
    """One line per part that differs: what it is now and what it was; empty when figures compare."""
    return tuple(
        f"{name}: {current.get(name, 'not recorded')} now, {baseline.get(name, 'not recorded')} in the baseline"
        for name in sorted({*current, *baseline})
        if current.get(name) != baseline.get(name)
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
