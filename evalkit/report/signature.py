"""What must be equal before two figures may be compared, in words."""

from __future__ import annotations

from evalkit.records.decoding import Decoding
from evalkit.records.run import Manifest, RunConfig
from evalkit.report.format import plain_number
from evalkit.report.view import Fact

HASH_DIGITS = 12
"""Enough to tell two files apart; the whole hashes stand in the provenance."""
IMPORTED = "texts made elsewhere"


def signature(manifest: Manifest) -> tuple[Fact, ...]:
    """Suite, decoding, engine, reading of tint, version: what the signatures of all of the run's figures share."""
    config, build = manifest.config, manifest.build
    facts = [Fact(name="Suite", value=config.suite.content_hash[:HASH_DIGITS], is_code=True)]
    if isinstance(config, RunConfig) and build is not None:
        facts += [
            Fact(name="Decoding", value=short_decoding(config.decoding)),
            Fact(name="Engine", value=f"llama-cpp-python {build.llama_cpp_python}, {build.library_hash[:HASH_DIGITS]}"),
        ]
    else:
        facts += [Fact(name="Decoding", value=IMPORTED), Fact(name="Engine", value=IMPORTED)]
    return (
        *facts,
        Fact(name="Tint", value=manifest.tint_method.value),
        Fact(name="evalkit", value=manifest.evalkit_version),
    )


def short_decoding(decoding: Decoding) -> str:
    """What decides the tokens: samplers that change nothing at temperature 0 are left to the settings."""
    words = (
        f"temperature {plain_number(decoding.temperature)}, repeat penalty {plain_number(decoding.repeat_penalty)} "
        f"over the last {decoding.repeat_last_n} tokens"
    )
    if decoding.temperature == 0:
        return words
    return (
        f"{words}, top-k {decoding.top_k}, top-p {plain_number(decoding.top_p)}, min-p {plain_number(decoding.min_p)}"
    )


def signature_line(manifest: Manifest) -> str:
    """The signature in one line, for a card or a terminal."""
    return " · ".join(f"{fact.name.lower()} {fact.value}" for fact in signature(manifest))
