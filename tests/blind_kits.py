"""Runs, kits and votes for the tests of blind judging: random names, and prose that differs where it is told to."""

from __future__ import annotations

import dataclasses
import json
import random
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from evalkit.blind.keyed_random import secret_of_seed
from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.make import KitOrder, MadeKit, make_kit
from evalkit.blind.seal import receipt_of
from evalkit.blind.source import Source, read_source
from evalkit.blind.votes import VoteLine
from evalkit.records.blind import Ballot, Design
from evalkit.records.family import Family, Role
from evalkit.records.generation import Cell, Generation
from evalkit.records.run import Manifest
from tests.samples import config, generation, manifest

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
CREATED = "2026-11-24T11:00:00Z"
WORDS = ("the", "old", "house", "stood", "where", "nobody", "went", "and", "its", "door", "was", "open", "rain", "fell")
LABELS = ("M1", "M2", "M3", "M4")
PROMPTS = ("inn", "sky", "sea", "ash")


def prose(chance: random.Random, n_sentences: int = 8) -> str:
    """Sentences of four to twelve plain words."""
    sentences = (" ".join(chance.choices(WORDS, k=chance.randint(4, 12))) for _ in range(n_sentences))
    return " ".join(sentence.capitalize() + "." for sentence in sentences)


def run_of(
    texts: dict[tuple[str, str], str], labels: tuple[str, ...] = LABELS, prompts: tuple[str, ...] = PROMPTS
) -> tuple[Manifest, tuple[Generation, ...]]:
    """A run in which each (label, prompt) has this text."""
    made = dataclasses.replace(manifest(), config=config(labels=labels, prompt_ids=prompts))
    cells = {key: Cell(label=key[0], prompt_id=key[1], regeneration_index=0) for key in texts}
    return made, tuple(dataclasses.replace(generation(cells[key]), text=text) for key, text in texts.items())


def random_texts(
    seed: int, labels: tuple[str, ...] = LABELS, prompts: tuple[str, ...] = PROMPTS
) -> dict[tuple[str, str], str]:
    """A text of its own for every (label, prompt)."""
    chance = random.Random(seed)  # noqa: S311 - a test's texts
    return {(label, prompt): prose(chance) for label in labels for prompt in prompts}


def source_of(
    texts: dict[tuple[str, str], str], labels: tuple[str, ...] = LABELS, prompts: tuple[str, ...] = PROMPTS
) -> Source:
    """What a kit is made from."""
    return read_source(*run_of(texts, labels, prompts))


def random_source(seed: int) -> Source:
    """Two to five variants under random labels, paths, payloads and descriptions; M1's part is played by the first."""
    chance = random.Random(seed)  # noqa: S311 - a test's names
    letters = "abcdefghijklmnopqrstuvwxyz"

    def word() -> str:
        return "".join(chance.choices(letters, k=6)).capitalize() + str(chance.randint(10, 99))

    def digest() -> str:
        return f"{chance.getrandbits(256):064x}"

    labels = tuple(dict.fromkeys(word() for _ in range(chance.randint(2, 5))))
    made, generations = run_of(random_texts(seed, labels), labels)
    family = made.config.family
    variants = tuple(
        dataclasses.replace(
            variant,
            label=label,
            path=Path("/srv") / word() / f"{word()}-{label}-IQ4_XS.gguf",
            payload_hash=digest(),
            description=f"{word()} imatrix {word()}",
            role=Role.REFERENCE if label == labels[0] else Role.VARIANT,
        )
        for variant, label in zip(family.variants, labels, strict=True)
    )
    named = dataclasses.replace(made.config, family=Family(name=word(), variants=variants))
    return read_source(
        dataclasses.replace(made, config=named, run_id=f"20261124T100000Z-{digest()[:8]}", fingerprint=digest()),
        generations,
    )


def order(seed: int = 1, judges: tuple[str, ...] = ("ana", "ben"), n_pairs: int = 12, **other: Any) -> KitOrder:
    """A publisher's wish."""
    wishes: dict[str, Any] = {
        "judges": judges, "n_pairs": n_pairs, "design": Design.ROBIN, "word_limit": 60,
        "secret": secret_of_seed(seed), "seeded": True, "created_utc": CREATED,
    }  # fmt: skip
    return KitOrder(**(wishes | other))


@cache
def made_kit(seed: int = 1, prompts: tuple[str, ...] = PROMPTS, **other: Any) -> MadeKit:
    """A kit of the usual random texts."""
    return make_kit(source_of(random_texts(7, prompts=prompts), prompts=prompts), order(seed, **other))


def kit_folder(path: Path, **other: Any) -> KitFolder:
    """That kit on the disk."""
    return KitFolder.create(path / "kit", made_kit(**other))


def ballot_of(made: MadeKit, judge: str) -> Ballot:
    """What the judge's file holds."""
    deck = next(deck for deck in made.decks if deck.judge == judge)
    return dataclasses.replace(deck, items=deck.items[: made.kit.n_items])


def votes_document(ballot: Ballot, outcome: str = "tie") -> dict[str, Any]:
    """A votes file as an honest ballot writes it: ten seconds per pair."""
    begun = NOW_MS - 1_800_000
    votes = [
        {
            "item_id": item.item_id, "outcome": outcome, "darker": "same" if number % 2 else None,
            "milliseconds": 10_000, "voted_at": begun + 11_000 * (number + 1), "note": "",
        }
        for number, item in enumerate(ballot.items)
    ]  # fmt: skip
    document = {
        "format": "evalkit-votes", "schema_version": 1, "kit_id": ballot.kit_id, "judge": ballot.judge,
        "commitment": ballot.commitment, "begun_at": begun, "receipt": None, "votes": votes,
    }  # fmt: skip
    return with_receipt(document)


def with_receipt(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the receipt of the votes that it holds."""
    votes = tuple(VoteLine.model_validate_json(json.dumps(vote)).as_record() for vote in document["votes"])
    return document | {"receipt": receipt_of(document["kit_id"], document["judge"], votes)}


def write_votes(path: Path, document: dict[str, Any]) -> Path:
    """The file that a judge sends."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
