"""The hash of all that decides a run's tokens: the same command finds its unfinished run by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from evalkit.records.run import EngineBuild, RunConfig


def run_fingerprint(config: RunConfig, build: EngineBuild) -> str:
    """sha256 in hex. File names and folders are not in it: a variant is its payload, template and label.

    Neither is the unrounded model: answers do not depend on it, so `--source` may be added to a finished run.
    """
    variants = [
        (variant.label, variant.role, variant.payload_hash, variant.header.chat_template_hash)
        for variant in config.family.variants
    ]
    return _hash({"variants": variants} | _question(config, build))


def question_hash(config: RunConfig, build: EngineBuild) -> str:
    """The same without the variants: equal where two runs ask the same of the same engine; sha256 in hex."""
    return _hash(_question(config, build))


def _question(config: RunConfig, build: EngineBuild) -> dict[str, object]:
    settings = asdict(config.engine)
    del settings["stall_timeout_s"]  # Decides when to give up, not what is written.
    return {
        "suite": config.suite.content_hash,
        "decoding": asdict(config.decoding),
        "engine": settings,
        "build": asdict(build),
        "n_regenerations": config.n_regenerations,
        "reference_store": config.reference_store,
    }


def _hash(parts: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
