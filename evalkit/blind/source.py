"""What a kit is made from: prompts, one answer per variant and prompt, and the names that must not reach a judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evalkit.blind.names import Name, NameKind
from evalkit.records.family import GgufHeader, Variant
from evalkit.records.generation import Generation, Method
from evalkit.records.run import Manifest

Key = tuple[str, str]
"""(label, prompt id)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A run as blind judging sees it; texts that were made elsewhere fit as well."""

    run_id: str
    reference_label: str
    payloads: tuple[tuple[str, str], ...]
    """(label, payload hash) in the family's order."""
    prompts: tuple[tuple[str, str], ...]
    """(prompt id, text) in the suite's order."""
    answers: dict[Key, str]
    """The first answer from cleared memory; a variant without one is missing."""
    names: tuple[Name, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The variants in the family's order."""
        return tuple(label for label, _ in self.payloads)


def read_source(manifest: Manifest, generations: Iterable[Generation]) -> Source:
    """The parts of a run that blind judging needs."""
    family, suite = manifest.config.family, manifest.config.suite
    return Source(
        run_id=manifest.run_id,
        reference_label=family.reference.label,
        payloads=tuple((variant.label, variant.payload_hash) for variant in family.variants),
        prompts=tuple((prompt.id, prompt.text) for prompt in suite.prompts),
        answers=first_answers(generations),
        names=tuple(dict.fromkeys(_names(manifest))),
    )


def first_answers(generations: Iterable[Generation]) -> dict[Key, str]:
    """The answers that are judged: the first of each variant to each prompt, from cleared memory."""
    return {
        (row.label, row.prompt_id): row.text
        for row in generations
        if row.regeneration_index == 0 and row.method is not Method.WARM
    }


def _names(manifest: Manifest) -> Iterator[Name]:
    """Everything by which a text, an id or a page could name a variant or the run."""
    for variant in manifest.config.family.variants:
        yield from _variant_names(variant)
    for failed in manifest.config.family.failed:
        yield Name(text=failed.label, kind=NameKind.LABEL)
        yield Name(text=failed.path.name, kind=NameKind.FILE)
    yield Name(text=manifest.config.family.name, kind=NameKind.FILE)
    yield Name(text=manifest.run_id, kind=NameKind.RUN)
    yield Name(text=manifest.fingerprint, kind=NameKind.HASH)
    if manifest.build is not None:
        yield Name(text=manifest.build.library_hash, kind=NameKind.HASH)


def _variant_names(variant: Variant) -> Iterator[Name]:
    path = variant.path
    yield Name(text=variant.label, kind=NameKind.LABEL)
    yield Name(text=variant.payload_hash, kind=NameKind.HASH)
    folder = str(path.parent) if path.is_absolute() else ""
    yield from _files(str(path), path.name, path.stem, folder, variant.description)
    if isinstance(variant.source, GgufHeader):
        yield from _header_names(variant.source)


def _header_names(header: GgufHeader) -> Iterator[Name]:
    yield from _files(header.name)
    if header.imatrix is not None:
        yield from _files(header.imatrix.file, header.imatrix.dataset)
    for digest in (header.tokenizer_hash, header.chat_template_hash):
        if digest:
            yield Name(text=digest, kind=NameKind.HASH)


def _files(*texts: str | None) -> Iterator[Name]:
    for text in texts:
        if text:
            yield Name(text=text, kind=NameKind.FILE)
