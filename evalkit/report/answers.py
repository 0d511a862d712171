"""The answers side by side: one column per variant, the reference's first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.records.family import Role, Variant
from evalkit.records.generation import Generation, Method
from evalkit.records.run_data import RunData
from evalkit.records.suite import Prompt
from evalkit.report.answer_facts import answer_facts, answer_flags, answer_notes, diff_notes
from evalkit.report.fork_words import fork_note
from evalkit.report.format import count
from evalkit.report.material import Material
from evalkit.report.passage import CHARACTER_LIMIT, N_LEVELS, cut_passage
from evalkit.report.trace import answer_anchor
from evalkit.report.view import AnswersView, AnswerView, PromptView, Regeneration, VariantChoice
from evalkit.report.visible import visible_label
from evalkit.report.word_diff import word_diff

LEGEND = tuple((level, str(level * 10)) for level in range(N_LEVELS))


def build_answers(material: Material) -> AnswersView:
    """Lay out every prompt of the suite, answered or not."""
    run = material.run
    columns = _columns(run)
    reference = run.manifest.config.family.reference.label
    return AnswersView(
        choices=tuple(
            VariantChoice(variant=number, label=variant.label, is_reference=variant.role is Role.REFERENCE)
            for number, variant in columns
        ),
        prompts=tuple(
            PromptView(
                number=number,
                title=prompt.title,
                prompt_id=prompt.id,
                limit=f"at most {count(prompt.max_tokens, 'token')}" if prompt.max_tokens else "no limit known",
                text=prompt.text or "The prompt's text was not given.",
                answers=tuple(_answer(number, column, prompt, reference, material) for column in columns),
            )
            for number, prompt in enumerate(run.manifest.config.suite.prompts, start=1)
        ),
        levels=LEGEND,
        reference=reference,
    )


def _columns(run: RunData) -> list[tuple[int, Variant]]:
    """Variants with their number in the family, the reference moved to the front, where it is pinned."""
    numbered = list(enumerate(run.manifest.config.family.variants, start=1))
    return sorted(numbered, key=lambda pair: pair[1].role is not Role.REFERENCE)


def _answer(
    prompt_number: int, column: tuple[int, Variant], prompt: Prompt, reference: str, material: Material
) -> AnswerView:
    number, variant = column
    lookup = material.lookup
    key = (variant.label, prompt.id)
    is_reference = variant.label == reference
    anchor = answer_anchor(prompt_number, number)
    regenerations = lookup.generations.get(key, ())
    if not regenerations:
        failed = lookup.failed.get(variant.label)
        cause = failed.cause if failed else "The run was stopped before it."
        return AnswerView(
            anchor=anchor, variant=number, label=variant.label, is_reference=is_reference,
            description=variant.description, missing=f"No answer. {cause}",
        )  # fmt: skip
    first = regenerations[0]
    text = first.text[:CHARACTER_LIMIT]
    compared = () if is_reference else lookup.generations.get((reference, prompt.id), ())
    diff = word_diff(compared[0].text[:CHARACTER_LIMIT], text) if compared else None
    fork = fork_note(first, compared[0], lookup) if compared else ""
    return AnswerView(
        anchor=anchor,
        variant=number,
        label=variant.label,
        is_reference=is_reference,
        description=variant.description,
        missing="",
        facts=tuple(answer_facts(first, compared[0] if compared else None, lookup)),
        flags=tuple(answer_flags(key, lookup)),
        notes=tuple(answer_notes(first, diff, visible_label(reference), lookup)),
        stretches=cut_passage(text, lookup.sentences.get(key, ()), diff, fork),
        regenerations=(*_regenerations(regenerations), *_earlier(first, material)),
    )


def _regenerations(regenerations: Sequence[Generation]) -> Iterator[Regeneration]:
    """Each later regeneration whose tokens are not the first one's, compared with it."""
    first = regenerations[0]
    for later in regenerations[1:]:
        if later.token_ids == first.token_ids and later.text == first.text:
            continue
        title = (
            "With a reused prefix it differs"
            if later.method is Method.WARM
            else f"Regeneration {later.regeneration_index + 1} differs"
        )
        yield _other_text(title, first, later, "the first")


def _earlier(first: Generation, material: Material) -> Iterator[Regeneration]:
    """What the same variant wrote to the same prompt in the run that this one is set beside."""
    if material.other is None or material.other_lookup is None:
        return
    rows = material.other_lookup.generations.get((first.label, first.prompt_id), ())
    if rows and rows[0].prompt_hash == first.prompt_hash and rows[0].text != first.text:
        yield _other_text(f"In run {material.other.manifest.run_id} it differs", first, rows[0], "this run")


def _other_text(title: str, first: Generation, later: Generation, name: str) -> Regeneration:
    text = later.text[:CHARACTER_LIMIT]
    diff = word_diff(first.text[:CHARACTER_LIMIT], text)
    note = f"leaves {name} here" if name == "this run" else f"leaves {name} regeneration here"
    return Regeneration(
        title=title, diff_note=" ".join(diff_notes(diff, name)), stretches=cut_passage(text, (), diff, note)
    )
