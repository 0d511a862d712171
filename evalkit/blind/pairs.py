"""Which pairs of answers can be asked about at all, and what is shown of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from evalkit.blind.clean import Finding, clean_prompt, strip_to_story, take_out_names
from evalkit.blind.footing import Footing, cut_to_equal_footing
from evalkit.blind.names import Names
from evalkit.blind.source import Key, Source
from evalkit.measure.words import WORD
from evalkit.records.blind import Design, UnaskedPair


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableTexts:
    """Prompts and answers as judges may read them."""

    prompts: dict[str, str]
    answers: dict[Key, str]
    findings: tuple[Finding, ...]
    ordinary_names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Askable:
    """Two answers to one prompt that differ in what is shown of them."""

    prompt_id: str
    label_a: str
    label_b: str
    footing: Footing

    @property
    def labels(self) -> tuple[str, str]:
        """The pair, whatever the prompt."""
        return self.label_a, self.label_b


def clean_texts(source: Source) -> ReadableTexts:
    """Every text without its frame, template leaks, hidden characters and names."""
    stripped = {key: strip_to_story(*key, text) for key, text in source.answers.items()}
    texts_by_label = {
        label: [cleaned.text for key, cleaned in stripped.items() if key[0] == label] for label in source.labels
    }
    names = Names(source.names, texts_by_label)
    answers = {key: take_out_names(*key, cleaned.text, names) for key, cleaned in stripped.items()}
    prompts = {
        prompt_id: take_out_names("", prompt_id, clean_prompt(text), names) for prompt_id, text in source.prompts
    }
    cleaned = (*stripped.values(), *answers.values(), *prompts.values())
    return ReadableTexts(
        prompts={prompt_id: prompt.text for prompt_id, prompt in prompts.items()},
        answers={key: answer.text for key, answer in answers.items()},
        findings=tuple(finding for text in cleaned for finding in text.findings),
        ordinary_names=names.ordinary,
    )


def list_pairs(
    source: Source, texts: ReadableTexts, design: Design, word_limit: int
) -> tuple[tuple[Askable, ...], tuple[UnaskedPair, ...]]:
    """Every pair of the design on every prompt: those to ask, and those not to ask, with the reason."""
    found = [
        _pair((label_a, prompt_id), (label_b, prompt_id), source, texts, word_limit)
        for prompt_id, _ in source.prompts
        for label_a, label_b in _designed(source, design)
    ]
    askable = tuple(pair for pair in found if isinstance(pair, Askable))
    return askable, tuple(pair for pair in found if isinstance(pair, UnaskedPair))


def _designed(source: Source, design: Design) -> Iterator[tuple[str, str]]:
    for pair in combinations(source.labels, 2):
        if design is Design.ROBIN or source.reference_label in pair:
            yield pair


def _pair(key_a: Key, key_b: Key, source: Source, texts: ReadableTexts, word_limit: int) -> Askable | UnaskedPair:
    (label_a, prompt_id), (label_b, _) = key_a, key_b

    def unasked(reason: str, *, is_equal: bool = False) -> UnaskedPair:
        return UnaskedPair(prompt_id=prompt_id, label_a=label_a, label_b=label_b, is_equal=is_equal, reason=reason)

    a, b = texts.answers.get(key_a, ""), texts.answers.get(key_b, "")
    if wordless := [label for label, text in ((label_a, a), (label_b, b)) if not WORD.search(text)]:
        return unasked(f"{' and '.join(wordless)}: no answer, or one without a word")
    if source.answers[key_a] == source.answers[key_b]:
        return unasked("both answers are the same text", is_equal=True)
    if a == b:
        return unasked("both answers are the same text once frames, leaks and names are taken out", is_equal=True)
    footing = cut_to_equal_footing(a, b, word_limit)
    if footing.is_equal:
        return unasked("the answers differ only in their length, or after the words that are shown")
    return Askable(prompt_id=prompt_id, label_a=label_a, label_b=label_b, footing=footing)
