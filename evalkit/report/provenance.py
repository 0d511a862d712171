"""Definitions of every figure, and the facts that lead from a figure back to bytes and settings."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from evalkit.records.blind import Kit
from evalkit.records.family import Family, GgufHeader, Imatrix, TextSource, Variant
from evalkit.records.run import EngineBuild, Manifest
from evalkit.records.run_data import RunData
from evalkit.records.scores import METRICS
from evalkit.report.format import TIMES, count, file_size, parameters
from evalkit.report.view import ChatTemplate, Definition, Fact, FactSheet, Provenance


def build_definitions() -> tuple[Definition, ...]:
    """Every metric that a run can hold, in the order of the records."""
    return tuple(
        Definition(anchor=f"definition-{metric.value}", title=info.title, unit=info.unit, text=info.definition)
        for metric, info in METRICS.items()
    )


def build_provenance(run: RunData) -> Provenance:
    """Facts of the run, its prompts and its files: names of files, not of the folders on the publisher's disk."""
    suite = run.manifest.config.suite
    return Provenance(
        run=FactSheet(title="Run", facts=(*_run_facts(run.manifest), *map(_kit_fact, run.kits))),
        prompts=FactSheet(
            title="Prompts",
            facts=tuple(Fact(name=prompt.id, value=prompt.content_hash, is_code=True) for prompt in suite.prompts),
        ),
        templates=tuple(_templates(run.manifest.config.family)),
        variants=tuple(_variant_sheet(variant) for variant in run.manifest.config.family.variants),
    )


def _run_facts(manifest: Manifest) -> Iterator[Fact]:
    yield Fact(name="Command", value=shlex.join(manifest.command), is_code=True)
    yield Fact(name="Run", value=manifest.run_id, is_code=True)
    yield Fact(name="Started", value=manifest.created_utc)
    yield Fact(name="Status", value=manifest.status.value)
    yield Fact(name="Fingerprint", value=manifest.fingerprint, is_code=True)
    yield Fact(name="Suite", value=manifest.config.suite.content_hash, is_code=True)
    if manifest.build is not None:
        yield from _build_facts(manifest.build)
    machine = manifest.machine
    yield Fact(name="Machine", value=f"{machine.cpu}, {count(machine.n_cores, 'core')}, {machine.os}")
    yield Fact(name="Software", value=f"evalkit {manifest.evalkit_version}, Python {machine.python}")
    yield Fact(name="Schema", value=f"version {manifest.schema_version}")


def _templates(family: Family) -> Iterator[ChatTemplate]:
    """Every template once, with the variants whose files carry it."""
    labels: dict[str, list[str]] = {}
    for variant in family.variants:
        if isinstance(variant.source, GgufHeader) and variant.source.chat_template is not None:
            labels.setdefault(variant.source.chat_template, []).append(variant.label)
    for number, (text, carriers) in enumerate(labels.items(), start=1):
        title = "Chat template" if len(labels) == 1 else f"Chat template {number}"
        yield ChatTemplate(title=title, labels=tuple(carriers), text=text)


def _kit_fact(kit: Kit) -> Fact:
    return Fact(name=f"Blind kit {kit.kit_id}, sha256 of its sealed key", value=kit.commitment, is_code=True)


def _build_facts(build: EngineBuild) -> Iterator[Fact]:
    yield Fact(name="Engine", value=f"llama-cpp-python {build.llama_cpp_python}")
    yield Fact(name="Engine libraries", value=build.library_hash, is_code=True)
    yield Fact(name="GPU offload", value="compiled in" if build.gpu_offload else "not compiled in")


def _variant_sheet(variant: Variant) -> FactSheet:
    return FactSheet(
        title=variant.label,
        facts=(
            Fact(name="File", value=variant.path.name),
            Fact(name="Payload", value=variant.payload_hash, is_code=True),
            *_source_facts(variant.source),
        ),
    )


def _source_facts(source: GgufHeader | TextSource) -> Iterator[Fact]:
    if isinstance(source, TextSource):
        yield Fact(name="Made", value="elsewhere; no model is known")
        yield Fact(name="Texts", value=f"{count(source.n_texts, 'text')}, {count(source.n_bytes, 'byte')}")
        return
    yield from _header_facts(source)
    yield from _imatrix_facts(source.imatrix)


def _header_facts(header: GgufHeader) -> Iterator[Fact]:
    types = ", ".join(f"{n:,} {TIMES} {name}" for name, n in header.tensor_types)
    context = f"{count(header.n_ctx_train, 'token')}" if header.n_ctx_train else "not stated"
    yield Fact(name="Model name", value=header.name or "not stated")
    yield Fact(
        name="Architecture",
        value=f"{header.architecture}, {parameters(header.n_parameters)} parameters, "
        f"vocabulary of {header.n_vocab:,}, trained context {context}",
    )
    yield Fact(
        name="Format",
        value=f"GGUF version {header.gguf_version}, {header.quant_type}, {file_size(header.size_bytes)} "
        f"({count(header.size_bytes, 'byte')})",
    )
    yield Fact(name="Tensors", value=types)
    yield Fact(name="Chat template", value=header.chat_template_hash or "none", is_code=bool(header.chat_template_hash))
    yield Fact(name="Tokenizer", value=header.tokenizer_hash, is_code=True)


def _imatrix_facts(imatrix: Imatrix | None) -> Iterator[Fact]:
    if imatrix is None:
        yield Fact(name="Importance matrix", value="none")
        return
    keys = {
        "quantize.imatrix.file": imatrix.file,
        "quantize.imatrix.dataset": imatrix.dataset,
        "quantize.imatrix.entries_count": imatrix.entries_count,
        "quantize.imatrix.chunks_count": imatrix.chunks_count,
    }
    for key, value in keys.items():
        yield Fact(name=key, value="not written" if value is None else f"{value}")
