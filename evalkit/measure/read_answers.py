"""Answers made ready for the measures: text, tokens, and what they are taken to say; all in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evalkit.measure.embedder import Vectors
from evalkit.measure.meaning import Meaning, TextReader
from evalkit.records.errors import NotMeasuredError
from evalkit.records.generation import Cell, Generation, Method, StopReason
from evalkit.records.scores import Answer, SentenceTint
from evalkit.records.suite import Suite


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadAnswer:
    """One answer with what it is taken to say."""

    answer: Answer
    generation: Generation
    meaning: Meaning | NotMeasuredError

    @property
    def sentences(self) -> tuple[SentenceTint, ...]:
        """Raises the reason where the answer was not read."""
        return self._read().sentences

    @property
    def embedding(self) -> Vectors:
        """Raises the reason where the answer was not embedded."""
        embedding = self._read().embedding
        if isinstance(embedding, NotMeasuredError):
            raise embedding
        return embedding

    def _read(self) -> Meaning:
        if isinstance(self.meaning, NotMeasuredError):
            raise self.meaning
        return self.meaning


def read_answers(generations: Iterable[Generation], suite: Suite, read_texts: TextReader) -> dict[Cell, ReadAnswer]:
    """Every answer to a prompt of the suite; equal texts are read once."""
    prompts = {prompt.id: "\n".join(filter(None, (suite.system, prompt.text))) for prompt in suite.prompts}
    kept = [item for item in generations if item.prompt_id in prompts]
    meanings = read_texts(generation.text for generation in kept)
    return {
        generation.cell: ReadAnswer(
            answer=_as_answer(generation, prompts[generation.prompt_id]),
            generation=generation,
            meaning=meanings[generation.text],
        )
        for generation in kept
    }


def _as_answer(generation: Generation, prompt_text: str) -> Answer:
    return Answer(
        label=generation.label,
        prompt_id=generation.prompt_id,
        prompt_text=prompt_text,
        text=generation.text,
        token_ids=None if generation.method is Method.IMPORTED else generation.token_ids,
        cut=None if generation.stop_reason is StopReason.UNKNOWN else generation.stop_reason is StopReason.MAX_TOKENS,
    )
