"""The hash of all that decides a run's tokens: the same command finds its unfinished run by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from evalkit.records.run import EngineBuild, RunConfig


def run_fingerprint(config: RunConfig, build: EngineBuild) -> str:
    """sha256 in hex. File names and folders are not in it: a variant is its payload, template and label."""
    settings = asdict(config.engine)
    del settings["stall_timeout_s"]  # Decides when to give up, not what is written.
    parts = {
        "variants": [
            (variant.label, variant.role, variant.payload_hash, variant.header.chat_template_hash)
            for variant in config.family.variants
        ],
        "suite": config.suite.content_hash,
        "decoding": asdict(config.decoding),
        "engine": settings,
        "build": asdict(build),
        "n_regenerations": config.n_regenerations,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
