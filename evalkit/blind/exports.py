"""Revealed votes in the forms of other programs: battles as arenas keep them, LLM Comparator's file, pairs for DPO.

Catch trials are left out everywhere. Texts are the run's full answers: judges saw them cleaned and cut, which
`docs/blind.md` says beside each form.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evalkit.blind.source import Key, first_answers
from evalkit.measure.language import require_english
from evalkit.measure.words import WORD
from evalkit.records.blind import ItemKind, Outcome, Reveal, RevealedVote
from evalkit.records.errors import NotMeasuredError, NoVerdictError
from evalkit.records.generation import Generation
from evalkit.records.run import Manifest

_WINNERS = {
    Outcome.LEFT: "model_a",
    Outcome.RIGHT: "model_b",
    Outcome.TIE: "tie",
    Outcome.BOTH_BAD: "tie (bothbad)",
}
_SCORES = {Outcome.LEFT: 1.0, Outcome.RIGHT: -1.0, Outcome.TIE: 0.0, Outcome.BOTH_BAD: 0.0}
_RATING_LABELS = {1.0: "A is better", 0.0: "Same", -1.0: "B is better"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Battle:
    """One counted vote with the texts that it was about, whole."""

    vote: RevealedVote
    kit_id: str
    prompt: str
    system: str | None
    left: str
    right: str
    seconds_1970: float
    """When it was given, by the judge's clock; where that is not known, when the kit was revealed."""


def list_battles(manifest: Manifest, generations: Iterable[Generation], reveals: Sequence[Reveal]) -> list[Battle]:
    """Every counted vote of every revealed kit, in the order of kits and decks.

    Raises:
        NoVerdictError: nothing was revealed yet.
    """
    if not reveals:
        raise NoVerdictError(
            "no kit of this run was revealed, and before the reveal nobody may see a vote beside a name. "
            "Reveal it first: `evalkit blind reveal KIT`."
        )
    suite, answers = manifest.config.suite, first_answers(generations)
    prompts = {prompt.id: prompt.text for prompt in suite.prompts}
    return [
        _battle(reveal, vote, prompts[vote.prompt_id], suite.system, answers)
        for reveal in reveals
        for vote in reveal.votes
        if vote.kind is ItemKind.PAIR and _is_there(vote, prompts, answers)
    ]


def arena_rows(battles: Iterable[Battle]) -> Iterator[dict[str, Any]]:
    """Rows as LMSYS's `chatbot_arena_conversations` has them; `question_id` is the prompt's id."""
    for battle in battles:
        vote = battle.vote
        yield {
            "question_id": vote.prompt_id,
            "model_a": vote.label_left,
            "model_b": vote.label_right,
            "winner": _WINNERS[vote.outcome],
            "judge": vote.judge,
            "conversation_a": _conversation(battle, battle.left),
            "conversation_b": _conversation(battle, battle.right),
            "turn": 1,
            "anony": True,
            "language": _language(f"{battle.left}\n{battle.right}"),
            "tstamp": battle.seconds_1970,
        }


def comparator_document(
    battles: Iterable[Battle], *, run_id: str, reference_label: str, variant: str | None
) -> dict[str, Any]:
    """LLM Comparator's file: A is a variant, B the reference, one example per variant and prompt.

    The program compares two models. Without `variant` all variants stand as model A, and each is a tag to slice by.

    Raises:
        NoVerdictError: no vote sets the variant against the reference.
    """
    by_pair: defaultdict[Key, list[Battle]] = defaultdict(list)
    for battle in battles:
        labels = {battle.vote.label_left, battle.vote.label_right}
        (*others,) = labels - {reference_label}
        if reference_label in labels and len(others) == 1 and variant in (None, others[0]):
            by_pair[others[0], battle.vote.prompt_id].append(battle)
    if not by_pair:
        raise NoVerdictError(f"no vote sets {variant or 'a variant'} against {reference_label}; nothing was written.")
    return {
        "metadata": {
            "source_path": run_id,
            "custom_fields_schema": [
                {"name": "prompt_id", "type": "category"},
                {"name": "variant", "type": "category"},
                {"name": "n_words", "type": "per_model_number"},
            ],
        },
        "models": [{"name": variant or "variants"}, {"name": reference_label}],
        "examples": [
            _example(label, prompt_id, group, reference_label) for (label, prompt_id), group in by_pair.items()
        ],
    }


def preference_rows(battles: Iterable[Battle]) -> Iterator[dict[str, Any]]:
    """Pairs for direct preference optimisation, one per decided vote; ties and "both bad" are left out."""
    for battle in battles:
        vote = battle.vote
        if vote.outcome not in (Outcome.LEFT, Outcome.RIGHT):
            continue
        chosen, rejected = (battle.left, battle.right) if vote.outcome is Outcome.LEFT else (battle.right, battle.left)
        prompt = battle.prompt if battle.system is None else f"{battle.system}\n\n{battle.prompt}"
        yield {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def _is_there(vote: RevealedVote, prompts: dict[str, str], answers: dict[Key, str]) -> bool:
    keys = ((vote.label_left, vote.prompt_id), (vote.label_right, vote.prompt_id))
    return vote.prompt_id in prompts and all(key in answers for key in keys)


def _battle(reveal: Reveal, vote: RevealedVote, prompt: str, system: str | None, answers: dict[Key, str]) -> Battle:
    revealed = datetime.fromisoformat(reveal.revealed_utc.replace("Z", "+00:00")).timestamp()
    return Battle(
        vote=vote,
        kit_id=reveal.kit_id,
        prompt=prompt,
        system=system,
        left=answers[vote.label_left, vote.prompt_id],
        right=answers[vote.label_right, vote.prompt_id],
        seconds_1970=revealed if vote.voted_at is None else vote.voted_at / 1000,
    )


def _conversation(battle: Battle, answer: str) -> list[dict[str, str]]:
    system = [] if battle.system is None else [{"role": "system", "content": battle.system}]
    return [
        *system,
        {"role": "user", "content": battle.prompt},
        {"role": "assistant", "content": answer},
    ]


def _language(text: str) -> str:
    try:
        require_english(text, WORD.findall(text), "an export")
    except NotMeasuredError:
        return "unknown"
    return "English"


def _example(label: str, prompt_id: str, battles: Sequence[Battle], reference_label: str) -> dict[str, Any]:
    ratings = [_individual(battle, reference_label) for battle in battles]
    first = battles[0]
    a, b = (first.right, first.left) if first.vote.label_left == reference_label else (first.left, first.right)
    return {
        "input_text": first.prompt,
        "tags": [label],
        "output_text_a": a,
        "output_text_b": b,
        "score": sum(rating["score"] for rating in ratings) / len(ratings),
        "individual_rater_scores": ratings,
        "custom_fields": {
            "prompt_id": prompt_id,
            "variant": label,
            "n_words": [len(WORD.findall(a)), len(WORD.findall(b))],
        },
    }


def _individual(battle: Battle, reference_label: str) -> dict[str, Any]:
    is_flipped = battle.vote.label_left == reference_label
    score = -_SCORES[battle.vote.outcome] if is_flipped else _SCORES[battle.vote.outcome]
    score += 0.0  # No minus before a zero.
    return {
        "score": score,
        "is_flipped": is_flipped,
        "rating_label": "Both bad" if battle.vote.outcome is Outcome.BOTH_BAD else _RATING_LABELS[score],
        "rationale": f"{battle.vote.judge}: {battle.vote.note}" if battle.vote.note else battle.vote.judge,
        "custom_fields": {},
    }
