"""Imported texts become what a run is made of: a family without models, a suite, and one answer each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.family.family_file import FamilyFile
from evalkit.family.labels import canonical_label, printable
from evalkit.family.model_files import natural_key
from evalkit.family.reference import DEFAULT_LABEL
from evalkit.imports.texts import FoundTexts, ImportedText, refuse_duplicates
from evalkit.records.errors import FamilyError, UsageError
from evalkit.records.family import Family, FamilyWarning, Role, TextSource, Variant, WarningKind
from evalkit.records.generation import Generation, Method, StopReason, TemplateSource
from evalkit.records.run import ImportConfig
from evalkit.records.suite import Prompt, Suite

SHOWN = 6
"""Names in one message; more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A run's question and all of its answers."""

    config: ImportConfig
    generations: tuple[Generation, ...]

    @property
    def fingerprint(self) -> str:
        """sha256 over labels, texts and prompts, hex."""
        family, suite = self.config.family, self.config.suite
        variants = [(variant.label, variant.role, variant.payload_hash) for variant in family.variants]
        return _hash({"imported": variants, "suite": suite.content_hash})


def compose_import(
    found: FoundTexts, source: Path, suite: Suite, *, reference: str | None, facts: FamilyFile | None
) -> Import:
    """Put the texts in order, name what is missing, and say what texts cannot show.

    Args:
        found: the texts, as they were read.
        source: the folder or table.
        suite: every prompt that has a text, and no other.
        reference: the label that `--reference` names.
        facts: what a family file says.

    Raises:
        UsageError: two texts for one variant and prompt, no reference, nothing to compare with it, or only blank texts.
    """
    refuse_duplicates(found.texts)
    labels = sorted({text.label for text in found.texts}, key=natural_key)
    chosen = _choose_reference(labels, reference or (facts.reference if facts else None) or DEFAULT_LABEL, source)
    if len(labels) == 1:
        raise FamilyError(f"{source} has texts of {labels[0]} only: there is nothing to compare with it.")
    if not any(text.text.strip() for text in found.texts):
        raise UsageError(f"all {len(found.texts)} texts in {source} are blank: there is nothing to score.")
    by_label = {label: [text for text in found.texts if text.label == label] for label in labels}
    variants = tuple(
        _variant(label, by_label[label], source, Role.REFERENCE if label == chosen else Role.VARIANT, facts)
        for label in labels
    )
    family = Family(
        name=printable(facts.name if facts else source.stem or str(source)),
        variants=variants,
        warnings=tuple(_warnings(found, variants, suite, facts)),
        claims=tuple(entry.record() for entry in facts.claims) if facts else (),
    )
    return Import(
        config=ImportConfig(family=family, suite=suite, imported_from=source),
        generations=tuple(_generations(by_label, variants, suite)),
    )


def _choose_reference(labels: Sequence[str], wanted: str, source: Path) -> str:
    label = canonical_label(wanted)
    fitting = [own for own in labels if own == label] or [own for own in labels if own.casefold() == label.casefold()]
    if len(fitting) != 1:
        raise FamilyError(
            f"no reference {label} among the {len(labels)} variants in {source} ({_listed(labels)}).\n"
            "evalkit compares everything with one of them: name it with --reference."
        )
    return fitting[0]


def _variant(label: str, texts: Sequence[ImportedText], source: Path, role: Role, facts: FamilyFile | None) -> Variant:
    entry = facts.entry(label) if facts else None
    pairs = sorted((text.prompt_id, text.text) for text in texts)
    n_bytes = sum(len(text.text.encode("utf-8", "surrogatepass")) for text in texts)
    return Variant(
        label=label,
        path=source / texts[0].place if source.is_dir() and len(texts) == 1 else source,
        role=role,
        source=TextSource(n_texts=len(texts), n_bytes=n_bytes),
        payload_hash=_hash(pairs),
        lineage=tuple(entry.lineage) if entry else (),
        description=entry.description if entry else "",
    )


def _warnings(
    found: FoundTexts, variants: Sequence[Variant], suite: Suite, facts: FamilyFile | None
) -> Iterator[FamilyWarning]:
    if facts and facts.notice:
        yield FamilyWarning(kind=WarningKind.NOTICE, labels=(), message=facts.notice)
    n_prompts = len(suite.prompts)
    yield _warning(
        "The texts were made elsewhere. They show how each reads (tint, style, damage) and how far it lies from the "
        "reference's. They do not show how far the models diverge or what they expect next (no model), whether a text "
        "would come out again (one each), how it was made, or how fast."
    )
    if n_prompts == 1:
        yield _warning(
            f"{len(found.texts)} texts on 1 prompt rank nobody: another text of the same variant may differ as much."
        )
    have = {(text.label, text.prompt_id) for text in found.texts}
    for variant in variants:
        missing = [prompt.id for prompt in suite.prompts if (variant.label, prompt.id) not in have]
        if missing:
            yield _warning(f"No text for {_listed(missing)}: not measured there.", variant.label)
    for text in found.texts:
        if not text.text.strip():
            message = f"The text for {text.prompt_id} ({text.place}) is blank and counts as an empty answer."
            yield _warning(message, text.label)
    unknown = [prompt.id for prompt in suite.prompts if not prompt.text]
    if unknown:
        yield _warning(
            f"What the prompts asked is not known: {_listed(unknown)}. Give their texts with --suite or --prompts."
        )
    if found.skipped:
        yield FamilyWarning(
            kind=WarningKind.SKIPPED_FILE,
            labels=(),
            message=f"Skipped, since they are no answers: {_listed(found.skipped)}.",
        )


def _warning(message: str, *labels: str) -> FamilyWarning:
    return FamilyWarning(kind=WarningKind.IMPORTED_TEXTS, labels=labels, message=message)


def _generations(
    by_label: Mapping[str, Sequence[ImportedText]], variants: Sequence[Variant], suite: Suite
) -> Iterator[Generation]:
    prompts = {prompt.id: prompt for prompt in suite.prompts}
    for variant in variants:
        for text in by_label[variant.label]:
            yield _generation(variant, prompts[text.prompt_id], text.text)


def _generation(variant: Variant, prompt: Prompt, text: str) -> Generation:
    return Generation(
        label=variant.label,
        payload_hash=variant.payload_hash,
        prompt_id=prompt.id,
        prompt_hash=prompt.content_hash,
        regeneration_index=0,
        text=text,
        token_ids=(),
        margins_nats=(),
        stop_reason=StopReason.UNKNOWN,
        method=Method.IMPORTED,
        n_drafted=0,
        n_prompt_tokens=0,
        prompt_tokens_hash="",
        template_source=TemplateSource.UNKNOWN,
        prefill_seconds=0.0,
        decode_seconds=0.0,
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _hash(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
