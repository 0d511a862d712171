"""Published texts as generations, and an embedder without a model."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from evalkit.measure.embedder import N_DIMENSIONS, Vectors
from evalkit.records.generation import Cell, Generation
from evalkit.records.scores import Answer
from evalkit.records.suite import Prompt, Suite
from tests.samples import generation

NINE_RINGS = Path(__file__).parent / "data" / "nine-rings"
LABELS = tuple(f"M{number}" for number in range(1, 11))
PUBLISHED = {label: (NINE_RINGS / "outputs" / f"{label}.txt").read_text("utf-8") for label in LABELS}
WAYSTONE = (NINE_RINGS / "prompts" / "waystone.txt").read_text("utf-8")


class WordEmbedder:
    """A real bag of words: every word has its own direction, so texts are near when they share words."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, ...]] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(tuple(texts))
        rows = np.zeros((len(texts), N_DIMENSIONS))
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(N_DIMENSIONS)
        return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def answer(text: str, *, label: str = "M2", token_ids: tuple[int, ...] | None = None, prompt: str = "Write.") -> Answer:
    return Answer(label=label, prompt_id="inn", prompt_text=prompt, text=text, token_ids=token_ids)


def suite(*prompt_ids: str, text: str = WAYSTONE) -> Suite:
    prompts = tuple(Prompt(id=id_, title=id_, text=text, max_tokens=1536, content_hash=id_) for id_ in prompt_ids)
    return Suite(name="sample", prompts=prompts, system=None, system_name=None, content_hash="-".join(prompt_ids))


def written(label: str, prompt_id: str, text: str, index: int = 0) -> Generation:
    """A generation of this text whose tokens are its words."""
    tokens = tuple(zlib.crc32(word.encode()) for word in text.split())
    cell = Cell(label=label, prompt_id=prompt_id, regeneration_index=index)
    return replace(generation(cell, tokens), text=text)


def written_thrice(texts: Mapping[tuple[str, str], str]) -> tuple[Generation, ...]:
    return tuple(written(label, prompt, text, index) for (label, prompt), text in texts.items() for index in range(3))
