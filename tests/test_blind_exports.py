"""Exports: the fields that other programs read, winners on the right side, nothing before the reveal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalkit.blind.exports import arena_rows, comparator_document, list_battles, preference_rows
from evalkit.records.blind import Design, ItemKind, Outcome, Reveal, RevealedVote
from evalkit.records.errors import NoVerdictError
from tests.blind_kits import LABELS, random_texts, run_of
from tests.preference_samples import vote

TEXTS = random_texts(7)
VOTES = (
    vote("M2", "M1", Outcome.LEFT, prompt_id="inn"),
    vote("M1", "M2", Outcome.LEFT, prompt_id="inn", judge="ben"),
    vote("M3", "M1", Outcome.TIE, prompt_id="sea"),
    vote("M1", "M3", Outcome.BOTH_BAD, prompt_id="sea", judge="ben"),
    vote("M2", "M3", Outcome.RIGHT, prompt_id="sky"),
    vote("M1", "M1", Outcome.TIE, prompt_id="sky", kind=ItemKind.IDENTICAL),
    vote("M1", "M2", Outcome.RIGHT, prompt_id="inn", kind=ItemKind.REPEAT, repeats="i"),
)


def battles(votes: tuple[RevealedVote, ...] = VOTES) -> list:
    made, generations = run_of(TEXTS)
    reveal = Reveal(
        kit_id="k", run_id=made.run_id, commitment="c", revealed_utc="2026-11-24T12:00:00Z", design=Design.ROBIN,
        reference_label="M1", labels=LABELS, is_complete=True, sources_checked=True, judges=(), unasked=(), votes=votes,
    )  # fmt: skip
    return list_battles(made, generations, [reveal])


def comparator(variant: str | None = None) -> dict[str, Any]:
    return comparator_document(battles(), run_id="r", reference_label="M1", variant=variant)


def test_nothing_is_exported_before_a_reveal() -> None:
    made, generations = run_of(TEXTS)
    with pytest.raises(NoVerdictError, match="no kit of this run was revealed"):
        list_battles(made, generations, [])


def test_arena_rows_have_the_fields_of_the_published_data_set() -> None:
    rows = list(arena_rows(battles()))
    # https://huggingface.co/datasets/lmsys/chatbot_arena_conversations, without the moderation columns.
    wanted = {
        "question_id", "model_a", "model_b", "winner", "judge", "conversation_a", "conversation_b", "turn", "anony",
        "language", "tstamp",
    }  # fmt: skip
    assert {frozenset(row) for row in rows} == {frozenset(wanted)}
    assert [row["winner"] for row in rows] == ["model_a", "model_a", "tie", "tie (bothbad)", "model_b"]
    assert rows[0]["conversation_a"][-1] == {"role": "assistant", "content": TEXTS["M2", "inn"]}
    assert rows[0]["conversation_b"][-1] == {"role": "assistant", "content": TEXTS["M1", "inn"]}
    assert [turn["role"] for turn in rows[0]["conversation_a"]][-2:] == ["user", "assistant"]


def test_a_vote_keeps_its_judges_time_and_else_gets_the_reveals() -> None:
    timed = replace(VOTES[0], voted_at=1_700_000_000_500)
    assert [row["tstamp"] for row in arena_rows(battles((timed, VOTES[1])))] == [1_700_000_000.5, 1_795_521_600.0]


def test_catch_trials_are_in_no_export() -> None:
    assert len(battles()) == 5


def test_preference_pairs_are_the_decided_votes_with_the_full_answers() -> None:
    rows = list(preference_rows(battles()))
    assert [set(row) for row in rows] == [{"prompt", "chosen", "rejected"}] * 3
    assert [(row["chosen"], row["rejected"]) for row in rows] == [
        (TEXTS["M2", "inn"], TEXTS["M1", "inn"]),
        (TEXTS["M1", "inn"], TEXTS["M2", "inn"]),
        (TEXTS["M3", "sky"], TEXTS["M2", "sky"]),
    ]


def test_the_comparators_model_b_is_the_reference_and_a_positive_score_prefers_a() -> None:
    document = comparator("M2")
    assert [model["name"] for model in document["models"]] == ["M2", "M1"]
    (example,) = document["examples"]
    assert example["output_text_a"] == TEXTS["M2", "inn"]
    assert example["output_text_b"] == TEXTS["M1", "inn"]
    assert [(one["score"], one["is_flipped"]) for one in example["individual_rater_scores"]] == [
        (1.0, False),
        (-1.0, True),
    ]
    assert example["score"] == 0.0


def test_the_comparators_file_has_every_field_that_it_calls_required() -> None:
    document = comparator()
    assert set(document) == {"metadata", "models", "examples"}
    assert set(document["metadata"]) == {"source_path", "custom_fields_schema"}
    for example in document["examples"]:
        assert set(example) == {
            "input_text", "tags", "output_text_a", "output_text_b", "score", "individual_rater_scores", "custom_fields",
        }  # fmt: skip
        assert set(example["custom_fields"]) == {one["name"] for one in document["metadata"]["custom_fields_schema"]}
        assert -1.5 <= example["score"] <= 1.5
    assert [example["tags"] for example in document["examples"]] == [["M2"], ["M3"]]


def test_both_bad_is_said_beside_a_score_of_zero() -> None:
    (example,) = comparator("M3")["examples"]
    assert [one["rating_label"] for one in example["individual_rater_scores"]] == ["Same", "Both bad"]
    assert str(example["score"]) == "0.0"


def test_a_variant_that_nobody_set_against_the_reference_has_no_file() -> None:
    with pytest.raises(NoVerdictError, match="no vote sets M4 against M1"):
        comparator("M4")


def test_an_answer_that_is_gone_from_the_run_is_left_out() -> None:
    lost = vote("M8", "M1", Outcome.LEFT, prompt_id="inn")
    assert len(battles((*VOTES, lost))) == 5
